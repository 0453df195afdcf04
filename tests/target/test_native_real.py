"""The build machine's own compiler, which does not see the libraries that are installed beside the libc;
and the Python that is built with it."""

from __future__ import annotations

import os
import subprocess
import tomllib
from pathlib import Path

import pytest
from crosspython.elf.file import find_elf_files
from crosspython.errors import HostToolError
from crosspython.recipes.release import Release, read_release
from crosspython.store.tree import unpack_tree
from crosspython.toolchain.native import make_native_toolchain, native_target
from crosspython.toolchain.wrapper import write_wrappers

from tests.conftest import REPOSITORY, TOOLS
from tests.target.test_rv1126 import BUILD, built

__all__ = ["built"]

# What glibc brings; what a module may need beyond is in the archive itself.
LIBC = {"libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1", "libutil.so.1", "ld-linux-x86-64.so.2"}
OWN = tomllib.loads((TOOLS / "crosspython/toolchain/native.toml").read_text())
MODULES = "import importlib.util, sys; print(*[n for n in sys.argv[1:] if importlib.util.find_spec(n)])"
WORK = """
import bz2, ctypes, ctypes.util, hashlib, lzma, sqlite3, zlib
for module in (zlib, bz2, lzma):
    assert module.decompress(module.compress(b"a")) == b"a"
assert sqlite3.connect(":memory:").execute("select 6 * 7").fetchone() == (42,)
assert ctypes.CDLL(None).abs(-3) == 3
for name in ("md5", "sha1", "sha256", "sha512", "sha3_256", "blake2b", "blake2s"):
    hashlib.new(name, b"a").hexdigest()
"""


@pytest.fixture(scope="module")
def compiler(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The wrapper of the build machine's gcc, and an empty sysroot."""
    folder = tmp_path_factory.mktemp("my, nätive")
    target = native_target()
    toolchain = make_native_toolchain(folder / "toolchain", target, os.environ["PATH"])
    write_wrappers(folder / "bin", toolchain, target)
    sysroot = folder / "sysroot"
    sysroot.mkdir()
    return ["env", f"CROSSPYTHON_SYSROOT={sysroot}", str(folder / "bin" / f"{target.triplet}-gcc")]


def compiles(compiler: list[str], folder: Path, code: str, *libraries: str) -> bool:
    command = [*compiler, "-x", "c", "-", "-o", str(folder / "program"), *libraries]
    return subprocess.run(command, input=code, capture_output=True, text=True, check=False).returncode == 0


def test_a_program_is_linked_with_the_libc_and_runs(compiler: list[str], tmp_path: Path) -> None:
    code = '#include <math.h>\n#include <pthread.h>\n#include <stdio.h>\nint main(void) { return puts("") < 0; }\n'
    assert compiles(compiler, tmp_path, code, "-lm", "-lpthread", "-ldl", "-lrt", "-lutil")
    assert subprocess.run([tmp_path / "program"], check=False).returncode == 0


def test_a_header_and_a_library_beside_the_libcs_are_not_seen(compiler: list[str], tmp_path: Path) -> None:
    """GCC passes libgcc's folder to the linker, and other installed libraries are beside it."""
    beside = Path(
        subprocess.run(["gcc", "-print-file-name=libc.so"], capture_output=True, text=True, check=True).stdout
    )
    others = {path.name[3:-3] for path in beside.parent.glob("lib*.so")} - set(OWN["libraries"])
    assert [name for name in sorted(others) if compiles(compiler, tmp_path, "int main;", f"-l{name}")] == []
    headers = {path.name for path in Path("/usr/include").glob("*.h")} & {"zlib.h", "crypt.h", "ffi.h", "sqlite3.h"}
    assert [name for name in headers if compiles(compiler, tmp_path, f"#include <{name}>\nint main;")] == []


def test_every_header_that_is_seen_finds_what_it_includes(compiler: list[str], tmp_path: Path) -> None:
    include = Path(compiler[-1]).parents[1] / "toolchain/usr/include"
    names = [str(path.relative_to(include)) for path in (*include.glob("*.h"), *include.glob("sys/*.h"))]
    assert len(names) > 100
    broken = []
    for name in names:
        command = [*compiler, "-D_GNU_SOURCE", "-E", "-x", "c", "-"]
        said = subprocess.run(command, input=f"#include <{name}>\n", capture_output=True, text=True, check=False).stderr
        broken += [said] if "No such file" in said else []
    assert broken == []


def test_a_machine_without_a_compiler_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(HostToolError, match=r"lacks programs: gcc, g\+\+, ld"):
        make_native_toolchain(tmp_path / "toolchain", native_target(), str(tmp_path))


@pytest.fixture(scope="module")
def release() -> Release:
    return read_release(REPOSITORY / "components/cpython", "3.13")


@pytest.fixture(scope="module")
def python(built: Path, release: Release, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build-python as wheels get it, in a folder that it was not made in."""
    (archive,) = (BUILD.parent / "build-machine/stages").glob(f"build-python-{release.version}-*.tar.zst")
    folder = tmp_path_factory.mktemp("build-python") / "moved"
    unpack_tree(archive, folder)
    return folder


@pytest.mark.slow
def test_build_python_has_exactly_the_declared_modules(python: Path, release: Release) -> None:
    asked = [*release.modules, *release.build_without, "_crypt", "nis", "ossaudiodev", "spwd"]
    run = subprocess.run([python / "bin/python3", "-c", MODULES, *asked], capture_output=True, text=True, check=True)
    assert set(run.stdout.split()) == set(release.build_modules)
    made = {path.name.split(".")[0] for path in python.glob("lib/python*/lib-dynload/*.so")}
    assert made <= set(release.build_modules)


@pytest.mark.slow
def test_build_python_needs_the_libc_and_what_it_brings(python: Path) -> None:
    own = {path.name for path in python.glob("lib/*.so*")}
    assert {name.split(".")[0] for name in own} == {"libbz2", "libffi", "liblzma", "libsqlite3", "libz"}
    needed = {name for elf in find_elf_files(python) for name in elf.needed}
    assert needed <= LIBC | own
    loaded = subprocess.run(
        ["ldd", *python.glob("lib/python*/lib-dynload/*.so")], capture_output=True, text=True, check=True
    )
    places = {line.split()[0]: line.split()[2] for line in loaded.stdout.splitlines() if "=>" in line}
    assert {name for name, place in places.items() if Path(place).is_relative_to(python)} == own & set(places)


@pytest.mark.slow
def test_build_python_works_in_another_folder(python: Path) -> None:
    subprocess.run([python / "bin/python3", "-I", "-c", WORK], env={}, check=True)
