"""Packages that the board's own pip has replaced."""

from __future__ import annotations

from pathlib import Path

import pytest
from crosspython.board.manifest import Item, TreeDifference
from crosspython.board.replaced import spare_replaced

PACKAGES = "lib/python3.13/site-packages"
RECORD = """pip/__init__.py,sha256=x,1
pip/_vendor/a.py,,
pip-25.3.dist-info/RECORD,,
../../../bin/pip3,,
one.pth,,
"""
OLD = f"{PACKAGES}/pip-25.1.dist-info/RECORD"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    place = tmp_path / PACKAGES / "pip-25.3.dist-info"
    place.mkdir(parents=True)
    (place / "RECORD").write_text(RECORD)
    return tmp_path


def change(send: list[str], remove: list[str]) -> TreeDifference:
    return TreeDifference(tuple(Item(path, 0o644) for path in send), tuple(remove))


def test_nothing_of_the_package_is_sent_or_taken_away(tree: Path) -> None:
    theirs = [
        f"{PACKAGES}/{name}" for name in ("pip/b.py", "pip/__pycache__/b.pyc", "pip-25.3.dist-info/RECORD", "one.pth")
    ]
    others = [f"{PACKAGES}/pipx/a.py", "lib/python3.13/os.py", "bin/pip3.13", f"{PACKAGES}/pip.py"]
    whole = change([*theirs, "bin/pip3", *others], [f"{PACKAGES}/pip/gone.py", OLD, "lib/gone.py"])
    left, names = spare_replaced(whole, tree, [OLD])
    assert [item.path for item in left.send] == others
    assert left.remove == ("lib/gone.py",)
    assert names == ["pip"]


def test_what_was_not_replaced_is_sent(tree: Path) -> None:
    whole = change([f"{PACKAGES}/pip/b.py"], [])
    assert spare_replaced(whole, tree, []) == (whole, [])
