"""The order in which a stage is walked."""

from __future__ import annotations

from pathlib import Path

from crosspython.store.walk import find_files, walk_entries


def make_tree(root: Path) -> None:
    for name in ("b/z", "b/a", "a", "c.d/x"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text("")
    (root / "b/link").symlink_to("../c.d")


def test_folders_come_before_what_they_hold_sorted_by_name(tmp_path: Path) -> None:
    make_tree(tmp_path)
    names = [Path(entry.path).relative_to(tmp_path).as_posix() for entry in walk_entries(tmp_path)]
    assert names == ["a", "b", "b/a", "b/link", "b/z", "c.d", "c.d/x"]


def test_links_are_no_files(tmp_path: Path) -> None:
    make_tree(tmp_path)
    assert [path.name for path in find_files(tmp_path)] == ["a", "a", "z", "x"]
