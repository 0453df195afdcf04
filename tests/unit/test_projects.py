"""Local projects: their names, their build requirements, and when they have changed."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from crosspython.errors import ArchiveError, ConfigurationError
from crosspython.wheels.resolving.projects import (
    DEFAULT_REQUIRES,
    read_build_requires,
    read_project,
)
from packaging.requirements import Requirement

from tests.unit.made_packages import add_sdist


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("pyproject.toml", '[project]\nname = "app"\n'),
        ("pyproject.toml", '[tool.poetry]\nname = "app"\n'),
        ("setup.cfg", "[metadata]\nname = app\n"),
        ("PKG-INFO", "Metadata-Version: 2.1\nName: app\nVersion: 1\n"),
        ("setup.py", "from setuptools import setup\nsetup(name='app')\n"),
    ],
)
def test_a_folder_is_called_as_its_files_say(tmp_path: Path, file: str, text: str) -> None:
    (tmp_path / "setup.py").write_text("")
    (tmp_path / file).write_text(text)
    assert read_project(tmp_path).name == "app"


def test_a_name_that_only_running_it_would_tell_has_to_be_given(tmp_path: Path) -> None:
    (tmp_path / "setup.py").write_text("setup(name=read())\n")
    with pytest.raises(ConfigurationError, match="write it as"):
        read_project(tmp_path)


@pytest.mark.parametrize(
    ("filename", "name"),
    [
        ("zope.interface-8.7.tar.gz", "zope-interface"),
        ("my-old-thing-1.0.zip", "my-old-thing"),
        ("py3lib-1.0rc1.tar.bz2", "py3lib"),
        ("a_b-1-cp313-cp313-linux_armv7l.whl", "a-b"),
    ],
)
def test_an_archive_is_called_as_its_file_name_says(tmp_path: Path, filename: str, name: str) -> None:
    (tmp_path / filename).touch()
    assert read_project(tmp_path / filename).name == name


@pytest.mark.parametrize(
    ("make", "says"), [("missing", "no such"), ("text.txt", "neither"), ("folder/", "neither a py")]
)
def test_what_is_no_project_is_refused(tmp_path: Path, make: str, says: str) -> None:
    if make.endswith("/"):
        (tmp_path / make).mkdir()
    elif make != "missing":
        (tmp_path / make).touch()
    with pytest.raises(ConfigurationError, match=says):
        read_project(tmp_path / make)


def test_build_requirements_stand_in_an_sdists_pyproject(tmp_path: Path) -> None:
    sdist = add_sdist(tmp_path, "a", build_requires=["meson-python", "numpy>=2"])
    assert read_build_requires(sdist) == (Requirement("meson-python"), Requirement("numpy>=2"))


def test_a_build_requirement_that_is_none_is_left_to_the_build(tmp_path: Path) -> None:
    sdist = add_sdist(tmp_path, "a", build_requires=["meson-python", "maturin => 1"])
    assert read_build_requires(sdist) == (Requirement("meson-python"),)


def test_an_sdist_without_pyproject_is_built_by_setuptools(tmp_path: Path) -> None:
    assert read_build_requires(add_sdist(tmp_path, "a")) == DEFAULT_REQUIRES


def test_a_zip_is_an_sdist_too(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a-1.zip", "w") as archive:
        archive.writestr("a-1/tests/pyproject.toml", "[build-system]\nrequires = ['wrong']\n")
        archive.writestr("a-1/pyproject.toml", "[build-system]\nrequires = ['flit_core']\n")
    assert read_build_requires(tmp_path / "a-1.zip") == (Requirement("flit_core"),)


def test_a_damaged_sdist_is_told(tmp_path: Path) -> None:
    (tmp_path / "a-1.tar.gz").write_bytes(b"no archive")
    with pytest.raises(ArchiveError, match="not an sdist"):
        read_build_requires(tmp_path / "a-1.tar.gz")


def test_a_damaged_pyproject_is_told(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project\n")
    with pytest.raises(ConfigurationError, match="not TOML"):
        read_build_requires(tmp_path)
