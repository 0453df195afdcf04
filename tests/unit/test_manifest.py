"""Manifests: the files of a tree, and the changes from one to another."""

from __future__ import annotations

from pathlib import Path

import pytest
from crosspython.board.manifest import compare, name_of, read_manifest, read_tree, write_manifest


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "tree/lib").mkdir(parents=True)
    (tmp_path / "tree/lib/a b.txt").write_text("text")
    (tmp_path / "tree/run").write_text("#!/bin/sh\n")
    (tmp_path / "tree/run").chmod(0o755)
    (tmp_path / "tree/link").symlink_to("run")
    (tmp_path / "tree/folder").symlink_to("lib")
    return tmp_path / "tree"


def test_files_and_links_are_in_it_and_folders_are_not(tree: Path) -> None:
    assert sorted(read_tree(tree)) == ["folder", "lib/a b.txt", "link", "run"]


def test_what_is_written_is_read_back(tree: Path) -> None:
    items = read_tree(tree)
    assert read_manifest(write_manifest(items).splitlines()) == items


def test_a_damaged_line_costs_its_file_and_no_more(tree: Path) -> None:
    lines = write_manifest(read_tree(tree)).splitlines()
    assert sorted(read_manifest([lines[0][:3], *lines[1:]])) == sorted(read_tree(tree))[1:]


def test_the_same_tree_is_no_difference(tree: Path) -> None:
    difference = compare(read_tree(tree), read_tree(tree))
    assert (difference.send, difference.remove, difference.size) == ((), (), 0)


def test_what_changed_is_sent_and_what_is_gone_is_removed(tree: Path) -> None:
    old = read_tree(tree)
    (tree / "lib/a b.txt").write_text("other text")
    (tree / "link").unlink()
    (tree / "run").chmod(0o644)
    difference = compare(old, read_tree(tree))
    assert [item.path for item in difference.send] == ["lib/a b.txt", "run"]
    assert difference.remove == ("link",)
    assert difference.size == len("other text") + len("#!/bin/sh\n")


def test_a_name_is_that_of_the_content(tree: Path) -> None:
    name = name_of(read_tree(tree), "3.13.5")
    assert name.startswith("3.13.5-")
    assert name == name_of(read_tree(tree), "3.13.5")
    (tree / "more").touch()
    assert name != name_of(read_tree(tree), "3.13.5")
