"""uv resolves for a board: from folders of tiny packages, and with addresses that do not answer."""

from __future__ import annotations

import ast
import os
import socket
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from crosspython.errors import ArchiveError, ConfigurationError, CrosspythonError, SourceError
from crosspython.run.log import Log
from crosspython.wheels.commits import Commit
from crosspython.wheels.model import LockedPackage
from crosspython.wheels.resolving.indexes import Indexes
from crosspython.wheels.resolving.platform import Platform
from crosspython.wheels.resolving.request import read_request
from crosspython.wheels.resolving.resolve import Resolver

from tests.unit.loopback import reply, server
from tests.unit.made_packages import add_sdist, add_wheel, sha256
from tests.unit.made_repository import commit, git, project
from tests.unit.made_wheel import make_wheel

pytestmark = pytest.mark.slow  # each test runs uv

BOARD = Platform("armv7l", "glibc", "3.13.5", "hard")


class Asker:
    """A folder with packages, and uv that looks for them there alone."""

    def __init__(self, folder: Path, log: Log) -> None:
        self.links = folder / "links"
        self.links.mkdir()
        self.folder, self.log, self.path = folder, log, os.environ["PATH"]
        self.indexes = Indexes(("--no-index", "--find-links", str(self.links)), (str(self.links),))
        self.warnings: list[str] = []
        self.named: dict[str, list[str]] = {}

    def __call__(
        self, text: str, platform: Platform = BOARD, constraints: str | None = None, **more: dict[str, Any]
    ) -> dict[str, LockedPackage]:
        resolver = self.resolver()
        request = replace(read_request([text], constraints, self.folder), **more)  # type: ignore[arg-type]
        found = resolver.resolve(request, platform)
        self.warnings = resolver.warnings
        return {package.name: package for package in found}

    def resolver(self) -> Resolver:
        places = self.folder / "uv", self.folder / "cache"
        named = lambda name: self.named.get(name, ())  # noqa: E731
        return Resolver(*places, self.indexes, self.path, False, self.log, named=named)

    def refusal(self, text: str, platform: Platform = BOARD) -> CrosspythonError:
        with pytest.raises(CrosspythonError) as caught:
            self(text, platform)
        assert "your project" not in str(caught.value)
        assert caught.value.log == self.log.path
        return caught.value


@pytest.fixture
def ask(tmp_path: Path) -> Iterator[Asker]:
    with Log(tmp_path / "lock.log") as log:
        yield Asker(tmp_path, log)


def test_the_closure_has_hashes_and_edges(ask: Asker) -> None:
    wheel, sdist = add_wheel(ask.links, "top", needs=["below>=1"]), add_sdist(ask.links, "below", "1.5")
    found = ask("top")
    assert found["top"].depends == ("below",)
    assert [file.sha256 for file in found["top"].wheels] == [sha256(wheel)]
    assert found["below"].sdist is not None
    assert (found["below"].version, found["below"].sdist.sha256) == ("1.5", sha256(sdist))


@pytest.mark.parametrize(
    ("marker", "wanted"),
    [
        ("platform_machine == 'armv7l'", True),
        ("platform_machine == 'x86_64'", False),
        ("sys_platform == 'win32'", False),
        ("python_version >= '3.13'", True),
        ("python_version < '3.13'", False),
        ("python_full_version == '3.13.5'", True),
        ("implementation_name == 'pypy'", False),
    ],
)
def test_markers_are_the_boards(ask: Asker, marker: str, wanted: bool) -> None:
    add_wheel(ask.links, "top", needs=[f"below; {marker}"])
    add_wheel(ask.links, "below")
    assert ("below" in ask("top")) is wanted


def test_a_version_that_needs_a_newer_python_is_passed_over(ask: Asker) -> None:
    add_wheel(ask.links, "top", "1.0")
    add_wheel(ask.links, "top", "2.0", python=">=3.14")
    assert ask("top")["top"].version == "1.0"


def test_an_older_python_than_ours_is_resolved_for(ask: Asker) -> None:
    add_wheel(ask.links, "top", "1.0", python=">=3.8")
    add_wheel(ask.links, "top", "2.0", python=">=3.10")
    assert ask("top", Platform("armv7l", "glibc", "3.9.2", "hard"))["top"].version == "1.0"


def test_extras_bring_what_they_need(ask: Asker) -> None:
    add_wheel(ask.links, "top", needs=["below; extra == 'more'"])
    add_wheel(ask.links, "below")
    assert set(ask("top")) == {"top"}
    found = ask("top[more]")
    assert found["top"].depends == ("below",)
    assert set(found) == {"top", "below"}


def test_constraints_narrow(ask: Asker) -> None:
    add_wheel(ask.links, "top", "1.0")
    add_wheel(ask.links, "top", "2.0")
    (ask.folder / "c.txt").write_text("top<2\nabsent==1\n")
    assert ask("top", constraints="c.txt")["top"].version == "1.0"


def test_local_projects_are_locked_where_they_lie(ask: Asker) -> None:
    project = ask.folder / "app"
    project.mkdir()
    (project / "pyproject.toml").write_text('[project]\nname = "app"\nversion = "3"\ndependencies = ["below"]\n')
    add_wheel(ask.links, "below")
    wheel, sdist = add_wheel(ask.folder, "whole"), add_sdist(ask.folder, "raw", needs=["below"])
    found = ask(f"./app {wheel} {sdist}")
    assert (found["app"].folder, found["app"].version, found["app"].depends) == (project, "3", ("below",))
    assert [file.path for file in found["whole"].wheels] == [wheel]
    assert found["raw"].sdist is not None
    assert (found["raw"].sdist.path, found["raw"].sdist.sha256) == (sdist, sha256(sdist))


@pytest.mark.parametrize("spelt", ['{ path = "../lib" }', "{ workspace = true }"])
def test_projects_that_a_project_names_are_locked_where_they_lie(ask: Asker, spelt: str) -> None:
    texts = {
        "pyproject.toml": '[tool.uv.workspace]\nmembers = ["app", "lib"]\n' if "workspace" in spelt else "",
        "app/pyproject.toml": '[project]\nname = "app"\nversion = "1"\ndependencies = ["lib"]\n'
        f"[tool.uv.sources]\nlib = {spelt}\n",
        "lib/pyproject.toml": '[project]\nname = "lib"\nversion = "1"\n',
    }
    for name, text in texts.items():
        (ask.folder / name).parent.mkdir(exist_ok=True)
        (ask.folder / name).write_text(text)
    found = ask("./app")
    assert (found["app"].folder, found["lib"].folder) == (ask.folder / "app", ask.folder / "lib")


def test_a_branch_that_a_project_names_is_locked_as_the_commit_that_it_is_now(ask: Asker) -> None:
    """`uv add git+https://...` writes so; a branch that was asked for here is refused before (request.py)."""
    origin = ask.folder / "origin"
    now = commit(origin, {"lib/pyproject.toml": project("lib", "1.5")})
    git(origin, "branch", "stable")
    commit(origin, {"lib/pyproject.toml": project("lib", "2.0")})
    source = f'lib = {{ git = "{origin.as_uri()}", branch = "stable", subdirectory = "lib" }}'
    (ask.folder / "app").mkdir()
    (ask.folder / "app/pyproject.toml").write_text(project("app", "1", '"lib"') + f"[tool.uv.sources]\n{source}\n")
    found = ask("./app")["lib"]
    assert (found.version, found.commit) == ("1.5", Commit(origin.as_uri(), now, "lib"))
    assert (found.sdist, found.wheels, found.folder) == (None, (), None)


def test_a_repository_that_cannot_be_had_is_told_in_gits_words(ask: Asker) -> None:
    error = ask.refusal(f"lib @ git+{(ask.folder / 'absent').as_uri()}@{'0' * 40}")
    assert isinstance(error, SourceError)
    assert error.what.startswith("pkgs=: lib @ git+file:///")
    assert any("does not appear to be a git repository" in line for line in error.evidence)


def test_wheels_of_another_platform_are_named(ask: Asker) -> None:
    add_sdist(ask.links, "top", needs=["absent"])
    there = add_wheel(ask.links, "top", needs=["absent"], tag="cp313-cp313-manylinux_2_17_x86_64")
    resolver = Resolver(ask.folder / "uv", ask.folder / "cache", ask.indexes, os.environ["PATH"], False, ask.log)
    found = resolver.filenames_elsewhere([LockedPackage("top", "1.0")], Platform("x86_64", "glibc", "3.13.5"))
    assert found == {"top": (there.name,)}


def test_the_newest_versions_are_those_that_a_resolution_finds(ask: Asker) -> None:
    add_wheel(ask.links, "top", needs=["below", "elsewhere; sys_platform == 'win32'", "extra; extra == 'more'"])
    for name in ("below", "elsewhere", "extra"):
        add_wheel(ask.links, name, "1.5")
        add_wheel(ask.links, name, "1.6")
    request = read_request(["top[more]"], None, ask.folder)
    resolver = ask.resolver()
    newest = resolver.newest_versions(request, BOARD)
    assert newest == {package.name: package.version for package in resolver.resolve(request, BOARD)}
    assert newest == {"top": "1.0", "below": "1.6", "extra": "1.6"}


@pytest.mark.parametrize(("is_default", "again"), [(True, 0), (False, 2)])
def test_the_default_index_is_not_asked_twice_though_a_mirror_says_nothing_about_caching(
    ask: Asker, monkeypatch: pytest.MonkeyPatch, is_default: bool, again: int
) -> None:
    wheel = add_wheel(ask.folder, "top")
    metadata = zipfile.ZipFile(wheel).read("top-1.0.dist-info/METADATA")
    page = f'<a href="/{wheel.name}#sha256={sha256(wheel)}" data-core-metadata="true">{wheel.name}</a>'.encode()

    def answer(handler: Any, number: int) -> None:
        is_page = handler.path.endswith("/top/")
        reply(handler, page if is_page else metadata, Content_Type="text/html" if is_page else "text/plain")

    with server(answer) as (address, asked):
        index = f"{address.rpartition('/')[0]}/simple"
        monkeypatch.setattr("crosspython.wheels.resolving.resolve._DEFAULT_INDEX", index)
        ask.indexes = Indexes(() if is_default else ("--default-index", index), (index,))
        ask("top")
        assert len(asked) == 2
        ask("top")
        assert len(asked) == 2 + again


def test_a_misspelt_name_gets_a_suggestion(ask: Asker) -> None:
    error = ask.refusal("nunpy")
    assert "no such package: nunpy" in error.what
    assert "did you mean numpy?" in str(error)


def test_a_known_name_is_not_suggested_for_itself(ask: Asker) -> None:
    error = ask.refusal("simplejson")
    assert "did you mean" not in str(error)
    assert "a package of that name is known, but not to" in str(error)


def test_offline_what_is_not_in_the_cache_is_no_misspelling(ask: Asker) -> None:
    ask.indexes = Indexes((), ("the index",))
    resolver = Resolver(ask.folder / "uv", ask.folder / "cache", ask.indexes, os.environ["PATH"], True, ask.log)
    with pytest.raises(SourceError, match="offline=1: the dependencies of the packages cannot be looked up") as caught:
        resolver.resolve(read_request(["simplejson"], None, ask.folder), BOARD)
    assert "did you mean" not in str(caught.value)


def test_an_address_that_nobody_answers_is_named_and_no_index_is_blamed(ask: Asker) -> None:
    address = "http://127.0.0.1:9/foo-1.0.tar.gz"
    error = ask.refusal(f"foo @ {address}")
    assert error.what == f"pkgs=: {address} cannot be reached"
    assert "refused" in (error.found or "")
    assert "pkgs=./FILE" in (error.next or "")


def test_a_modules_name_gets_its_packages(ask: Asker) -> None:
    assert "did you mean opencv-python-headless?" in str(ask.refusal("cv2"))


def test_a_dependency_that_does_not_exist_is_named(ask: Asker) -> None:
    add_wheel(ask.links, "top", needs=["nowhere-to-be-found"])
    assert "no such package: nowhere-to-be-found" in ask.refusal("top").what


def test_a_version_that_does_not_exist_is_named(ask: Asker) -> None:
    add_wheel(ask.links, "top", "1.0")
    assert "top==9" in ask.refusal("top==9").what


def test_a_conflict_says_between_whom(ask: Asker) -> None:
    add_wheel(ask.links, "one", needs=["base<2"])
    add_wheel(ask.links, "two", needs=["base>=2"])
    add_wheel(ask.links, "base", "1.0")
    add_wheel(ask.links, "base", "2.0")
    error = ask.refusal("one two")
    assert "exclude each other" in error.what
    text = str(error)
    assert "needs base<2" in text
    assert "needs base>=2" in text


def test_a_newer_python_that_is_needed_is_told(ask: Asker) -> None:
    add_wheel(ask.links, "top", "2.0", python=">=3.14")
    error = ask.refusal("top==2.0")
    assert "does not support this Python" in error.what
    assert "needs Python >=3.14" in str(error)
    assert "3.13.5" in str(error)


def test_neither_a_fitting_wheel_nor_an_sdist_is_told(ask: Asker) -> None:
    add_wheel(ask.links, "top", tag="cp313-cp313-win_amd64")
    assert "has no wheel for armv7l" in ask.refusal("top").what
    add_wheel(ask.links, "top", "2.0", tag="cp313-cp313-win_amd64")
    assert "top has no wheel for armv7l with Python 3.13.5" in ask.refusal("top").what


def test_an_sdist_that_cannot_tell_what_it_needs_is_told(ask: Asker) -> None:
    folder = ask.folder / "app"
    folder.mkdir()
    (folder / "pyproject.toml").write_text(
        '[project]\nname = "app"\ndynamic = ["version"]\n'
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    )
    (folder / "backend.py").write_text("raise RuntimeError('no compiler of mine')\n")
    error = ask.refusal("./app")
    assert "its dependencies are only known after a build" in error.what
    assert "no compiler of mine" in str(error)
    assert "not as dynamic" in str(error.next)


def test_an_sdist_that_wants_its_library_to_tell_what_it_needs_can_be_told_of(ask: Asker) -> None:
    backend = "raise SystemExit('Package libfoo was not found in the pkg-config search path')\n"
    add_sdist(ask.links, "top", backend=backend)
    add_wheel(ask.links, "below")
    error = ask.refusal("top")
    assert "libfoo" in str(error.found)
    assert "top.toml with dependencies = [...]" in str(error.next)
    assert {*ask("top", dependencies={"top": ("below>=1",)})} == {"below", "top"}


def test_what_a_wheel_was_seen_to_need_is_believed_before_its_project(ask: Asker) -> None:
    folder = ask.folder / "app"
    folder.mkdir()
    (folder / "setup.py").write_text("raise SystemExit('nobody may run this')\n")
    add_wheel(ask.links, "below")
    add_wheel(ask.links, "more")
    seen = {"version": "1.0", "requires": ["below>=1", "more; extra == 'x'"], "extras": ["x"], "source": "0"}
    assert {*ask("app @ ./app", found={"app": seen})} == {"app", "below"}
    assert {*ask("app[x] @ ./app", found={"app": seen})} >= {"app", "below"}


def test_an_index_that_nobody_answers_for_is_named(ask: Asker) -> None:
    ask.indexes = Indexes(
        ("--default-index", "http://me:secret@127.0.0.1:9/simple"), ("http://127.0.0.1:9",), {"UV_HTTP_RETRIES": "0"}
    )
    error = ask.refusal("top")
    assert isinstance(error, SourceError)
    assert "the index cannot be reached" in error.what
    assert "127.0.0.1:9/simple/top/" in str(error)
    assert "secret" not in str(error)


def test_an_index_with_trouble_is_no_misspelt_name(ask: Asker) -> None:
    with server(lambda handler, number: reply(handler, b"", 403)) as (address, _):
        ask.indexes = Indexes(("--default-index", address.rpartition("/")[0]), (address,), {"UV_HTTP_RETRIES": "0"})
        error = ask.refusal("top")
    assert not isinstance(error, ConfigurationError)
    assert "403" in str(error)


def test_a_file_whose_hash_differs_from_the_indexs_is_told_with_both(ask: Asker) -> None:
    sdist = add_sdist(ask.folder, "top", "2.0")
    page = f'<a href="/{sdist.name}#sha256={"0" * 64}">{sdist.name}</a>'.encode()

    def answer(handler: Any, number: int) -> None:
        is_file = handler.path.endswith(".gz")
        reply(handler, sdist.read_bytes() if is_file else page, Content_Type="text/html")

    with server(answer) as (address, _):
        ask.indexes = Indexes(("--default-index", address.rpartition("/")[0]), (address,), {"UV_HTTP_RETRIES": "0"})
        error = ask.refusal("top")
    assert isinstance(error, SourceError)
    assert "0" * 64 in str(error)
    assert sha256(sdist) in str(error)


def test_a_wheel_whose_metadata_cannot_be_believed_is_told_as_damaged(ask: Asker) -> None:
    made = add_wheel(ask.links, "other")
    made.rename(made.with_name(made.name.replace("other", "another")))
    error = ask.refusal("another")
    assert isinstance(error, ArchiveError)
    assert "the files of another 1.0 in the index are damaged" in str(error)
    assert "does not start with the normalized package name" in str(error)
    made = make_wheel(ask.links, "odd-1.0-py3-none-any.whl", {}, version="one")
    assert "the files of odd 1.0 in the index are damaged" in str(ask.refusal("odd"))


def without_metadata(wheel: Path) -> None:
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("bad-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\n")


@pytest.mark.parametrize(
    "damage",
    [lambda path: path.write_bytes(path.read_bytes()[:200]), lambda path: path.write_text("no"), without_metadata],
)
def test_a_damaged_file_that_was_named_is_told_by_its_name(ask: Asker, damage: Callable[[Path], Any]) -> None:
    wheel = add_wheel(ask.folder, "bad")
    damage(wheel)
    error = ask.refusal(str(wheel))
    assert isinstance(error, ArchiveError)
    assert error.what == f"pkgs=: {wheel.as_uri()} is damaged"
    assert error.evidence
    assert str(ask.folder / "cache") not in str(error)


def local(folder: Path, name: str, *needs: str) -> None:
    (folder / name).mkdir()
    lines = ["[project]", f'name = "{name}"', 'version = "1"', f"dependencies = {list(needs)}"]
    (folder / name / "pyproject.toml").write_text("\n".join(lines))


def test_a_project_may_name_another_from_its_own_place(ask: Asker) -> None:
    """As PDM writes it."""
    local(ask.folder, "app", "lib @ file:///${PROJECT_ROOT}/../lib")
    local(ask.folder, "lib")
    assert ask("./app")["lib"].folder == ask.folder / "lib"
    local(ask.folder, "other", "lib @ file:///${PROJECT_ROOT}/../lib")
    with pytest.raises(ConfigurationError, match=r"\$\{PROJECT_ROOT\} means another folder in each of"):
        ask("./app ./other")


BACKEND = """
from pathlib import Path


def prepare_metadata_for_build_wheel(folder, config_settings=None):
    needs = Path(__file__).resolve().parent.parent / "needs.txt"
    place = Path(folder, "app-1.dist-info")
    place.mkdir()
    lines = ["Metadata-Version: 2.1", "Name: app", "Version: 1", f"Requires-Dist: {needs.read_text()}"]
    (place / "METADATA").write_text("\\n".join(lines))
    return place.name
"""


def test_what_lies_beside_a_project_tells_what_it_needs(ask: Asker) -> None:
    """Its backend is contained, and sees the same files as its build."""
    add_wheel(ask.links, "below")
    app = ask.folder / "top/app"
    app.mkdir(parents=True)
    (app.parent / "needs.txt").write_text("below\n")
    (app / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n[tool.poetry]\nname = "app"\n'
    )
    (app / "backend.py").write_text(BACKEND)
    assert set(ask("./top/app")) == {"app", "below"}


def test_what_an_override_names_beside_a_project_tells_what_it_needs(ask: Asker) -> None:
    add_wheel(ask.links, "below")
    app = ask.folder / "top/app"
    app.mkdir(parents=True)
    (app.parent / "facts").mkdir()
    (app.parent / "facts/needs").write_text("below\n")
    (app / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n[tool.poetry]\nname = "app"\n'
    )
    named = '"".join(["..", "/facts/", "needs"])'  # no text in it is a path that leads anywhere
    (app / "backend.py").write_text(BACKEND.replace('parent.parent / "needs.txt"', f"parent / {named}"))
    ask.named["app"] = ["../facts"]
    assert set(ask("./top/app")) == {"app", "below"}


def test_a_project_that_names_a_place_where_nothing_is_is_told(ask: Asker) -> None:
    local(ask.folder, "app", f"lib @ {ask.folder.as_uri()}/absent")
    assert ask.refusal("./app").what == f"pkgs=: {ask.folder}/absent: there is no such file or folder"


def test_what_is_wrong_in_a_file_that_was_named_is_told_as_it_stands_there(ask: Asker) -> None:
    wheel = add_wheel(ask.folder, "bad", needs=["six >>= 1"])
    assert ask.refusal(str(wheel)).evidence == (
        "METADATA: Requires-Dist: six >>= 1: Expected semicolon (after name with no version specifier) or end",
    )


@pytest.mark.parametrize("size", [0, 100])
def test_a_damaged_sdist_is_told_by_its_package(ask: Asker, size: int) -> None:
    sdist = add_sdist(ask.links, "bad")
    sdist.write_bytes(sdist.read_bytes()[:size])
    error = ask.refusal("bad")
    assert isinstance(error, ArchiveError)
    assert error.what == "pkgs=: bad==1.0 is damaged"
    assert error.evidence[-1] == "unexpected end of file"


def test_an_extra_that_a_package_has_not_is_warned_of(ask: Asker) -> None:
    add_wheel(ask.links, "top")
    assert "top" in ask("top[fast]")
    assert ask.warnings == ["The package `top==1.0` does not have an extra named `fast`"]
    ask("top")
    assert ask.warnings == []


CURIOUS = """
import os, socket, subprocess, sys
def prepare_metadata_for_build_wheel(folder, config_settings=None):
    seen = {"HOME": os.path.expanduser("~"), "variables": sorted(os.environ), "parent": os.getppid()}
    with open(os.path.join(os.path.expanduser("~"), "written-by-a-build"), "w"):
        pass
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)  # MARKER"], start_new_session=True)
    try:
        socket.create_connection(("127.0.0.1", DOOR), 2)
        seen["network"] = True
    except OSError:
        seen["network"] = False
    for name in ("report", os.path.join(CACHE, "planted"), os.path.join(HOME, "planted")):
        try:
            print("seen:", seen, file=open(name, "w"))
        except OSError as error:
            seen[name] = error.strerror
    os.mkdir(os.path.join(folder, "curious-1.0.dist-info"))
    with open(os.path.join(folder, "curious-1.0.dist-info/METADATA"), "w") as file:
        file.write("Metadata-Version: 2.1\\nName: curious\\nVersion: 1.0\\nRequires-Dist: below\\n")
    return "curious-1.0.dist-info"
"""


def test_a_package_that_is_asked_what_it_needs_has_no_network_and_no_home(ask: Asker) -> None:
    home = ask.folder / "home"
    home.mkdir()
    secret = {"HOME": str(home), "NETRC": "/nonexistent/netrc", "UV_HTTP_TIMEOUT": "30"}
    ask.indexes = replace(ask.indexes, environment=secret)
    marker = f"asleep for {ask.folder}"
    with socket.create_server(("127.0.0.1", 0)) as listening:
        code = CURIOUS.replace("DOOR", str(listening.getsockname()[1])).replace("MARKER", marker)
        places = f"CACHE, HOME = {f'{ask.folder}/cache'!r}, {str(home)!r}\n"
        add_sdist(ask.links, "curious", backend=places + code)
        add_wheel(ask.links, "below")
        assert set(ask("curious")) == {"curious", "below"}
    (report,) = (ask.folder / "cache").rglob("report")  # in its source, beside which it writes nothing
    assert not list(ask.folder.rglob("planted"))
    seen = ast.literal_eval(report.read_text().removeprefix("seen: "))
    assert seen["network"] is False
    assert seen["HOME"] != str(home)
    assert not Path(seen["HOME"]).exists()
    assert list(home.iterdir()) == []
    assert {"NETRC", "UV_HTTP_TIMEOUT", "CROSSPYTHON_ISOLATION"}.isdisjoint(seen["variables"])
    assert subprocess.run(["pgrep", "-f", marker], capture_output=True, check=False).returncode == 1


def test_a_rust_package_that_is_asked_finds_its_crates_fetched_before(ask: Asker) -> None:
    """cargo is a script here: it notes how it was called, and that it had not been cut off yet."""
    tools, noted = ask.folder / "tools", ask.folder / "app/noted"  # where its backend may write
    tools.mkdir()
    (tools / "cargo").write_text(f'#!/bin/sh\necho "$* $CARGO_HOME ${{CARGO_NET_OFFLINE-online}}" >> {noted}\n')
    (tools / "cargo").chmod(0o755)
    ask.path = f"{tools}:{os.environ['PATH']}"
    ask.indexes = replace(ask.indexes, environment={"HOME": "/nowhere"})
    project = ask.folder / "app"
    project.mkdir()
    (project / "Cargo.toml").touch()
    (project / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "app"\ndynamic = ["version", "dependencies"]\n'
    )
    (project / "backend.py").write_text(
        "import os, subprocess\n"
        "def prepare_metadata_for_build_wheel(folder, config_settings=None):\n"
        "    subprocess.run(['cargo', 'metadata'], check=True)\n"
        "    os.mkdir(os.path.join(folder, 'app-1.0.dist-info'))\n"
        "    with open(os.path.join(folder, 'app-1.0.dist-info/METADATA'), 'w') as file:\n"
        "        file.write('Metadata-Version: 2.1\\nName: app\\nVersion: 1.0\\n')\n"
        "    return 'app-1.0.dist-info'\n"
    )
    assert set(ask("./app")) == {"app"}
    calls = noted.read_text().splitlines()
    assert calls[0] == "fetch /nowhere/.cargo online"
    assert calls[-1] == "metadata /nowhere/.cargo true"
