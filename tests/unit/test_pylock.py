"""pylock.toml: written locks can be read again, and follow the standard."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from crosspython.errors import ConfigurationError
from crosspython.wheels.commits import Commit
from crosspython.wheels.model import LockedCrates, LockedFile, LockedPackage, Toolset
from crosspython.wheels.resolving.pylock import Lock, read_pylock, write_pylock
from packaging.pylock import Pylock
from packaging.requirements import Requirement

ASKED = {"format": 1, "python": "3.13.5", "requirements": ["numpy"]}
HASH = "0" * 64


def toolset_in(folder: Path) -> Toolset:
    ninja = LockedFile("ninja-1.13-py3-none-manylinux_2_17_x86_64.whl", HASH, "https://example.invalid/ninja.whl")
    meson = LockedFile("meson-1.8.tar.gz", HASH, path=folder / "in" / "meson-1.8.tar.gz")
    packages = (LockedPackage("meson", "1.8", sdist=meson), LockedPackage("ninja", "1.13", wheels=(ninja,)))
    return Toolset("x86_64", ("meson-python>=0.18", "ninja>=1.13"), ("numpy==2.2.6",), packages, packages[1:])


def lock_in(folder: Path) -> Lock:
    numpy = LockedPackage(
        "numpy",
        "2.2.6",
        sdist=LockedFile("numpy-2.2.6.tar.gz", HASH, "https://example.invalid/numpy-2.2.6.tar.gz", size=12),
        wheels=(LockedFile("numpy-2.2.6-py3-none-any.whl", HASH, "https://example.invalid/x%2B1.whl"),),
        other_wheels=("numpy-2.2.6-cp313-cp313-win32.whl",),
        build_requires=(Requirement("meson-python>=0.18"),),
        build_only=True,
    )
    app = LockedPackage("app", "", depends=("numpy",), folder=folder / "app")
    local = LockedPackage("local", "1", sdist=LockedFile("local-1.tar.gz", HASH, path=folder / "in" / "local-1.tar.gz"))
    vcs = LockedPackage("vcs", "1", commit=Commit("https://example.invalid/vcs", "1" * 40, "lib"))
    crates = LockedCrates("app", HASH, "rustc 1.96.0", {"rust/Cargo.lock": 'version = 4\nname = "a\\b"\n'})
    return Lock(ASKED, (app, local, numpy, vcs), (toolset_in(folder),), crates=(crates,))


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    lock = lock_in(tmp_path)
    write_pylock(tmp_path / "build" / "pylock.toml", lock, 'sys_platform == "linux"')
    assert read_pylock(tmp_path / "build" / "pylock.toml") == lock


def test_local_paths_move_with_the_lock(tmp_path: Path) -> None:
    write_pylock(tmp_path / "one" / "pylock.toml", lock_in(tmp_path / "one"), 'sys_platform == "linux"')
    (tmp_path / "one").rename(tmp_path / "two")
    assert read_pylock(tmp_path / "two" / "pylock.toml") == lock_in(tmp_path / "two")


def test_the_version_of_a_folder_is_what_it_says_today(tmp_path: Path) -> None:
    write_pylock(tmp_path / "pylock.toml", lock_in(tmp_path), 'sys_platform == "linux"')
    (tmp_path / "app").mkdir()
    (tmp_path / "app/pyproject.toml").write_text('[project]\nname = "app"\nversion = "2.0"\n')
    lock = read_pylock(tmp_path / "pylock.toml")
    assert lock is not None
    assert [package.version for package in lock.packages if package.folder] == ["2.0"]


def test_it_is_what_the_standard_says(tmp_path: Path) -> None:
    write_pylock(tmp_path / "pylock.toml", lock_in(tmp_path), 'sys_platform == "linux"')
    data = tomllib.loads((tmp_path / "pylock.toml").read_text())
    assert [package.name for package in Pylock.from_dict(data).packages] == ["app", "local", "numpy", "vcs"]


def test_no_file_is_no_lock(tmp_path: Path) -> None:
    assert read_pylock(tmp_path / "pylock.toml") is None


@pytest.mark.parametrize(
    "text",
    [
        "[",
        'lock-version = "1.0"\npackages = []\n',
        "[tool.crosspython]\npackages = 1\n",
        'lock-version = "2.0"\npackages = []\n[tool.crosspython]\n',
        "packages = []\n[tool.crosspython]\nrequirements = ['numpy => 2']\n",
    ],
)
def test_a_file_that_is_no_lock_of_ours_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "pylock.toml").write_text(text)
    with pytest.raises(ConfigurationError, match="not a lock that can be used"):
        read_pylock(tmp_path / "pylock.toml")


def test_a_lock_from_before_toolsets_is_read(tmp_path: Path) -> None:
    write_pylock(tmp_path / "pylock.toml", Lock(ASKED, ()), 'sys_platform == "linux"')
    assert "toolsets" not in (tmp_path / "pylock.toml").read_text()
    assert read_pylock(tmp_path / "pylock.toml") == Lock(ASKED, ())


def test_what_builds_packages_is_no_part_of_what_a_lock_is_for_and_no_package_for_the_board(tmp_path: Path) -> None:
    write_pylock(tmp_path / "pylock.toml", lock_in(tmp_path), 'sys_platform == "linux"')
    lock = read_pylock(tmp_path / "pylock.toml")
    assert lock is not None
    assert lock.asked == ASKED
    assert "ninja" not in lock.by_name


def test_a_build_requirement_without_a_file_is_refused(tmp_path: Path) -> None:
    toolset = Toolset("x86_64", ("ninja",), (), (LockedPackage("ninja", "1.13"),))
    write_pylock(tmp_path / "pylock.toml", Lock(ASKED, (), (toolset,)), 'sys_platform == "linux"')
    with pytest.raises(ConfigurationError, match=r"ninja.*which other packages need for their build, has no file"):
        read_pylock(tmp_path / "pylock.toml")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('[[packages]]\nname = "numpy"', '[[packages]]\nname = "../numpy"'),
        ('version = "2.2.6"', 'version = "../2.2.6"'),
        ('name = "numpy-2.2.6.tar.gz"', 'name = "../../numpy-2.2.6.tar.gz"'),
        ('name = "ninja-1.13-py3-none-manylinux_2_17_x86_64.whl"', 'name = "/x/ninja-1.13-py3-none-any.whl"'),
        (f'sha256 = "{HASH}"', f'sha256 = "../{HASH}"'),
        (f'commit-id = "{"1" * 40}"', 'commit-id = "../1"'),
        ('subdirectory = "lib"', 'subdirectory = "/lib"'),
        ('"rust/Cargo.lock"', '"../Cargo.lock"'),
        ('"rust/Cargo.lock"', '"/x/Cargo.lock"'),
        ('"rust/Cargo.lock"', '"rust/build.rs"'),
    ],
)
def test_a_lock_that_names_places_elsewhere_is_refused(tmp_path: Path, old: str, new: str) -> None:
    write_pylock(tmp_path / "pylock.toml", lock_in(tmp_path), 'sys_platform == "linux"')
    text = (tmp_path / "pylock.toml").read_text()
    assert old in text
    (tmp_path / "pylock.toml").write_text(text.replace(old, new, 1))
    with pytest.raises(ConfigurationError, match="not a lock that can be used"):
        read_pylock(tmp_path / "pylock.toml")
