"""CMake and Meson for the board: a library made by the one, found and used by a library made by the other."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path

import pytest
from crosspython.elf.file import ElfFile, find_elf_files
from crosspython.finish.python_tree import correct_build_details
from crosspython.hosttools import find_pinned
from crosspython.store.tree import unpack_tree

from tests.conftest import Project, pack

pytestmark = pytest.mark.slow

# The build machine may have zlib, Python and packages of its own: none may be found.
CMAKE = """\
cmake_minimum_required(VERSION 3.20)
project(base VERSION 1.0 LANGUAGES C CXX)
find_package(ZLIB)
find_library(CRYPTO crypto)
find_path(PYTHON_HEADER Python.h PATH_SUFFIXES python3.11)
if(ZLIB_FOUND OR CRYPTO OR PYTHON_HEADER)
    message(FATAL_ERROR "the build machine's: ${ZLIB_LIBRARIES} ${CRYPTO} ${PYTHON_HEADER}")
endif()
if(NOT CMAKE_CROSSCOMPILING OR NOT CMAKE_SYSTEM_PROCESSOR STREQUAL "armv7l")
    message(FATAL_ERROR "not for the board: ${CMAKE_SYSTEM_PROCESSOR}")
endif()
add_library(base base.c twice.cpp)
set_target_properties(base PROPERTIES VERSION 1.0 SOVERSION 1)
configure_file(base.pc.in base.pc @ONLY)
include(GNUInstallDirs)
install(TARGETS base)
install(FILES base.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/base.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
"""
PC = """\
prefix=@CMAKE_INSTALL_PREFIX@
libdir=${prefix}/lib
Name: base
Description: a toy
Version: 1.0
Libs: -L${libdir} -lbase
Cflags: -I${prefix}/include
"""
MESON = """\
project('user', 'c', version: '1.0')
assert(meson.is_cross_build() and host_machine.cpu_family() == 'arm' and host_machine.cpu() == 'armv7l')
assert(not dependency('zlib', required: false).found(), 'the build machine has zlib, and the sysroot has not')
library('user', 'user.c', dependencies: dependency('base'), install: true, version: '1.0')
"""
BASE = {
    "CMakeLists.txt": CMAKE,
    "base.pc.in": PC,
    "base.h": "int base(void);\n",
    "base.c": '#include "base.h"\nint twice(int);\nint base(void) { return twice(21); }\n',
    "twice.cpp": 'extern "C" int twice(int value) { return 2 * value; }\n',
}
USER = {"meson.build": MESON, "user.c": "#include <base.h>\nint user(void) { return base(); }\n"}
RECIPE = """\
Import("env")
sources = [dict(url="https://upstream.invalid/{name}-1.0.tar.gz", sha256="{sha256}")]
node = env.{kind}("{name}", "1.0", sources=sources, {options})
Return("node")
"""


def add(project: Project, kind: str, name: str, files: dict[str, str], options: str = "") -> str:
    """A recipe with its source. Returns the line that reads it."""
    data = pack(f"{name}-1.0", files)
    (project.mirror / f"{name}-1.0.tar.gz").write_bytes(data)
    (project.recipes / name).mkdir()
    sha256 = hashlib.sha256(data).hexdigest()
    (project.recipes / name / "SConscript").write_text(
        RECIPE.format(kind=kind, name=name, sha256=sha256, options=options)
    )
    return f'nodes.append(SConscript("{name}/SConscript"))'


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project(tmp_path_factory.mktemp("toys") / "project")
    read = (
        add(project, "CMake", "base", BASE),
        add(project, "Meson", "user", USER, 'depends=["base"]'),
    )
    lines = ('Import("env")', "nodes = []", *read, 'Return("nodes")')
    (project.recipes / "SConscript").write_text("\n".join(lines))
    project.scons("target=rv1126")
    return project


def library(project: Project, name: str, folder: Path) -> ElfFile:
    unpack_tree(project.stage(name), folder)
    (elf,) = find_elf_files(folder)
    return elf


def test_cmake_makes_a_library_for_the_board(built: Project, tmp_path: Path) -> None:
    elf = library(built, "base", tmp_path)
    assert (elf.machine, elf.float_abi, elf.soname) == ("EM_ARM", "hard", "libbase.so.1")


def test_meson_finds_in_the_sysroot_what_cmake_installed(built: Project, tmp_path: Path) -> None:
    elf = library(built, "user", tmp_path)
    assert (elf.machine, elf.float_abi) == ("EM_ARM", "hard")
    assert "libbase.so.1" in elf.needed


def test_the_rpath_is_the_one_that_was_reserved_for(built: Project, tmp_path: Path) -> None:
    assert library(built, "user", tmp_path).rpath == "$ORIGIN"


def test_ninja_took_its_jobs_from_the_pool(built: Project) -> None:
    for name in ("base", "user"):
        assert "ninja: Jobserver mode detected" in built.log(name).read_text()


def test_nothing_is_left_to_do(built: Project) -> None:
    built.scons("-q", "target=rv1126")


def test_meson_takes_the_build_details_of_a_static_python(tmp_path: Path) -> None:
    library, project = tmp_path / "opt/lib/python3.14", tmp_path / "project"
    for folder in (library, tmp_path / "opt/include/python3.14", tmp_path / "opt/lib/pkgconfig", project):
        folder.mkdir(parents=True)
    (tmp_path / "opt/include/python3.14/Python.h").touch()
    pc = f"Name: Python\nDescription: -\nVersion: 3.14\nCflags: -I{tmp_path}/opt/include/python3.14\n"
    (tmp_path / "opt/lib/pkgconfig/python-3.14.pc").write_text(pc)
    version = {"major": 3, "minor": 14, "micro": 7, "releaselevel": "final", "serial": 0}
    details = {  # as CPython's generator writes it where there is no libpython
        "schema_version": "1.0",
        "base_prefix": "/opt/python",
        "platform": "linux-arm",
        "language": {"version": "3.14", "version_info": version},
        "implementation": {"name": "cpython", "version": version},
        "abi": {"flags": []},
        "suffixes": {"extensions": [".cpython-314-x86_64-linux-gnu.so", ".abi3.so", ".so"]},
        "c_api": {"headers": "/opt/python/include/python3.14", "pkgconfig_path": "/opt/python/lib/pkgconfig"},
    }
    (library / "build-details.json").write_text(json.dumps(details))
    variables = {"EXT_SUFFIX": ".cpython-314-arm-linux-gnueabihf.so", "LIBPYTHON": ""}
    (library / "_sysconfigdata__linux_x.py").write_text(f"build_time_vars = {variables}\n")
    correct_build_details(library, "armv7l")
    (project / "meson.build").write_text(
        "project('toy', 'c')\nimport('python').find_installation('python3').extension_module('toy', 'toy.c')\n"
    )
    (project / "toy.c").write_text("int x;\n")
    setup = ["setup", "out", f"-Dpython.build_config={library}/build-details.json"]
    run = subprocess.run(
        [find_pinned(("meson",))["meson"], *setup], cwd=project, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout
    assert "toy.cpython-314-arm-linux-gnueabihf.so" in (project / "out/build.ninja").read_text()
