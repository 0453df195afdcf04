"""shared=1: a libpython, against which a program of the firmware's that embeds Python is compiled and runs."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from crosspython.elf.file import read_elf
from crosspython.store.tree import unpack_tree

from tests.target.test_rv1126 import BUNDLE, scons

# All that is built here is CPython: minutes on a busy machine.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]
PROGRAM = """\
#include <Python.h>
int main(void) {
    Py_Initialize();
    return PyRun_SimpleString("import ssl, sys; print(sys.version_info[:2], ssl.OPENSSL_VERSION_INFO[0])") != 0;
}
"""


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Python with a libpython, in a folder of its own: only CPython is built, the rest comes from the cache."""
    scons("target=rv1126")
    folder = tmp_path_factory.mktemp("shared")
    scons("target=rv1126", "shared=1", f"build={folder}")
    return folder / "rv1126"


@pytest.fixture(scope="module")
def tree(build: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("board")
    unpack_tree(build / BUNDLE.name, folder)
    return folder / "python"


def emulate(program: Path, tree: Path, *arguments: str, **environment: str) -> str:
    options = [word for name, value in environment.items() for word in ("-E", f"{name}={value}")]
    command = ["qemu-arm-static", "-L", "/usr/arm-linux-gnueabihf", *options, str(program), *arguments]
    return subprocess.run(command, cwd=tree, capture_output=True, text=True, check=True, timeout=120).stdout


def test_the_interpreter_takes_the_library_beside_it(tree: Path) -> None:
    elf = read_elf(tree / "bin" / "python3.13")
    assert elf is not None
    assert "libpython3.13.so.1.0" in elf.needed
    assert (
        emulate(elf.path, tree, "-c", "import sysconfig; print(sysconfig.get_config_var('Py_ENABLE_SHARED'))") == "1\n"
    )


def test_a_program_that_embeds_python_is_compiled_against_the_sysroot_and_runs(
    build: Path, tree: Path, tmp_path: Path
) -> None:
    (tmp_path / "app.c").write_text(PROGRAM)
    pkg_config = ["pkg-config", "--cflags", "--libs", "python3-embed"]
    places = {"PKG_CONFIG_LIBDIR": f"{build}/sysroot/usr/lib/pkgconfig", "PATH": os.environ["PATH"]}
    flags = subprocess.run(pkg_config, env=places, capture_output=True, text=True, check=True).stdout.split()
    subprocess.run(["arm-linux-gnueabihf-gcc", "app.c", *flags, "-o", "app"], cwd=tmp_path, check=True)
    out = emulate(tmp_path / "app", tree, LD_LIBRARY_PATH=str(tree / "lib"), PYTHONHOME=str(tree))
    assert out == "(3, 13) 3\n"
