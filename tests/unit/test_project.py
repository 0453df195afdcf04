"""The project states the same facts everywhere: its version, its licence."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import crosspython
import pytest

from tests.conftest import REPOSITORY

PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
PAGES = [*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md")]


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


def test_each_decision_has_a_number_of_its_own() -> None:
    pages = sorted((REPOSITORY / "docs/decisions").glob("[0-9]*.md"))
    numbers = [page.name.partition("-")[0] for page in pages]
    assert len(numbers) == len(set(numbers)) > 40
    assert [
        page.name for page, number in zip(pages, numbers, strict=True) if number.lstrip("0") not in _title(page)
    ] == []


def _title(page: Path) -> str:
    return page.read_text().partition("\n")[0]


def test_contributing_tells_of_every_room() -> None:
    _, _, after = (REPOSITORY / "docs/contributing.md").read_text().partition("## The rooms\n")
    told = set(re.findall(r"^ +(\w+)/ ", after.partition("\n## ")[0], re.MULTILINE))
    package = REPOSITORY / "site_scons/site_tools/crosspython"
    rooms = {path.parent.name for folder in (package, package / "wheels") for path in folder.glob("*/*.py")}
    assert rooms - told == set()


def test_the_files_that_contributing_names_are_there() -> None:
    _, _, lists = (REPOSITORY / "docs/contributing.md").read_text().partition("## How to add\n")
    named = {name for name in re.findall(r"`([\w./-]+\.(?:py|toml|md)|[\w./-]*SC[a-z]+)`", lists) if "NAME" not in name}
    package = REPOSITORY / "site_scons/site_tools/crosspython"
    folders = (REPOSITORY, package, package / "wheels", REPOSITORY / "tests/unit")
    assert len(named) > 40
    assert sorted(name for name in named if not any((folder / name).is_file() for folder in folders)) == []


def prose_lines(page: Path) -> Iterator[tuple[int, str]]:
    """The lines of a page but for tables and code, which cannot be broken."""
    is_code = False
    for number, line in enumerate(page.read_text().splitlines(), 1):
        is_fence = line.lstrip().startswith("```")
        is_code ^= is_fence
        if not (is_code or is_fence or line.startswith(("|", "    "))):
            yield number, line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_lines_of_prose_have_at_most_120_columns(page: Path) -> None:
    assert [number for number, line in prose_lines(page) if len(line) > 120] == []
