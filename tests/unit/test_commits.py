"""Commits of git repositories as sources: fetched once, verified each time, with history and tags."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from crosspython.errors import SourceError
from crosspython.wheels.commits import Commit, check_out

from tests.unit.made_repository import commit, git, project

PATH = os.environ["PATH"]


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A repository of two commits, and the first of them, which has a tag."""
    folder = tmp_path_factory.mktemp("repository")
    found = commit(folder, {"lib/pyproject.toml": project("lib"), "code.c": "1"})
    git(folder, "tag", "v1")
    commit(folder, {"code.c": "2"})
    return folder, found


@pytest.fixture
def first(repository: tuple[Path, str], tmp_path: Path) -> Commit:
    """The first commit of a copy of the repository."""
    origin = shutil.copytree(repository[0], tmp_path / "origin")
    return Commit(origin.as_uri(), repository[1])


def get(source: Commit, store: Path, *, offline: bool = False) -> Path:
    return check_out(source, store, path=PATH, offline=offline, wanted_by="lib 1.0")


def test_the_files_are_those_of_the_commit_and_its_tags_are_there(tmp_path: Path, first: Commit) -> None:
    tree = get(first, tmp_path / "store")
    assert (tree / "code.c").read_text() == "1"
    assert git(tree, "describe", "--tags") == "v1"


def test_a_project_may_lie_in_a_folder_of_it(tmp_path: Path, first: Commit) -> None:
    assert (get(Commit(first.url, first.id, "lib"), tmp_path) / "pyproject.toml").is_file()
    with pytest.raises(SourceError, match="no folder absent"):
        get(Commit(first.url, first.id, "absent"), tmp_path)
    with pytest.raises(SourceError, match=r"no folder \.\."):
        get(Commit(first.url, first.id, ".."), tmp_path)


def test_it_is_fetched_once_and_serves_without_a_network(tmp_path: Path, first: Commit) -> None:
    with pytest.raises(SourceError, match="offline=1"):
        get(first, tmp_path / "store", offline=True)
    tree = get(first, tmp_path / "store")
    (tmp_path / "origin").rename(tmp_path / "gone")
    assert get(first, tmp_path / "store", offline=True) == tree


@pytest.mark.parametrize("name", ["code.c", "added.c"])
def test_a_tree_that_somebody_has_changed_is_made_anew(tmp_path: Path, first: Commit, name: str) -> None:
    tree = get(first, tmp_path / "store")
    (tree / name).write_text("changed")
    assert get(first, tmp_path / "store") == tree
    assert sorted(path.name for path in tree.iterdir()) == [".git", "code.c", "lib"]
    assert (tree / "code.c").read_text() == "1"


def test_a_commit_that_no_branch_leads_to_is_found(tmp_path: Path, first: Commit) -> None:
    origin = tmp_path / "origin"
    alone = git(origin, "commit-tree", "-m", "alone", f"{first.id}^{{tree}}")
    assert (get(Commit(first.url, alone), tmp_path / "store") / "code.c").read_text() == "1"


def test_a_repository_that_has_it_not_is_told_with_what_git_said(tmp_path: Path, first: Commit) -> None:
    for source in (Commit(first.url, "0" * 40), Commit((tmp_path / "absent").as_uri(), first.id)):
        with pytest.raises(SourceError, match="could not be fetched") as caught:
            get(source, tmp_path / "store")
        assert caught.value.evidence
