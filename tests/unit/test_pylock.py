"""pylock.toml: what is written is read again, and is what the standard says."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from crosspython.errors import ConfigurationError
from crosspython.wheels.commits import Commit
from crosspython.wheels.model import LockedFile, LockedPackage
from crosspython.wheels.resolving.pylock import Lock, read_pylock, write_pylock
from packaging.pylock import Pylock
from packaging.requirements import Requirement

ASKED = {"format": 1, "python": "3.13.5", "requirements": ["numpy"]}
HASH = "0" * 64


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
    return Lock(ASKED, (app, local, numpy, vcs))


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
