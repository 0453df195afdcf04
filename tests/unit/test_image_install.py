"""Wheels that are installed into a tree: where their parts go, and what starts."""

from __future__ import annotations

import base64
import csv
import hashlib
import os
import subprocess
from pathlib import Path

import pytest
from crosspython.errors import ArchiveError, ImageError
from crosspython.image.install import install_into_tree
from crosspython.image.tree import ImageTree, remove_pip

from tests.unit.made_bundle import PREFIX, SERIES, SITE, lay_bundle
from tests.unit.made_packages import add_wheel

GREET = {
    "greet.py": "import sys\ndef main():\n    print('hello', *sys.argv[1:])\n",
    "greet-1.0.dist-info/entry_points.txt": "[console_scripts]\ngreet = greet:main\n",
}


@pytest.fixture
def tree(tmp_path: Path) -> ImageTree:
    return ImageTree(lay_bundle(tmp_path / "a tree"), SERIES, PREFIX)


def run(program: Path, *arguments: str) -> str:
    command = [str(program), *arguments]
    return subprocess.run(command, cwd="/", env={"PATH": os.defpath}, capture_output=True, text=True, check=True).stdout


def test_a_console_script_starts_from_wherever_the_tree_lies(tree: ImageTree, tmp_path: Path) -> None:
    install_into_tree(tree, add_wheel(tmp_path, "greet", files=GREET))
    moved = tmp_path / "moved elsewhere"
    tree.root.rename(moved)
    assert run(moved / "bin/greet", "board") == "hello board\n"
    (tmp_path / "link").symlink_to(moved / "bin/greet")
    assert run(tmp_path / "link") == "hello\n"


@pytest.mark.parametrize("head", ["#!python", "#!/usr/bin/env python3", "#!/usr/bin/env python"])
def test_a_script_of_a_wheels_own_starts_likewise(tree: ImageTree, tmp_path: Path, head: str) -> None:
    text = f"{head}\nimport mine\nprint(mine.answer)\n"
    files = {"mine.py": "answer = 42\n", "mine-1.0.data/scripts/answer": text}
    install_into_tree(tree, add_wheel(tmp_path, "mine", files=files))
    assert run(tree.root / "bin/answer") == "42\n"


def test_parts_of_a_wheel_go_where_pip_puts_them(tree: ImageTree, tmp_path: Path) -> None:
    files = {
        "mine/__init__.py": "",
        "mine-1.0.data/data/share/mine/table": "1",
        "mine-1.0.data/headers/mine.h": "",
        "mine-1.0.data/purelib/pure.py": "",
    }
    package = install_into_tree(tree, add_wheel(tmp_path, "mine", files=files))
    placed = {
        "share/mine/table",
        f"include/site/python{SERIES}/mine/mine.h",
        f"{SITE}/pure.py",
        f"{SITE}/mine/__init__.py",
    }
    assert placed <= set(package.names)
    assert all((tree.root / name).is_file() for name in package.names)


def test_record_is_of_what_was_installed(tree: ImageTree, tmp_path: Path) -> None:
    install_into_tree(tree, add_wheel(tmp_path, "greet", files=GREET))
    rows = list(csv.reader((tree.root / SITE / "greet-1.0.dist-info/RECORD").open()))
    assert "../../../bin/greet" in {row[0] for row in rows}
    for name, digest, _ in rows:
        content = (tree.root / SITE / name).read_bytes()
        if digest:
            assert digest == f"sha256={base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip('=')}"


def test_without_pip_nothing_of_it_is_left(tree: ImageTree) -> None:
    remove_pip(tree)
    assert [path for path in tree.root.rglob("*") if "pip" in path.name] == []
    assert (tree.root / f"lib/python{SERIES}/os.py").is_file()


def test_without_pip_nothing_of_it_is_left_where_its_sources_had_gone_before(tmp_path: Path) -> None:
    root = lay_bundle(tmp_path / "slim")
    (root / SITE / "pip/__init__.py").rename(root / SITE / "pip/__init__.pyc")
    remove_pip(ImageTree(root, SERIES, PREFIX))
    assert [path for path in root.rglob("*") if "pip" in path.name] == []


def test_a_python_without_the_gil_has_folders_of_its_own_name(tmp_path: Path) -> None:
    root = lay_bundle(tmp_path / "a tree")
    for name in (f"lib/python{SERIES}", f"bin/python{SERIES}"):
        (root / name).rename(root / f"{name}t")
    (root / "bin/python3").unlink()
    (root / "bin/python3").symlink_to(f"python{SERIES}t")
    package = install_into_tree(ImageTree(root, f"{SERIES}t", PREFIX), add_wheel(tmp_path, "greet", files=GREET))
    assert f"lib/python{SERIES}t/site-packages/greet.py" in package.names
    assert run(root / "bin/greet", "t") == "hello t\n"


def test_a_name_outside_of_its_folder_is_refused(tree: ImageTree, tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="outside of its folder"):
        install_into_tree(tree, add_wheel(tmp_path, "mine", files={"mine-1.0.data/scripts/../lib/x": ""}))


def test_a_damaged_wheel_is_told_by_its_name(tree: ImageTree, tmp_path: Path) -> None:
    wheel = add_wheel(tmp_path, "mine")
    wheel.write_bytes(wheel.read_bytes()[:-40])
    with pytest.raises(ArchiveError, match="mine-1"):
        install_into_tree(tree, wheel)
