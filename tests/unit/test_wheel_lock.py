"""Additions to a resolution: fitting wheels, build requirements, packages for the headers that builds need."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from crosspython.errors import ConfigurationError, SourceError
from crosspython.run.log import Log
from crosspython.store.fetch import Store
from crosspython.wheels.model import LockedPackage, Override
from crosspython.wheels.requirements import read_requirements
from crosspython.wheels.resolving.indexes import Indexes
from crosspython.wheels.resolving.lock import describe_request, make_lock, request_of, target_needs
from crosspython.wheels.resolving.platform import Platform
from crosspython.wheels.resolving.pylock import Lock
from crosspython.wheels.resolving.request import read_request
from crosspython.wheels.resolving.resolve import Resolver
from packaging.requirements import Requirement

from tests.unit.made_packages import add_sdist, add_wheel

BOARD = Platform("armv7l", "glibc", "3.13.5", "hard")
Locking = Callable[..., Lock]


@pytest.fixture
def lock(tmp_path: Path, links: Path) -> Iterator[Locking]:
    """Makes locks, with uv: the tests that do are slow."""
    indexes = Indexes(("--no-index", "--find-links", str(links)), (str(links),))
    with Log(tmp_path / "lock.log") as log:

        def make(text: str, *overrides: Override, board: Platform = BOARD) -> Lock:
            resolver = Resolver(tmp_path / "uv", tmp_path / "cache", indexes, os.environ["PATH"], False, log)
            known = {override.name: override for override in overrides}
            request = read_request([text], None, tmp_path)
            store = Store(tmp_path / "store")
            return make_lock(request, board, resolver, store, lambda name: known.get(name, Override(name)), tmp_path)

        yield make


def packages(lock: Lock) -> dict[str, LockedPackage]:
    return {package.name: package for package in lock.packages}


@pytest.mark.slow
def test_only_wheels_that_may_fit_are_kept(lock: Locking, links: Path) -> None:
    add_sdist(links, "top")
    fitting = add_wheel(links, "top", tag="cp313-cp313-manylinux_2_39_armv7l")
    add_wheel(links, "top", tag="cp312-cp312-manylinux_2_17_armv7l")
    there = add_wheel(links, "top", tag="cp313-cp313-manylinux_2_17_x86_64")
    top = packages(lock("top"))["top"]
    assert [file.name for file in top.wheels] == [fitting.name]
    assert top.other_wheels == (there.name,)


@pytest.mark.slow
def test_wheels_that_do_not_fit_a_python_without_the_gil_are_named(lock: Locking, links: Path) -> None:
    wheel = add_wheel(links, "top", tag="cp313-cp313-manylinux_2_17_armv7l")
    with pytest.raises(ConfigurationError) as caught:
        lock("top", board=replace(BOARD, abiflags="t"))
    assert wheel.name in str(caught.value)
    assert "cp313-cp313t-linux_armv7l" in str(caught.value)


@pytest.mark.slow
def test_build_requirements_are_read_from_sdists_that_may_be_built(lock: Locking, links: Path) -> None:
    add_sdist(links, "native", build_requires=["flit_core", "idna"])
    add_sdist(links, "pure", build_requires=["idna"])
    add_wheel(links, "pure")
    found = packages(lock("native pure"))
    assert found["native"].build_requires == (Requirement("flit_core"), Requirement("idna"))
    assert found["pure"].build_requires == ()


@pytest.mark.slow
def test_a_package_whose_headers_a_build_needs_is_locked_for_it_alone(lock: Locking, links: Path) -> None:
    add_sdist(links, "user", build_requires=["numpy>=2"])
    add_sdist(links, "numpy", "2.2")
    found = packages(lock("user"))
    assert found["numpy"].build_only
    assert not found["user"].build_only


@pytest.mark.slow
def test_a_package_that_is_needed_at_run_time_too_is_no_build_only_one(lock: Locking, links: Path) -> None:
    add_sdist(links, "user", needs=["numpy"], build_requires=["numpy>=2"])
    add_sdist(links, "numpy", "2.2")
    assert not packages(lock("user"))["numpy"].build_only


@pytest.mark.slow
def test_an_override_names_further_packages_for_headers(lock: Locking, links: Path) -> None:
    add_sdist(links, "user", build_requires=[])
    add_sdist(links, "base")
    assert packages(lock("user", Override("user", needs_target=("base",))))["base"].build_only


@pytest.mark.parametrize(
    ("requires", "needs"),
    [
        (["numpy>=2"], {"numpy"}),
        (["NumPy==1.0; python_version < '3.13'"], set()),
        (["numpy; platform_machine == 'armv7l'"], {"numpy"}),
        (["this is no requirement"], set()),
        (["cython", "pybind11"], set()),
    ],
)
def test_needs_are_those_of_the_board(requires: list[str], needs: set[str]) -> None:
    package = LockedPackage("user", "1", build_requires=read_requirements(requires)[0])
    assert target_needs(package, Override("user"), BOARD) == needs


def test_numpy_does_not_need_itself() -> None:
    package = LockedPackage("numpy", "1", build_requires=(Requirement("numpy"),))
    assert target_needs(package, Override("numpy"), BOARD) == frozenset()


@pytest.mark.slow
def test_an_sdist_with_other_bytes_than_the_index_says_is_refused(
    lock: Locking, links: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sdist = add_sdist(links, "top")
    good = sdist.read_bytes()
    resolve = Resolver.resolve

    def resolve_then_damage(self: Resolver, *arguments: object) -> object:
        found = resolve(self, *arguments)  # type: ignore[arg-type]
        sdist.write_bytes(good + b"\0")
        return found

    monkeypatch.setattr(Resolver, "resolve", resolve_then_damage)
    with pytest.raises(SourceError) as caught:
        lock("top")
    assert str(caught.value).count("SHA-256") >= 2
    assert list((tmp_path / "store" / "rejected").iterdir())


def test_a_request_is_another_when_a_local_project_asks_for_more(tmp_path: Path) -> None:
    project = tmp_path / "app" / "pyproject.toml"
    project.parent.mkdir()
    project.write_text('[project]\nname = "app"\n')
    before = describe_request(read_request(["./app"], None, tmp_path), BOARD, tmp_path)
    (tmp_path / "app" / "code.py").touch()
    assert describe_request(read_request(["./app"], None, tmp_path), BOARD, tmp_path) == before
    project.write_text('[project]\nname = "app"\ndependencies = ["six"]\n')
    assert describe_request(read_request(["./app"], None, tmp_path), BOARD, tmp_path) != before


def test_two_checkouts_of_a_project_are_two_requests(tmp_path: Path) -> None:
    for folder in ("stable", "feature"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "pyproject.toml").write_text('[project]\nname = "app"\nversion = "1"\n')
    one, two = (read_request([text], None, tmp_path) for text in ("./stable", "./feature"))
    assert describe_request(one, BOARD, tmp_path) != describe_request(two, BOARD, tmp_path)
    here = describe_request(two, BOARD, tmp_path)
    (tmp_path / "again").mkdir()
    (tmp_path / "feature").rename(tmp_path / "again/feature")
    moved = read_request(["./feature"], None, tmp_path / "again")
    assert describe_request(moved, BOARD, tmp_path / "again") == here


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        ("pyproject.toml", 'version = "1"', 'version = "2"'),
        ("pyproject.toml", 'version = "1"', 'version = "1"\ndescription = "x"\n[tool.ruff]\nline-length = 1'),
        ("setup.py", "x = 1", "x = 2"),
        ("requirements.txt", "six", "idna"),
    ],
)
def test_a_request_is_the_same_when_a_local_project_gets_a_new_version(
    tmp_path: Path, file: str, before: str, after: str
) -> None:
    files = {"pyproject.toml": '[project]\nname = "app"\ndependencies = ["six"]\nversion = "1"\n'}
    files |= {"setup.py": "x = 1", "requirements.txt": "six"}
    assert describe_with(tmp_path, files) == describe_with(
        tmp_path, {**files, file: files[file].replace(before, after)}
    )


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("deps/run.in", "idna\n"),
        ("requirements-run.txt", "idna\n"),
        ("setup.py", "import platform\n"),
        ("setup.cfg", "[options]\ninstall_requires = six\n"),
    ],
)
def test_a_request_is_another_when_a_file_changes_that_dependencies_are_computed_from(
    tmp_path: Path, file: str, text: str
) -> None:
    files = {
        "pyproject.toml": '[project]\nname = "app"\nversion = "1"\ndynamic = ["dependencies"]\n'
        '[tool.setuptools.dynamic]\ndependencies = {file = ["deps/run.in"]}\n',
        "deps/run.in": "six\n",
    }
    assert describe_with(tmp_path, files) != describe_with(tmp_path, {**files, file: text})


def describe_with(folder: Path, files: dict[str, str]) -> object:
    for name, text in files.items():
        (folder / "app" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "app" / name).write_text(text)
    return describe_request(read_request(["./app"], None, folder), BOARD, folder)


def test_a_request_is_another_when_an_override_states_what_a_package_needs(tmp_path: Path) -> None:
    request = read_request(["top"], None, tmp_path)
    stated = replace(request, dependencies={"below": ("idna",)})
    assert describe_request(stated, BOARD, tmp_path) != describe_request(request, BOARD, tmp_path)


def test_the_order_in_which_names_are_typed_does_not_count(tmp_path: Path) -> None:
    one, two = (read_request([text], None, tmp_path) for text in ("a b", "b,a"))
    assert describe_request(one, BOARD, tmp_path) == describe_request(two, BOARD, tmp_path)


@pytest.mark.slow
def test_a_package_that_can_neither_be_taken_nor_built_is_told(lock: Locking, links: Path) -> None:
    add_wheel(links, "top", tag="cp312-cp312-manylinux_2_17_armv7l")
    with pytest.raises(ConfigurationError, match="top"):
        lock("top")


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def ask(folder: Path, *lines: str) -> str:
    (folder / "req.txt").write_text("\n".join(lines) + "\n")
    return "@req.txt"


@pytest.mark.slow
def test_only_files_with_a_hash_that_is_asked_for_are_kept(lock: Locking, links: Path, tmp_path: Path) -> None:
    sdist = add_sdist(links, "top")
    wheel = add_wheel(links, "top", tag="cp313-cp313-manylinux_2_17_armv7l")
    made = lock(ask(tmp_path, f"top==1.0 --hash=sha256:{sha256(sdist)}"))
    top = packages(made)["top"]
    assert (top.sdist is not None, top.wheels) == (True, ())
    assert made.asked["hashes"] == {"top": [sha256(sdist)]}
    top = packages(lock(ask(tmp_path, f"top==1.0 --hash=sha256:{sha256(wheel)} --hash=sha256:{'0' * 64}")))["top"]
    assert (top.sdist, [file.name for file in top.wheels]) == (None, [wheel.name])


@pytest.mark.slow
def test_a_package_of_which_no_file_has_the_hash_is_refused(lock: Locking, links: Path, tmp_path: Path) -> None:
    add_wheel(links, "top")
    with pytest.raises(ConfigurationError) as caught:
        lock(ask(tmp_path, f"top==1.0 --hash=sha256:{'0' * 64}"))
    assert caught.value.evidence == ("top 1.0: none of its files for this board has a required hash",)


@pytest.mark.slow
def test_where_some_have_a_hash_all_need_one_but_for_local_projects(lock: Locking, links: Path, tmp_path: Path) -> None:
    """Secure installs: pip demands it of dependencies, too."""
    below = add_wheel(links, "below")
    top = add_wheel(links, "top", needs=["below"])
    (tmp_path / "app").mkdir()
    (tmp_path / "app/pyproject.toml").write_text('[project]\nname = "app"\nversion = "1"\n')
    line = f"top==1.0 --hash=sha256:{sha256(top)}"
    with pytest.raises(ConfigurationError) as caught:
        lock(ask(tmp_path, line, "-e ./app"))
    assert caught.value.evidence == ("below 1.0: the requirements files have no hash of it, but it is needed",)
    made = lock(ask(tmp_path, line, "-e ./app", f"below==1.0 --hash=sha256:{sha256(below)}"))
    assert set(packages(made)) == {"top", "below", "app"}


def test_what_decides_in_a_requirements_file_stands_in_the_lock(tmp_path: Path) -> None:
    ask(tmp_path, "six", "--pre", "--no-binary six", "--index-url https://me:secret@example.invalid/simple")
    request = read_request(["@req.txt"], None, tmp_path)
    asked = describe_request(request, BOARD, tmp_path)
    assert asked["options"] == {"pre": ["1"], "index-url": ["https://***@example.invalid/simple"]}
    assert asked["binary"] == {"six": "never"}
    with pytest.raises(ConfigurationError, match="needs a password"):
        request_of(asked, tmp_path)


def test_a_lock_tells_what_it_was_made_for(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app/setup.py").write_text("setup(name='app')")
    ask(tmp_path, f"six --hash=sha256:{'0' * 64}", "--pre", "--only-binary six", "-e ./app[b,a]", "-c req.in")
    (tmp_path / "req.in").write_text("idna<4\n")
    request = read_request(["@req.txt"], None, tmp_path)
    assert request_of(describe_request(request, BOARD, tmp_path), tmp_path) == request
