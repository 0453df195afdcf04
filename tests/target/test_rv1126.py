"""The real thing: what `scons target=rv1126` made, looked at file by file, linked against and run in the emulator.

The first test that needs it builds it, which takes minutes; after the README's first command it is there already.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from crosspython.elf.file import find_elf_files
from crosspython.finish.bytecode import has_bytecode
from crosspython.store.tree import unpack_tree

from tests.conftest import REPOSITORY

pytestmark = pytest.mark.slow
BUILD = REPOSITORY / "build" / "rv1126"
BUNDLE = BUILD / "python-3.13.5-rv1126.tar.gz"

LICENSED = {"bzip2", "cpython", "libedit", "libffi", "libuuid", "ncurses", "openssl", "sqlite", "xz", "zlib"}


def scons(*arguments: str) -> str:
    command = [sys.executable, "-m", "SCons", "-Q", *arguments]
    run = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=3000, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


@pytest.fixture(scope="session")
def built() -> Path:
    scons("target=rv1126")
    return BUILD


@pytest.fixture(scope="session")
def tree(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("board")
    unpack_tree(BUNDLE, folder)
    return folder / "python"


def test_the_bundle_has_one_folder_at_the_top(built: Path) -> None:
    with tarfile.open(BUNDLE) as tar:
        assert {name.split("/")[0] for name in tar.getnames()} == {"python"}


def test_no_file_names_the_build_machines_folders(tree: Path) -> None:
    forbidden = str(BUILD).encode()
    guilty = [path for path in tree.rglob("*") if path.is_file() and forbidden in path.read_bytes()]
    assert guilty == []


def test_every_elf_file_is_for_the_board(tree: Path) -> None:
    files = list(find_elf_files(tree))
    assert len(files) > 50
    assert {(elf.machine, elf.float_abi) for elf in files} == {("EM_ARM", "hard")}


def test_every_rpath_is_relative_and_every_needed_library_is_there(tree: Path) -> None:
    own = {path.name for path in tree.glob("lib/*.so*")}
    for elf in find_elf_files(tree):
        assert not elf.has_runpath, elf
        assert elf.rpath is None or elf.rpath == "" or elf.rpath.startswith("$ORIGIN"), elf
        if own & set(elf.needed):
            assert elf.rpath, elf.path


def test_libraries_that_a_start_script_names_do_not_come_before_ours(tree: Path, tmp_path: Path) -> None:
    for name in ("libcrypto.so.3", "libssl.so.3", "libsqlite3.so.0"):
        (tmp_path / name).symlink_to(next(tree.glob("lib/libffi.so.*")))
    qemu = ["qemu-arm-static", "-L", "/usr/arm-linux-gnueabihf", "-E", f"LD_LIBRARY_PATH={tmp_path}"]
    program = "import ssl, sqlite3; print(ssl.OPENSSL_VERSION, sqlite3.sqlite_version)"
    run = subprocess.run([*qemu, tree / "bin/python3.13", "-c", program], capture_output=True, text=True, check=False)
    assert run.returncode == 0 and run.stdout.startswith("OpenSSL 3.5.7"), run.stderr


def test_the_licences_of_all_that_is_there_lie_in_it_and_none_is_the_gpl(built: Path, tree: Path) -> None:
    names = {path.name for path in (tree / "share/licenses").iterdir() if any(path.iterdir())}
    assert names == LICENSED
    assert not list(tree.glob("lib/libreadline*")) and list(tree.glob("lib/libedit.so.*"))
    summary = (built / "python-3.13.5-rv1126.txt").read_text()
    assert "BSD-3-Clause (libedit, libuuid)" in summary and "GPL-3" not in summary


def test_the_interpreter_is_static(tree: Path) -> None:
    (python,) = [elf for elf in find_elf_files(tree) if elf.path.name == "python3.13"]
    assert not any(name.startswith("libpython") for name in python.needed)


def test_bytecode_is_valid_whatever_time_its_source_bears(tree: Path) -> None:
    """PEP 552: 1 is by hash and not checked, 3 by hash and checked."""
    flags: dict[bool, set[int]] = {True: set(), False: set()}
    for path in tree.glob("lib/python3.13/**/*.pyc"):
        flags["site-packages" in path.parts].add(int.from_bytes(path.read_bytes()[4:8], "little"))
    assert flags == {False: {1}, True: {3}}
    sources = [path for path in tree.glob("lib/python3.13/**/*.py") if "test" not in path.parts]
    assert [path for path in sources if not has_bytecode(path) and "lib2to3" not in path.parts] == []


def test_cpythons_tests_lie_in_an_archive_beside_it(tree: Path) -> None:
    assert not (tree / "lib/python3.13/test").exists() and not (tree / "lib/python3.13/idlelib").exists()
    with tarfile.open(BUILD / "python-3.13.5-rv1126-tests.tar.gz") as tar:
        names = set(tar.getnames())
    assert {"python/lib/python3.13/test/test_os.py", "python/lib/python3.13/idlelib/idle.py"} <= names
    assert not names & {path.relative_to(tree.parent).as_posix() for path in tree.rglob("*") if path.is_file()}


def test_debug_symbols_are_kept_apart(built: Path) -> None:
    scons("target=rv1126", "debug")
    assert (built / "stages/cpython-3.13.5.debug.tar.zst").stat().st_size > 1_000_000


def test_firmware_links_against_the_sysroot_and_runs(built: Path, tree: Path, tmp_path: Path) -> None:
    (tmp_path / "app.c").write_text(
        "#include <stdio.h>\n#include <zlib.h>\n#include <openssl/crypto.h>\n"
        'int main(void) { printf("%s %s\\n", zlibVersion(), OpenSSL_version(OPENSSL_VERSION)); return 0; }\n'
    )
    compiler = ["arm-linux-gnueabihf-gcc", f"--sysroot={built / 'sysroot'}", "-o", "app", "app.c", "-lcrypto", "-lz"]
    subprocess.run(compiler, cwd=tmp_path, check=True)
    command = ["qemu-arm-static", "-L", "/usr/arm-linux-gnueabihf", "-E", f"LD_LIBRARY_PATH={tree / 'lib'}", "./app"]
    out = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert out.startswith("1.3.1 OpenSSL 3.5.7")


def test_pkg_config_files_are_relocatable(built: Path, tmp_path: Path) -> None:
    moved = tmp_path / "moved" / "usr"
    shutil.copytree(built / "sysroot" / "usr" / "lib" / "pkgconfig", moved / "lib" / "pkgconfig")
    environment = {"PKG_CONFIG_LIBDIR": str(moved / "lib" / "pkgconfig"), "PATH": "/usr/bin:/bin"}
    command = ["pkg-config", "--variable=includedir", "zlib"]
    out = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    assert Path(out.strip()).resolve() == (moved / "include").resolve()


def test_nothing_is_left_to_do(built: Path) -> None:
    scons("-q", "target=rv1126")


def test_slim_says_what_it_saved_and_still_runs(built: Path, tmp_path: Path) -> None:
    output = scons("target=rv1126", "slim=pyc", "bundle")
    try:
        assert "slim=pyc saved" in output
        assert "ssh root@BOARD" in output
        unpack_tree(BUNDLE, tmp_path)
        assert not list(tmp_path.rglob("*.py"))
        python = tmp_path / "python/bin/python3.13"
        command = [
            "qemu-arm-static",
            "-L",
            "/usr/arm-linux-gnueabihf",
            str(python),
            "-c",
            "import ssl, json, pip; print(json.dumps(ssl.OPENSSL_VERSION))",
        ]
        out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert json.loads(out).startswith("OpenSSL 3.5.7")
    finally:
        scons("target=rv1126")
