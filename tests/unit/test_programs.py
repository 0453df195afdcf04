"""Programs by their bare names: they answer for the board or not at all,
and the build machine's has a name of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from crosspython.toolchain.native import build_triplet
from crosspython.toolchain.programs import (
    NATIVE_LINKS,
    NATIVE_SWITCH,
    find_pkg_config,
    native_tools,
    write_config_programs,
    write_programs,
    write_refusals,
)

TRIPLET = "arm-linux-gnueabihf"
# As Buildroot's host/bin/pkg-config: its own sysroot, unless another one is named.
BUILDROOTS = '#!/bin/sh\nPKG_CONFIG_SYSROOT_DIR=${PKG_CONFIG_SYSROOT_DIR:-/sdk} exec REAL "$@"\n'


class Bin:
    """A build's folder of programs, and a build machine whose programs are in another folder.

    That one has no more programs than what our scripts call, as looking at all of this machine's takes a while.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.machine = folder / "bin", folder / "machine"
        self.folder.mkdir()
        for tool in ("sh", "env", "dirname", "pkg-config"):
            self._link(folder / "few", tool)
        self.machine.mkdir()
        self.path = f"{self.machine}:{folder / 'few'}"

    def _link(self, folder: Path, tool: str) -> None:
        program = shutil.which(tool)
        assert program is not None
        folder.mkdir(exist_ok=True)
        (folder / tool).symlink_to(program)

    def has(self, name: str, text: str = "") -> None:
        """A program of the build machine, which says who it is."""
        self._write(self.machine / name, text or f'#!/bin/sh\necho "the build machine\'s {name}" "$@"\n')

    def wraps(self, tool: str) -> None:
        """A compiler wrapper."""
        self._write(self.folder / f"{TRIPLET}-{tool}", f'#!/bin/sh\necho "the board\'s {tool}" "$@"\n')

    def run(self, name: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        write_programs(self.folder, TRIPLET, self.path)
        write_refusals(self.folder, TRIPLET, self.path)
        env = {"PATH": f"{self.folder}:{self.path}", **environment}
        return subprocess.run([name, *arguments], env=env, capture_output=True, text=True, check=False)

    def _write(self, path: Path, text: str) -> None:
        path.write_text(text)
        path.chmod(0o755)


@pytest.fixture
def programs(tmp_path: Path) -> Bin:
    return Bin(tmp_path)


@pytest.mark.parametrize("tool", ["gcc", "cc", "g++", "ld", "ar", "strip", "cpp"])
def test_a_bare_name_means_the_boards_tool(programs: Bin, tool: str) -> None:
    programs.wraps(tool)
    programs.has(tool)
    assert programs.run(tool, "-v").stdout == f"the board's {tool} -v\n"


@pytest.mark.parametrize("tool", ["gcc", "g++", "ar", "ld"])
def test_the_build_machines_tool_has_autoconfs_name(programs: Bin, tool: str) -> None:
    programs.wraps(tool)
    programs.has(tool)
    assert programs.run(f"{build_triplet()}-{tool}", "x").stdout == f"the build machine's {tool} x\n"
    variable = {"gcc": "CC", "g++": "CXX"}.get(tool, tool.upper()) + "_FOR_BUILD"
    assert native_tools(programs.path)[variable] == f"{build_triplet()}-{tool}"


def test_a_native_compiler_finds_the_build_machines_assembler_on_path(programs: Bin) -> None:
    for tool in ("gcc", "as"):
        programs.wraps(tool)
    programs.has("as")
    programs.has("gcc", '#!/bin/sh\nexec as "$@"\n')
    assert programs.run(f"{build_triplet()}-gcc", "x.s").stdout == "the build machine's as x.s\n"


@pytest.mark.parametrize("tool", ["gcc", "ld"])
def test_a_package_may_ask_for_the_build_machines_by_bare_names(programs: Bin, tool: str) -> None:
    programs.wraps(tool)
    programs.has(tool)
    assert programs.run(tool, **{NATIVE_SWITCH: "build"}).stdout.startswith("the build machine's")


@pytest.mark.parametrize("tool", ["gcc", "g++", "cpp", "gcc-ar", "ld"])
def test_a_name_with_a_version_means_the_boards_tool_as_well(programs: Bin, tool: str) -> None:
    programs.wraps(tool)
    programs.has(f"{tool}-98")
    assert programs.run(f"{tool}-98", "-v").stdout == f"the board's {tool} -v\n"
    assert programs.run(f"{tool}-98", **{NATIVE_SWITCH: "build"}).stdout == f"the build machine's {tool}-98\n"


@pytest.mark.parametrize("name", [f"{os.uname().machine}-linux-gnu-gcc", f"{os.uname().machine}-redhat-linux-g++-98"])
def test_a_compiler_by_the_build_machines_triplet_refuses_until_the_second_try(
    programs: Bin, tmp_path: Path, name: str
) -> None:
    for tool in ("gcc", "g++"):
        programs.wraps(tool)
    programs.has(name)
    done = programs.run(name, "-lz", **{NATIVE_LINKS: str(tmp_path / "linked")})
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"crosspython: {name}: this is the build machine's")
    assert (tmp_path / "linked").exists()
    assert programs.run(name, **{NATIVE_SWITCH: "build"}).stdout == f"the build machine's {name}\n"


def test_a_wrapper_keeps_a_name_that_looks_like_the_build_machines(programs: Bin) -> None:
    """As for a board of the build machine's own kind."""
    triplet = f"{os.uname().machine}-linux-gnu"
    programs.wraps("gcc")
    (programs.folder / f"{TRIPLET}-gcc").rename(programs.folder / f"{triplet}-gcc")
    programs.has(f"{triplet}-gcc")
    assert programs.run(f"{triplet}-gcc").stdout == "the board's gcc\n"


def test_what_only_reads_files_is_left_alone(programs: Bin) -> None:
    programs.has("objdump-98")
    assert programs.run("objdump-98").stdout == "the build machine's objdump-98\n"


@pytest.mark.parametrize(
    ("words", "is_program"),
    [
        ("gen.c -o gen", True),
        ("a.o b.o -o gen -lm", True),
        ("-c a.c", False),
        ("-shared a.o -o a.so", False),
        ("-E a.c", False),
        ("-Wl,-t -o out -lzstd", False),
        ("-dumpmachine", False),
    ],
)
def test_it_is_noted_when_gcc_links_a_program(programs: Bin, tmp_path: Path, words: str, is_program: bool) -> None:
    programs.wraps("gcc")
    programs.has("gcc")
    programs.run("gcc", *words.split(), **{NATIVE_LINKS: str(tmp_path / "linked")})
    assert (tmp_path / "linked").exists() is is_program


@pytest.mark.parametrize("name", ["xml2-config", "python3-config", "pg_config", "gfortran", "c99", "clang"])
def test_what_would_answer_for_the_build_machine_refuses_by_name(programs: Bin, name: str) -> None:
    programs.has(name)
    done = programs.run(name, "--cflags", **{NATIVE_LINKS: str(programs.folder / "linked")})
    assert (done.returncode, done.stdout) == (1, "")
    assert not (programs.folder / "linked").exists()  # no second try would help
    assert done.stderr.startswith(f"crosspython: {name}: this is the build machine's")


def test_a_program_of_the_sysroot_does_not_refuse(programs: Bin) -> None:
    programs.has("x-config")
    (programs.folder / "x-config").write_text("#!/bin/sh\necho of the sysroot\n")
    (programs.folder / "x-config").chmod(0o755)
    assert programs.run("x-config").stdout == "of the sysroot\n"


def test_ldconfig_knows_no_library(programs: Bin) -> None:
    done = programs.run("ldconfig", "-p")
    assert (done.returncode, done.stdout) == (0, "")


def test_pkg_config_forgets_what_would_add_other_folders(programs: Bin, tmp_path: Path) -> None:
    (tmp_path / "x.pc").write_text("Name: x\nDescription: x\nVersion: 1\nCflags: -I/sysroot/x\n")
    places = {"PKG_CONFIG_LIBDIR": str(tmp_path), "PKG_CONFIG_PATH": "/a", "PKG_CONFIG_SYSROOT_DIR": "/b"}
    assert programs.run(f"{TRIPLET}-pkg-config", "--cflags", "x", **places).stdout.strip() == "-I/sysroot/x"


def test_pkg_config_says_nothing_where_nobody_told_it_where_to_look(programs: Bin) -> None:
    done = programs.run("pkg-config", "--cflags", "x")
    assert (done.returncode, done.stdout) == (1, "")
    assert "PKG_CONFIG_LIBDIR is not set" in done.stderr


def test_an_sdks_pkg_config_with_a_sysroot_of_its_own_is_passed_over(programs: Bin, tmp_path: Path) -> None:
    real = find_pkg_config(programs.path)
    assert real is not None
    find_pkg_config.cache_clear()
    programs.has("pkg-config", BUILDROOTS.replace("REAL", real))
    assert find_pkg_config(programs.path) == real
    (tmp_path / "x.pc").write_text("Name: x\nDescription: x\nVersion: 1\nLibs: -L/sysroot/lib -lx\n")
    done = programs.run("pkg-config", "--libs", "x", PKG_CONFIG_LIBDIR=str(tmp_path))
    assert done.stdout.strip() == "-L/sysroot/lib -lx"


def test_where_only_such_a_pkg_config_is_here_it_refuses(tmp_path: Path) -> None:
    programs = Bin(tmp_path)
    real = find_pkg_config(os.environ["PATH"])
    programs.has("pkg-config", BUILDROOTS.replace("REAL", str(real)))
    programs.path = str(programs.machine)
    write_programs(programs.folder, TRIPLET, programs.path)
    done = subprocess.run([programs.folder / "pkg-config", "--libs", "x"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "put another pkg-config before it on PATH" in done.stderr


def test_config_programs_answer_for_the_private_sysroot(tmp_path: Path) -> None:
    sysroot, folder = tmp_path / "usr", tmp_path / "bin"
    (sysroot / "bin").mkdir(parents=True)
    (sysroot / "bin/x-config").write_text('#!/bin/sh\nprefix=/opt/python\necho $prefix/include "$(dirname "$0")"\n')
    (sysroot / "bin/x-config").chmod(0o755)
    (sysroot / "bin/pg_config").write_bytes(b"\x7fELF of the board")
    write_config_programs(sysroot, "/opt/python", folder)
    assert [path.name for path in folder.iterdir()] == ["x-config"]
    run = subprocess.run([folder / "x-config"], capture_output=True, text=True, check=True)
    assert run.stdout == f"{sysroot}/include {sysroot}/bin\n"
