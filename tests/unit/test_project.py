"""What the project says of itself is the same everywhere: its version, its licence."""

from __future__ import annotations

import re
import tomllib

import crosspython

from tests.conftest import REPOSITORY

PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]


def test_pyproject_names_the_version_that_the_package_has() -> None:
    assert PROJECT["version"] == crosspython.__version__


def test_the_newest_release_of_the_changelog_is_this_version() -> None:
    changes = (REPOSITORY / "CHANGELOG.md").read_text()
    assert re.findall(r"^## (.+)$", changes, re.MULTILINE)[0] == "Unreleased"
    releases = re.findall(r"^## ([\d.]+) \(\d{4}-\d\d-\d\d\)$", changes, re.MULTILINE)
    assert releases[0] == PROJECT["version"]
    assert releases == sorted(releases, key=lambda version: [int(part) for part in version.split(".")], reverse=True)


def test_the_licence_is_the_one_whose_text_is_here() -> None:
    assert PROJECT["license"] == "MIT"
    assert [(REPOSITORY / name).read_text().split("\n")[0] for name in PROJECT["license-files"]] == ["MIT License"]
