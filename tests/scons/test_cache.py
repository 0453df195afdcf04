"""The artifact cache as a user meets it: a second checkout builds nothing, and no cache can break a build."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import SimpleNamespace

import pytest
from crosspython.builders import cache as artifact_cache
from crosspython.builders.action import NodeAction, Shared

from tests.conftest import Project
from tests.unit.loopback import serving
from tests.unit.made_key import list_signers, make_key


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def second(project: Project, name: str = "somewhere/else") -> Project:
    """Another checkout of the same project, whose sources cannot be fetched any more."""
    other = Project(project.folder.parent / name)
    shutil.copytree(project.recipes, other.recipes, dirs_exist_ok=True)
    shutil.rmtree(other.mirror)
    return other


def built(output: str) -> list[str]:
    return [line for line in output.splitlines() if line.rstrip().endswith(" s") and " built " in line]


def contents(cache: Path) -> dict[str, bytes]:
    """All files in a cache's folder."""
    return {str(path.relative_to(cache)): path.read_bytes() for path in cache.rglob("*") if path.is_file()}


def two_components(project: Project) -> Project:
    project.add("base")
    project.add("user", options='depends=["base"]')
    return project


def test_a_second_checkout_builds_and_fetches_nothing(project: Project, cache: Path) -> None:
    two_components(project).scons(f"cache={cache}")
    other = second(project)
    output = other.scons(f"cache={cache}")
    assert output.count("from the cache") == 2
    assert not other.log("base").exists()
    assert not (other.folder / "downloads").exists()
    for name in ("base", "user"):
        assert other.stage(name).read_bytes() == project.stage(name).read_bytes()
    assert "is up to date" in other.scons(f"cache={cache}")


def test_the_cache_is_a_folder_of_the_user_without_a_word(project: Project) -> None:
    project.add("hello")
    project.scons()
    assert (project.folder / "home/.cache/crosspython/artifacts/ac").is_dir()


def test_a_removed_build_folder_comes_back(project: Project, cache: Path) -> None:
    project.add("hello")
    project.scons(f"cache={cache}")
    before = project.stage("hello").read_bytes()
    shutil.rmtree(project.folder / "build")
    assert "from the cache" in project.scons(f"cache={cache}")
    assert project.stage("hello").read_bytes() == before


def test_none_keeps_no_product(project: Project) -> None:
    project.add("hello")
    project.scons("cache=none")
    kept = project.folder / "home/.cache/crosspython"
    assert [path.name for path in kept.iterdir()] == ["toolchains"]  # a compiler for an older glibc is no product


def test_another_plan_is_another_product(project: Project, cache: Path) -> None:
    project.add("hello")
    project.scons(f"cache={cache}")
    project.add("hello", options="make=['-s']")
    assert "from the cache" not in project.scons(f"cache={cache}")


def test_another_target_is_another_product(project: Project, cache: Path) -> None:
    project.add("hello")
    project.scons(f"cache={cache}")
    assert "from the cache" not in project.scons(f"cache={cache}", "target=rk3568")


def test_another_dependency_is_another_product(project: Project, cache: Path) -> None:
    two_components(project).scons(f"cache={cache}")
    project.add("base", code="int g(void){return 3;}\n")
    assert "from the cache" not in project.scons(f"cache={cache}")


def test_a_dry_run_takes_nothing_from_the_cache(project: Project, cache: Path) -> None:
    project.add("hello")
    project.scons(f"cache={cache}")
    other = second(project)
    assert "building hello 1.0" in other.scons("-n", f"cache={cache}")
    assert not (other.folder / "build").exists()


def test_scons_own_options_for_caches_work(project: Project, cache: Path) -> None:
    project.add("hello")
    project.scons(f"cache={cache}", "--cache-readonly")
    assert not cache.exists()
    project.scons(f"cache={cache}", "--cache-populate")
    shutil.rmtree(project.folder / "build")
    assert "from the cache" not in project.scons(f"cache={cache}", "--cache-disable")


LOOKING = [
    ("-n",),
    ("--just-print", "--cache-show"),
    ("-n", "--cache-populate"),
    ("-n", "-k", "--cache-force"),
    ("-q",),
    ("-q", "--cache-populate"),
    ("-c", "-n"),
]


@pytest.mark.parametrize("options", LOOKING, ids=" ".join)
def test_a_run_that_only_looks_keeps_nothing(project: Project, cache: Path, options: tuple[str, ...]) -> None:
    """The files there were made with other settings, not with the new ones."""
    two_components(project).scons(f"cache={cache}")
    before = contents(cache)
    project.add("base", options="make=['-s']")
    project.scons(*options, f"cache={cache}", code=1 if "-q" in options else 0)
    assert contents(cache) == before
    assert "from the cache" not in project.scons(f"cache={cache}")


@pytest.mark.parametrize("options", [("-n",), ("-n", "--cache-populate")], ids=" ".join)
def test_a_run_that_only_looks_gives_a_server_nothing(
    project: Project, tmp_path: Path, options: tuple[str, ...]
) -> None:
    with server(tmp_path / "served") as address:
        places = (f"cache={tmp_path}/here,{address}", "cache_write=all")
        project.add("hello")
        project.scons(*places)
        project.add("hello", options="make=['-s']")
        project.scons(*options, *places)
        other = second(project)
        shutil.copytree(project.mirror, other.mirror)
        assert "from the cache" not in other.scons(f"cache={tmp_path}/other-machine,{address}")


def test_a_dry_run_within_interactive_mode_keeps_nothing(project: Project, cache: Path) -> None:
    project.add("hello")
    project.scons(f"cache={cache}")
    project.add("hello", options="make=['-s']")
    project.scons("--interactive", f"cache={cache}", typed="build -n\nbuild -n --cache-populate\nexit\n")
    assert "from the cache" not in project.scons(f"cache={cache}")


def test_interactive_mode_keeps_what_it_has_built_alone(project: Project, cache: Path) -> None:
    project.add("hello")
    project.scons("--interactive", f"cache={cache}", typed="build --cache-readonly\nbuild -n\nbuild\nexit\n")
    assert not cache.exists()
    project.stage("hello").unlink()
    project.scons("--interactive", f"cache={cache}", typed="build -n\nbuild\nexit\n")
    good = project.stage("hello").read_bytes()
    shutil.rmtree(project.folder / "build")
    assert "from the cache" in project.scons(f"cache={cache}")
    assert project.stage("hello").read_bytes() == good


def test_touch_builds_what_is_not_up_to_date(project: Project, cache: Path) -> None:
    """SCons takes make's -t for the sake of old makefiles, and ignores it: no old product is called new."""
    project.add("hello")
    project.scons(f"cache={cache}")
    project.add("hello", code="int f(void){return 7;}\n")
    assert "built" in project.scons("-t", f"cache={cache}")
    assert "is up to date" in project.scons("--touch", f"cache={cache}")


@pytest.mark.parametrize("option", ["--cache-populate", "--cache-force"])
def test_what_an_earlier_run_built_is_not_kept(project: Project, cache: Path, option: str) -> None:
    """Whether it is what this code would make of these settings cannot be told from it:
    only the run that built it knows."""
    project.add("hello")
    project.scons("cache=none")
    project.scons(option, f"cache={cache}")
    assert contents(cache) == {}
    project.add("hello", options="make=['-s']")
    project.scons(option, f"cache={cache}")
    assert contents(cache) != {}


def test_a_failure_that_is_ignored_keeps_nothing(project: Project, cache: Path) -> None:
    project.add("hello", configure="#!/bin/sh\nexit 1\n")
    project.scons("-i", f"cache={cache}")
    assert contents(cache) == {}


def test_a_cache_that_is_only_read_stays_as_it_is(project: Project, cache: Path) -> None:
    project.add("hello")
    project.scons(f"cache={cache}", "cache_write=none")
    assert not cache.exists()


def test_a_damaged_object_costs_a_warning_and_a_build(project: Project, cache: Path) -> None:
    project.add("hello")
    project.scons(f"cache={cache}")
    good = project.stage("hello").read_bytes()
    for path in (cache / "cas").rglob("*"):
        if path.is_file():
            path.write_bytes(b"?" + path.read_bytes()[1:])
    shutil.rmtree(project.folder / "build")
    output = project.scons(f"cache={cache}")
    assert output.count("warning: the cache") == 1
    assert project.stage("hello").read_bytes() == good
    shutil.rmtree(project.folder / "build")
    assert "from the cache" in project.scons(f"cache={cache}")


def test_a_cache_that_cannot_be_written_costs_a_warning(project: Project, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    project.add("hello")
    output = project.scons(f"cache={tmp_path}/file/cache")
    assert output.count("warning: the cache") == 1
    assert project.stage("hello").is_file()


def test_a_limit_is_kept(project: Project, cache: Path) -> None:
    two_components(project).scons(f"cache={cache}", "cache_limit=0M")
    assert not [path for path in cache.rglob("*") if path.is_file()]


@pytest.mark.parametrize("bad", ["cache=ftp://x/y", "cache=a,b", "cache_limit=much", "cache_write=maybe"])
def test_a_senseless_choice_is_refused(project: Project, bad: str) -> None:
    project.add("hello")
    assert bad.partition("=")[0] in project.scons(bad, code=2)


@contextmanager
def server(folder: Path | None) -> Iterator[str]:
    """A server of plain files, for GET and PUT; without a folder it answers 500."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = folder / self.path.lstrip("/") if folder else None
            data = path.read_bytes() if path and path.is_file() else b""
            self.send_response(500 if path is None else 200 if data else 404)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_PUT(self) -> None:
            data = self.rfile.read(int(self.headers["Content-Length"]))
            if folder:
                path = folder / self.path.lstrip("/")
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
            self.send_response(201 if folder else 500)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with serving(Handler) as address:
        yield f"{address}/cache"


def test_another_machine_gets_all_from_the_server(project: Project, tmp_path: Path) -> None:
    with server(tmp_path / "served") as address:
        two_components(project).scons(f"cache={address}", "cache_write=all")
        other = second(project)
        output = other.scons(f"cache={tmp_path}/other-machine,{address}")
        assert output.count("from the cache") == 2
        assert address in output
        shutil.rmtree(other.folder / "build")
        assert f"{tmp_path}/other-machine" in other.scons(f"cache={tmp_path}/other-machine,{address}")


def test_what_a_signer_built_is_taken_and_what_a_stranger_built_is_not(project: Project, tmp_path: Path) -> None:
    ci, stranger = make_key(tmp_path / "ci"), make_key(tmp_path / "stranger")
    signers = list_signers(tmp_path / "signers", ci=ci)
    for key, taken in ((ci, 1), (stranger, 0)):
        with server(tmp_path / f"served-{key.name}") as address:
            project.add("hello")
            project.scons("cache=none", "-c")
            writes = (f"cache={tmp_path}/of-{key.name},{address}", "cache_write=all")
            project.scons(*writes, f"sign_key={key}")
            other = second(project, f"reads-{key.name}")
            shutil.copytree(project.mirror, other.mirror)
            output = other.scons(f"cache={tmp_path}/other-{key.name},{address}", f"signers={signers}")
        assert output.count("from the cache") == taken
        assert output.count("its signer is not in that list") == 1 - taken


def test_an_unsigned_upload_is_refused_where_signatures_are_demanded(project: Project, tmp_path: Path) -> None:
    signers = list_signers(tmp_path / "signers", ci=make_key(tmp_path / "ci"))
    output = project.scons("cache=http://nowhere.invalid", "cache_write=all", f"signers={signers}", code=2)
    assert "what this run writes would not be signed" in output and "sign_key=" in output


def test_what_was_not_built_contained_is_not_signed(project: Project, tmp_path: Path) -> None:
    project.add("hello")
    key = make_key(tmp_path / "ci")
    with server(tmp_path / "served") as address:
        output = project.scons(f"cache={address}", "cache_write=all", f"sign_key={key}", "contain=off")
    assert output.count("nothing is signed and written to the cache's server") == 1
    assert not (tmp_path / "served").exists()


def test_developers_only_read_the_server(project: Project, tmp_path: Path) -> None:
    project.add("hello")
    with server(tmp_path / "served") as address:
        project.scons(f"cache={address}")
    assert not (tmp_path / "served").exists()


def test_a_failing_server_costs_one_warning(project: Project) -> None:
    with server(None) as address:
        output = two_components(project).scons(f"cache={address}", "cache_write=all")
    assert output.count("warning: the cache") == 1
    assert project.stage("user").is_file()


def test_a_server_that_is_not_there_costs_one_warning(project: Project) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    output = two_components(project).scons(f"cache=http://127.0.0.1:{port}")
    assert output.count("warning: the cache") == 1
    assert project.stage("user").is_file()


def test_the_cache_of_a_project_that_we_are_a_guest_in_is_left_alone(project: Project, tmp_path: Path) -> None:
    host = (project.folder / "SConstruct").read_text()
    (project.folder / "SConstruct").write_text(f"CacheDir({str(tmp_path / 'host')!r})\n{host}")
    project.add("hello")
    project.scons("cache=none")
    kept = [path for path in (tmp_path / "host").rglob("*") if path.is_file() and path.stat().st_size > 1000]
    assert kept == []


def test_another_user_may_read_what_was_kept(project: Project, cache: Path) -> None:
    project.add("hello")
    project.scons(f"cache={cache}")
    modes = subprocess.run(["find", str(cache), "-type", "f", "!", "-perm", "-444"], capture_output=True, text=True)
    assert modes.stdout == ""


def test_a_key_takes_a_source_by_the_name_that_identifies_it_where_it_has_one() -> None:
    def key(content: str, **attributes: str) -> str:
        source = SimpleNamespace(name="a.tar.zst", abspath="/a.tar.zst", attributes=SimpleNamespace(**attributes))
        source.get_csig = lambda: content
        product = SimpleNamespace(name="product", children=lambda: [source])
        return artifact_cache.key_of(product, NodeAction("action", lambda *_: None, Shared(), tuple))

    assert key("one") != key("other")
    assert key("one", identity="build-python-1") == key("other", identity="build-python-1")
    assert key("one", identity="build-python-1") != key("one", identity="build-python-2")
