"""The content of a bundle: the files that slim=1 leaves out, bytecode without its source,
and conflicts of two archives."""

from __future__ import annotations

import compileall
import hashlib
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest
from crosspython.builders.products import archive_of_tests
from crosspython.errors import ArchiveError, AuditError
from crosspython.finish.python_tree import is_test
from crosspython.run.jobserver import Jobserver
from crosspython.run.signals import Stop
from crosspython.stages.bundle import BundleReport, make_bundle, make_sysroot
from crosspython.stages.private_libc import PrivateLibc
from crosspython.store.tree import pack_tree, unpack_tree

from tests.unit.made_elf import ET_EXEC, make_elf

LIBZ = "lib/libz.so.1.3.1"
BOARD = ("libc.so.6",)


@pytest.fixture
def stage(tmp_path: Path) -> Path:
    """A Python's stage archive."""
    tree = tmp_path / "tree"
    for name in (
        "bin/python3.13",
        "bin/idle3.13",
        "bin/python3.13-config",
        "include/python3.13/Python.h",
        "lib/pkgconfig/python3.pc",
        "lib/python3.13/os.py",
        "lib/python3.13/pydoc.py",
        "lib/python3.13/test/test_os.py",
        "lib/python3.13/idlelib/idle.py",
        "lib/python3.13/turtle.py",
        "lib/python3.13/ensurepip/__init__.py",
        "lib/python3.13/somewhere/decoder.py",
        "lib/python3.13/config-3.13-arm-linux-gnueabihf/Makefile",
        "lib/python3.13/lib-dynload/_ssl.cpython-313-arm-linux-gnueabihf.so",
        "lib/python3.13/lib-dynload/_testcapi.cpython-313-arm-linux-gnueabihf.so",
        "lib/python3.13/site-packages/pip/__init__.py",
    ):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text("answer = 42\n")
    (tree / "bin/python3.13").write_bytes(make_elf(needed=["libc.so.6"], interpreter="/lib/ld-linux-armhf.so.3"))
    (tree / "bin/python3.13").chmod(0o755)
    (tree / "bin/idle3").symlink_to("idle3.13")
    (tree / "bin/python3").symlink_to("python3.13")
    compileall.compile_dir(tree / "lib", quiet=1, legacy=False)
    pack_tree(tree, tmp_path / "cpython-3.13.5.tar.zst", epoch=0)
    return tmp_path / "cpython-3.13.5.tar.zst"


def library(tmp_path: Path, name: str = "zlib-1.3.1", **files: str) -> Path:
    """Another component's stage archive."""
    tree = tmp_path / name
    for path, text in {LIBZ: "z", "include/zlib.h": "", **files}.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_text(text)
    pack_tree(tree, tmp_path / f"{name}.tar.zst", epoch=0)
    return tmp_path / f"{name}.tar.zst"


def make(stage: Path, parts: dict[Path, tuple[str, ...]], product: Path, slim: str = "0", **more: Any) -> BundleReport:
    """Make a bundle for a board that has a libc."""
    work = product.parent / "work"
    choices: dict[str, Any] = {"prefix": "/opt/python", "slim": slim, "board_libraries": ("libc.so.6",), "work": work}
    return make_bundle(stage, parts, product, archive_of_tests(product), **choices | more)


def bundle(tmp_path: Path, stage: Path, slim: str = "0", **more: str) -> tuple[Path, BundleReport]:
    """The tree on the board, and the report."""
    product = tmp_path / f"python-slim-{slim}.tar.gz"
    parts = {library(tmp_path, **more): ("lib/lib*.so.*",)}
    report = make(stage, parts, product, slim)
    unpack_tree(product, tmp_path / f"board-{slim}")
    assert list((tmp_path / "work").iterdir()) == []
    return tmp_path / f"board-{slim}/python", report


def files_below(tree: Path) -> set[str]:
    return {path.relative_to(tree).as_posix() for path in tree.rglob("*") if path.is_symlink() or not path.is_dir()}


def test_a_bundle_holds_all_of_python_and_what_ships_of_the_others(tmp_path: Path, stage: Path) -> None:
    tree, report = bundle(tmp_path, stage)
    assert files_below(tree) == {name for name in files_below(tmp_path / "tree") if not is_test(name)} | {LIBZ}
    assert (tree / "bin/python3.13").read_bytes() == (tmp_path / "tree/bin/python3.13").read_bytes()
    assert os.access(tree / "bin/python3.13", os.X_OK) and not os.access(tree / "lib/python3.13/os.py", os.X_OK)
    assert (tree / "bin/python3").readlink() == Path("python3.13")
    sizes = [os.lstat(tree / name).st_size for name in files_below(tree) if not (tree / name).is_symlink()]
    assert (report.unpacked, report.saved) == (sum(sizes), 0)
    assert report.archive == (tmp_path / "python-slim-0.tar.gz").stat().st_size
    assert (report.needs.machines, report.needs.libraries) == (("EM_ARM",), ("libc.so.6",))


def private_libc(tmp_path: Path) -> PrivateLibc:
    files = {
        "ld-linux-armhf.so.3": make_elf(soname="ld-linux-armhf.so.3"),
        "libc.so.6": make_elf(soname="libc.so.6", needed=["ld-linux-armhf.so.3"]),
        "starter": make_elf(kind=ET_EXEC),
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    return PrivateLibc(
        {f"lib/private/{name}": tmp_path / name for name in files if name != "starter"},
        "ld-linux-armhf.so.3",
        tmp_path / "starter",
    )


@pytest.mark.parametrize("slim", ["0", "pyc"])
def test_a_bundle_with_its_own_libc_needs_nothing_of_the_board(tmp_path: Path, stage: Path, slim: str) -> None:
    product = tmp_path / "private.tar.gz"
    report = make(stage, {}, product, slim, private=private_libc(tmp_path))
    unpack_tree(product, tmp_path / "board")
    tree = tmp_path / "board/python"
    assert (report.needs.interpreters, report.needs.libraries) == ((), ())
    assert (tree / "bin/python3.13").read_bytes() == (tmp_path / "starter").read_bytes()
    assert (tree / "libexec/python3.13").read_bytes() == (tmp_path / "tree/bin/python3.13").read_bytes()
    assert (tree / "lib/private/python3.13").readlink() == Path("ld-linux-armhf.so.3")
    assert (tree / "lib/private/libc.so.6").read_bytes() == (tmp_path / "libc.so.6").read_bytes()
    for program in ("bin/python3.13", "libexec/python3.13", "lib/private/python3.13"):
        assert os.access(tree / program, os.X_OK)
    assert not (tree / "lib/python3.13/_ctypes.py").exists(), "it has no _ctypes to guard"


def test_a_library_that_such_a_bundle_lacks_is_named(tmp_path: Path, stage: Path) -> None:
    """libgcc_s is one that each board has; here the bundle has to have it."""
    other = tmp_path / "other"
    (other / "lib").mkdir(parents=True)
    (other / "lib/libother.so.1").write_bytes(make_elf(soname="libother.so.1", needed=["libgcc_s.so.1"]))
    pack_tree(other, tmp_path / "other.tar.zst", epoch=0)
    parts = {tmp_path / "other.tar.zst": ("lib/lib*.so.*",)}
    board = ("libc.so.6", "libgcc_s.so.1")
    make(stage, parts, tmp_path / "boards.tar.gz", board_libraries=board)
    with pytest.raises(AuditError) as caught:
        make(stage, parts, tmp_path / "own.tar.gz", board_libraries=board, private=private_libc(tmp_path))
    assert "libgcc_s.so.1" in "\n".join(caught.value.evidence)


def test_ctypes_of_such_a_bundle_is_guarded(tmp_path: Path, stage: Path) -> None:
    extension = tmp_path / "tree/lib/python3.13/lib-dynload/_ctypes.cpython-313-arm-linux-gnueabihf.so"
    extension.write_bytes(make_elf(needed=["libc.so.6"]))
    pack_tree(tmp_path / "tree", stage, epoch=0)
    make(stage, {}, tmp_path / "private.tar.gz", "pyc", private=private_libc(tmp_path))
    unpack_tree(tmp_path / "private.tar.gz", tmp_path / "board")
    library = tmp_path / "board/python/lib/python3.13"
    assert "libc=private" in (library / "_ctypes.py").read_text()
    assert (library / "lib-dynload" / extension.name).is_file()


def test_the_texts_of_licences_ship_whatever_else_does(tmp_path: Path, stage: Path) -> None:
    for slim in ("0", "1"):
        tree, _ = bundle(
            tmp_path, stage, slim, **{"share/licenses/zlib/LICENSE": "as is", "share/man/zlib.3": "manual"}
        )
        assert (tree / "share/licenses/zlib/LICENSE").read_text() == "as is"
        assert not (tree / "share/man").exists()


def test_folders_come_before_what_they_hold_and_only_once(tmp_path: Path, stage: Path) -> None:
    bundle(tmp_path, stage)
    with tarfile.open(tmp_path / "python-slim-0.tar.gz") as tar:
        names = [member.name for member in tar]
    assert names[0] == "python" and len(set(names)) == len(names)
    places = {name: place for place, name in enumerate(names)}
    assert all(places[os.path.dirname(name)] < place for name, place in places.items() if name != "python")


@pytest.mark.parametrize("slim", ["0", "1", "pyc"])
def test_cpythons_own_tests_are_an_archive_of_their_own(tmp_path: Path, stage: Path, slim: str) -> None:
    tree, report = bundle(tmp_path, stage, slim)
    tests = {
        "bin/idle3",
        "bin/idle3.13",
        "lib/python3.13/idlelib/idle.py",
        "lib/python3.13/turtle.py",
        "lib/python3.13/lib-dynload/_testcapi.cpython-313-arm-linux-gnueabihf.so",
        "lib/python3.13/test/test_os.py",
    }
    assert not tests & files_below(tree)
    unpack_tree(tmp_path / f"python-slim-{slim}-tests.tar.gz", tmp_path / "tests")
    brought = files_below(tmp_path / "tests/python")
    assert tests == {name for name in brought if not name.endswith(".pyc")}
    assert any(name.endswith(".pyc") for name in brought)
    paths = [tmp_path / "tests/python" / name for name in brought]
    assert report.tests == sum(path.stat().st_size for path in paths if not path.is_symlink())


def test_a_package_of_the_name_tests_is_none_of_cpythons_tests() -> None:
    assert is_test("lib/python3.9/ctypes/test/__init__.py") and is_test("lib/python3.13/test")
    assert not is_test("lib/python3.13/site-packages/tests/__init__.py")
    assert not is_test("lib/python3.13/unittest/case.py") and not is_test("lib/libtest.so.1")


def test_slim_leaves_out_what_a_board_does_not_need(tmp_path: Path, stage: Path) -> None:
    tree, _ = bundle(tmp_path, stage, "1")
    gone = ("bin/python3.13-config", "include", "lib/pkgconfig", "lib/python3.13/pydoc.py", "lib/python3.13/ensurepip")
    assert [name for name in gone if os.path.lexists(tree / name)] == []


def test_slim_keeps_what_runs(tmp_path: Path, stage: Path) -> None:
    tree, _ = bundle(tmp_path, stage, "1")
    kept = (
        "bin/python3",
        "bin/python3.13",
        LIBZ,
        "lib/python3.13/os.py",
        "lib/python3.13/site-packages/pip/__init__.py",
    )
    assert [name for name in kept if not (tree / name).is_file()] == []
    assert [path.name.split(".")[0] for path in tree.glob("lib/python3.13/lib-dynload/*")] == ["_ssl"]


def test_slim_leaves_no_bytecode_of_what_it_removed(tmp_path: Path, stage: Path) -> None:
    tree, _ = bundle(tmp_path, stage, "1")
    assert {path.name.split(".")[0] for path in tree.glob("lib/python3.13/__pycache__/*")} == {"os"}


@pytest.mark.parametrize("slim", ["1", "pyc"])
def test_what_slimming_saves_is_counted(tmp_path: Path, stage: Path, slim: str) -> None:
    _, whole = bundle(tmp_path, stage)
    tree, report = bundle(tmp_path, stage, slim)
    sizes = [os.lstat(tree / name).st_size for name in files_below(tree) if not (tree / name).is_symlink()]
    assert report.unpacked == sum(sizes)
    assert report.saved == whole.unpacked - report.unpacked > 0


def test_bytecode_is_imported_without_its_source(tmp_path: Path, stage: Path) -> None:
    tree, _ = bundle(tmp_path, stage, "pyc")
    library = tree / "lib/python3.13"
    assert not (library / "os.py").exists()
    assert not list(library.rglob("__pycache__"))
    program = (
        f"import sys; sys.path.insert(0, {str(library)!r}); import somewhere.decoder as d; print(d.answer, d.__file__)"
    )
    out = subprocess.run([sys.executable, "-S", "-c", program], capture_output=True, text=True, check=True).stdout
    assert out.startswith("42 ")
    assert out.strip().endswith("decoder.pyc")


def test_two_components_may_bring_the_same_file(tmp_path: Path, stage: Path) -> None:
    tree, _ = bundle(tmp_path, stage, **{"lib/libz.so.1.python": "answer = 42\n"})
    assert (tree / "lib/libz.so.1.python").is_file()
    more = {library(tmp_path, "one-1"): ("lib/lib*",), library(tmp_path, "two-2"): ("lib/lib*",)}
    make(stage, more, tmp_path / "x.tar.gz")
    with tarfile.open(tmp_path / "x.tar.gz") as tar:
        assert [member.name for member in tar].count(f"python/{LIBZ}") == 1


def test_two_components_that_differ_about_a_file_are_told(tmp_path: Path, stage: Path) -> None:
    parts = {library(tmp_path, "one-1"): ("lib/lib*",), library(tmp_path, "two-2", **{LIBZ: "other"}): ("lib/lib*",)}
    with pytest.raises(ArchiveError) as caught:
        make(stage, parts, tmp_path / "x.tar.gz")
    assert caught.value.what.startswith("two-2.tar.zst contains a file that another component has installed")
    assert caught.value.expected == f"{LIBZ} as in one-1.tar.zst"
    assert not (tmp_path / "x.tar.gz").exists()


def test_a_damaged_stage_is_told(tmp_path: Path, stage: Path) -> None:
    stage.write_bytes(stage.read_bytes()[:-200])
    with pytest.raises(ArchiveError, match="damaged archive") as caught:
        make(stage, {}, tmp_path / "x.tar.gz")
    assert caught.value.next == "remove the file and build again"
    assert not (tmp_path / "x.tar.gz").exists()


def test_cores_do_not_show(tmp_path: Path, stage: Path) -> None:
    bundle(tmp_path, stage)
    stop, product = Stop(), tmp_path / "beside.tar.gz"
    parts = {tmp_path / "zlib-1.3.1.tar.zst": ("lib/lib*.so.*",)}
    with Jobserver(3, tmp_path, makeflags="", stop=stop) as pool, pool.token():
        make(stage, parts, product, beside=pool.beside)
    stop.close()
    assert product.read_bytes() == (tmp_path / "python-slim-0.tar.gz").read_bytes()


def test_a_sysroot_is_made_anew_and_stamped_when_whole(tmp_path: Path) -> None:
    (tmp_path / "in/lib").mkdir(parents=True)
    (tmp_path / "in/lib/libz.so").write_text("z")
    pack_tree(tmp_path / "in", tmp_path / "zlib-1.tar.zst", epoch=0)
    stale = tmp_path / "sysroot/usr/lib/stale"
    stale.parent.mkdir(parents=True)
    stale.touch()
    make_sysroot([tmp_path / "zlib-1.tar.zst"], tmp_path / "sysroot", tmp_path / "sysroot.txt", BOARD)
    assert (tmp_path / "sysroot/usr/lib/libz.so").read_text() == "z"
    assert not stale.exists()
    digest = hashlib.sha256((tmp_path / "zlib-1.tar.zst").read_bytes()).hexdigest()
    assert (tmp_path / "sysroot.txt").read_text() == f"{digest}  zlib-1.tar.zst\n"


def archive(tmp_path: Path, name: str, files: dict[str, bytes], links: dict[str, str]) -> Path:
    tree = tmp_path / f"{name}.tree"
    for path, data in files.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_bytes(data)
    for path, target in links.items():
        (tree / path).symlink_to(target)
    pack_tree(tree, tmp_path / f"{name}.tar.zst", epoch=0)
    return tmp_path / f"{name}.tar.zst"


def python_and_zlib(tmp_path: Path, needed: str) -> tuple[Path, Path]:
    """A Python whose module needs a library by a name, and a zlib that is linked with by two names."""
    module = make_elf(needed=[needed], rpath="$ORIGIN/../..")
    python = archive(tmp_path, "cpython-3.13.5", {"lib/python3.13/lib-dynload/zlib.so": module}, {})
    links = {"lib/libz.so.1": "libz.so.1.3.1", "lib/libz.so": "libz.so.1"}
    return python, archive(tmp_path, "zlib-1.3.1", {LIBZ: make_elf(soname="libz.so.1")}, links)


@pytest.mark.parametrize("slim", ["0", "1", "pyc"])
def test_a_library_is_found_by_a_link_that_ships(tmp_path: Path, slim: str) -> None:
    python, zlib = python_and_zlib(tmp_path, "libz.so.1")
    parts, product = {zlib: ("lib/lib*.so.*",)}, tmp_path / "x.tar.gz"
    make(python, parts, product, slim)
    make_sysroot([python, zlib], tmp_path / "sysroot", tmp_path / "sysroot.txt", BOARD)


def test_a_name_that_does_not_ship_is_told_and_no_bundle_is_left(tmp_path: Path) -> None:
    python, zlib = python_and_zlib(tmp_path, "libz.so")
    parts, product = {zlib: ("lib/lib*.so.*",)}, tmp_path / "x.tar.gz"
    with pytest.raises(
        AuditError, match=r"x\.tar\.gz: the build made files that would not work on the board"
    ) as caught:
        make(python, parts, product)
    assert caught.value.evidence == (
        "lib/python3.13/lib-dynload/zlib.so needs libz.so, which neither the prefix nor the board has",
    )
    assert caught.value.next is not None and "ships" in caught.value.next
    assert not product.exists()


def test_a_sysroot_holds_what_its_own_libraries_need(tmp_path: Path) -> None:
    python, _ = python_and_zlib(tmp_path, "libz.so.1")
    with pytest.raises(AuditError, match="sysroot: the build made files that would not work on the board") as caught:
        make_sysroot([python], tmp_path / "sysroot", tmp_path / "sysroot.txt", BOARD)
    assert "needs libz.so.1" in caught.value.evidence[0]
    assert not (tmp_path / "sysroot.txt").exists()
