"""What slim=1 leaves out, and how bytecode stands without its source."""

from __future__ import annotations

import compileall
import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
from crosspython.stages.bundle import keep_only_bytecode, make_sysroot, remove_needless, size_of
from crosspython.store.tree import pack_tree


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    tree = tmp_path / "tree"
    for name in (
        "bin/python3.13",
        "bin/idle3.13",
        "bin/python3.13-config",
        "include/python3.13/Python.h",
        "lib/libz.so.1.3.1",
        "lib/pkgconfig/python3.pc",
        "lib/python3.13/os.py",
        "lib/python3.13/pydoc.py",
        "lib/python3.13/test/test_os.py",
        "lib/python3.13/idlelib/idle.py",
        "lib/python3.13/somewhere/decoder.py",
        "lib/python3.13/config-3.13-arm-linux-gnueabihf/Makefile",
        "lib/python3.13/lib-dynload/_ssl.cpython-313-arm-linux-gnueabihf.so",
        "lib/python3.13/lib-dynload/_testcapi.cpython-313-arm-linux-gnueabihf.so",
        "lib/python3.13/site-packages/pip/__init__.py",
    ):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text("answer = 42\n")
    (tree / "bin/idle3").symlink_to("idle3.13")
    compileall.compile_dir(tree / "lib", quiet=1, legacy=False)
    return tree


def test_slim_leaves_out_what_a_board_does_not_need(tree: Path) -> None:
    remove_needless(tree)
    gone = ("bin/idle3.13", "bin/idle3", "include", "lib/pkgconfig", "lib/python3.13/test", "lib/python3.13/idlelib")
    assert [name for name in gone if (tree / name).exists() or (tree / name).is_symlink()] == []


def test_slim_keeps_what_runs(tree: Path) -> None:
    remove_needless(tree)
    kept = (
        "bin/python3.13",
        "lib/libz.so.1.3.1",
        "lib/python3.13/os.py",
        "lib/python3.13/site-packages/pip/__init__.py",
    )
    assert [name for name in kept if not (tree / name).is_file()] == []
    assert [path.name.split(".")[0] for path in tree.glob("lib/python3.13/lib-dynload/*")] == ["_ssl"]


def test_slim_leaves_no_bytecode_of_what_it_removed(tree: Path) -> None:
    remove_needless(tree)
    names = {path.name.split(".")[0] for path in tree.glob("lib/python3.13/__pycache__/*")}
    assert names == {"os"}


def test_bytecode_is_imported_without_its_source(tree: Path) -> None:
    keep_only_bytecode(tree)
    library = tree / "lib" / "python3.13"
    assert not (library / "os.py").exists()
    assert not list(library.rglob("__pycache__"))
    program = (
        f"import sys; sys.path.insert(0, {str(library)!r}); import somewhere.decoder as d; print(d.answer, d.__file__)"
    )
    out = subprocess.run([sys.executable, "-S", "-c", program], capture_output=True, text=True, check=True).stdout
    assert out.startswith("42 ")
    assert out.strip().endswith("decoder.pyc")


def test_size_counts_all_files(tree: Path) -> None:
    before = size_of(tree)
    (tree / "more").write_bytes(b"x" * 1000)
    assert size_of(tree) == before + 1000


def test_a_sysroot_is_made_anew_and_stamped_when_whole(tmp_path: Path) -> None:
    (tmp_path / "in/lib").mkdir(parents=True)
    (tmp_path / "in/lib/libz.so").write_text("z")
    pack_tree(tmp_path / "in", tmp_path / "zlib-1.tar.zst", epoch=0)
    stale = tmp_path / "sysroot/usr/lib/stale"
    stale.parent.mkdir(parents=True)
    stale.touch()
    make_sysroot([tmp_path / "zlib-1.tar.zst"], tmp_path / "sysroot", tmp_path / "sysroot.txt")
    assert (tmp_path / "sysroot/usr/lib/libz.so").read_text() == "z"
    assert not stale.exists()
    digest = hashlib.sha256((tmp_path / "zlib-1.tar.zst").read_bytes()).hexdigest()
    assert (tmp_path / "sysroot.txt").read_text() == f"{digest}  zlib-1.tar.zst\n"
