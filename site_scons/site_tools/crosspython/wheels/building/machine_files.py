"""Files that describe the board to build systems: a Meson cross file, a CMake toolchain file, a config.site,
and small programs.

They are written once for each target and Python. Except for `write_machine_files`, this is pure text. Values that
differ between packages (the private sysroot, the overlay) come from environment variables, which environment.py sets.
"""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from elftools.elf.enums import ENUM_E_MACHINE

from crosspython.recipes.meson import host_machine
from crosspython.targets.machines import Machine
from crosspython.toolchain.answers import DECIDED
from crosspython.toolchain.native import build_triplet
from crosspython.toolchain.programs import write_programs, write_script
from crosspython.wheels.building.fetched import SETTINGS

# CMake's expression for the running engine's interpreter.
_PYTHON = "$ENV{CROSSPYTHON_PYTHON}"


@dataclass(frozen=True)
class Facts:
    """The values in the files. Paths belong to the build machine.

    include:   the folder with the target's Python.h
    bin:       where the compiler wrappers are, and the programs that are written here
    emulator:  words that start a program of the target here; empty without an emulator
    path:      of the build machine's own tools
    """

    machine: Machine
    triplet: str
    include: Path
    extension_suffix: str
    bin: Path
    fortran: bool
    emulator: tuple[str, ...]
    path: str

    @property
    def run(self) -> Path:
        return self.bin / f"{self.triplet}-run"


@dataclass(frozen=True)
class MachineFiles:
    """The paths of meson.ini, toolchain.cmake and config.site."""

    meson: Path
    cmake: Path
    site: Path

    @classmethod
    def below(cls, folder: Path) -> MachineFiles:
        return cls(folder / "meson.ini", folder / "toolchain.cmake", folder / "config.site")


def write_machine_files(folder: Path, facts: Facts) -> MachineFiles:
    """Write all of them below `folder`, and the programs beside the compiler wrappers."""
    files = MachineFiles.below(folder)
    files.meson.write_text(meson_cross_file(facts))
    files.cmake.write_text(cmake_toolchain_file(facts))
    files.site.write_text(config_site(facts))
    write_programs(facts.bin, facts.triplet, facts.path)
    for name, text in programs(facts).items():
        write_script(facts.bin / name, text)
    return files


def meson_cross_file(facts: Facts) -> str:
    """Meson's manual, "Cross compilation". Tools are named without a path, which numpy writes into its wheel."""
    tools = {"c": "gcc", "cpp": "g++", "ar": "gcc-ar", "nm": "gcc-nm", "strip": "strip", "objcopy": "objcopy"}
    binaries = {name: f"{facts.triplet}-{tool}" for name, tool in tools.items()}
    if facts.fortran:
        binaries["fortran"] = f"{facts.triplet}-gfortran"
    binaries |= {"pkg-config": "pkg-config", "cmake": "cmake"}
    if facts.emulator:
        binaries["exe_wrapper"] = str(facts.run)
    return (
        meson_section("binaries", binaries)
        + "[properties]\nneeds_exe_wrapper = true\n"
        + f"longdouble_format = {facts.machine.long_double!r}\n"
        + f"cmake_toolchain_file = {str(MachineFiles.below(facts.bin.parent).cmake)!r}\n"
        + meson_section("host_machine", host_machine(facts.machine))
    )


def meson_section(name: str, entries: Mapping[str, str]) -> str:
    """A section of a Meson machine file whose values are all strings."""
    return f"[{name}]\n" + "".join(f"{key} = {value!r}\n" for key, value in entries.items())


def cmake_toolchain_file(facts: Facts) -> str:
    """CMake's toolchain file (cmake-toolchains(7)). It names the target's Python for both generations of CMake's Python
    modules.

    Packages may also come from the overlay (pybind11, nanobind); libraries and headers only if a build names them.
    """
    settings: dict[str, str] = {
        "CMAKE_SYSTEM_NAME": "Linux",
        "CMAKE_SYSTEM_PROCESSOR": facts.machine.name,
        "CMAKE_C_COMPILER": f"{facts.triplet}-gcc",
        "CMAKE_CXX_COMPILER": f"{facts.triplet}-g++",
        **({"CMAKE_Fortran_COMPILER": f"{facts.triplet}-gfortran"} if facts.fortran else {}),
        **({"CMAKE_CROSSCOMPILING_EMULATOR": str(facts.run)} if facts.emulator else {}),
        "CMAKE_FIND_ROOT_PATH": "$ENV{CROSSPYTHON_SYSROOT};$ENV{CROSSPYTHON_OVERLAY}",
        "CMAKE_FIND_ROOT_PATH_MODE_PROGRAM": "NEVER",
        "CMAKE_FIND_ROOT_PATH_MODE_LIBRARY": "ONLY",
        "CMAKE_FIND_ROOT_PATH_MODE_INCLUDE": "ONLY",
        "CMAKE_FIND_ROOT_PATH_MODE_PACKAGE": "BOTH",
        "CMAKE_FIND_USE_PACKAGE_REGISTRY": "OFF",
        "CMAKE_FIND_USE_SYSTEM_PACKAGE_REGISTRY": "OFF",
        "CMAKE_FIND_USE_CMAKE_SYSTEM_PATH": "ON",
        "PKG_CONFIG_EXECUTABLE": str(facts.bin / "pkg-config"),
    }
    for package in ("Python", "Python3"):
        settings |= {
            f"{package}_EXECUTABLE": _PYTHON,
            f"{package}_INCLUDE_DIR": str(facts.include),
        }
    settings |= {
        "PYTHON_EXECUTABLE": _PYTHON,
        "PYTHON_INCLUDE_DIR": str(facts.include),
        "PYTHON_MODULE_EXTENSION": facts.extension_suffix,
    }
    # FindPython clears the variable before it asks an interpreter, and under the old CMP0190 it asks none when it
    # cross-compiles. A cache entry with the name remains (its FindPython/Support.cmake).
    soabi = facts.extension_suffix.removesuffix(".so").lstrip(".")
    cached = "".join(f'set({package}_SOABI "{soabi}" CACHE STRING "")\n' for package in ("Python", "Python3"))
    fetched = f"if(DEFINED ENV{{{SETTINGS}}})\n  include($ENV{{{SETTINGS}}})\nendif()\n"
    return "".join(f'set({name} "{value}")\n' for name, value in settings.items()) + cached + fetched


def config_site(facts: Facts) -> str:
    """The site file, which every configure reads first (autoconf's manual, "Site Defaults"). It sets the host, because
    packages call bundled configure scripts without --host."""
    return (
        "# Written by crosspython: a configure that a package runs by itself is told that it cross-compiles.\n"
        'if test -z "$host_alias"; then\n'
        f"    host_alias={facts.triplet}\n    build_alias={build_triplet()}\n    cross_compiling=yes\nfi\n"
        "# glibc and musl both allocate when 0 bytes are asked for; configure would guess a missing rpl_malloc.\n"
        f"ac_cv_func_malloc_0_nonnull=yes\nac_cv_func_realloc_0_nonnull=yes\n{DECIDED}"
    )


def programs(facts: Facts) -> dict[str, str]:
    """Scripts by name: the engine's Python, what starts programs of the target, make."""
    head = "#!/bin/sh\n# Written by crosspython.\n"
    python = head + 'exec "$CROSSPYTHON_PYTHON" "$@"\n'
    return {
        **dict.fromkeys(("python", "python3"), python),
        facts.run.name: head + _run_script(facts),
        **{name: head + _make_script(name, facts.path) for name in ("make", "gmake")},
    }


def _run_script(facts: Facts) -> str:
    """A script that starts a program: the target's programs in the emulator, others directly (CMake also runs Pythons
    with it)."""
    # Bytes 18 and 19 of an ELF header (elf.h's e_machine), as `od` prints them.
    number = ENUM_E_MACHINE[facts.machine.elf].to_bytes(2, facts.machine.endian).hex(" ")
    lines = f'case $(od -An -tx1 -j18 -N2 "$1" 2>/dev/null) in\n" {number}")\n'
    if facts.emulator:
        libraries = '-E LD_LIBRARY_PATH="$CROSSPYTHON_SYSROOT/usr/lib"'
        lines += f'    exec {shlex.join(facts.emulator)} {libraries} "$@" ;;\n'
    else:
        lines += '    echo "crosspython: $1: there is no emulator for it on this machine" >&2; exit 126 ;;\n'
    return lines + 'esac\nexec "$@"\n'


def _make_script(name: str, path: str) -> str:
    """A script for make, also under the name gmake, which CMake prefers. make before 4.4 cannot open a FIFO by its
    name, so the script gives it descriptors: Python does not pass ours on.
    """
    real = shlex.quote(shutil.which(name, path=path) or shutil.which("make", path=path) or "/usr/bin/make")
    return (
        "fifo=${MAKEFLAGS##*--jobserver-auth=fifo:}\n"
        'if [ "$fifo" != "${MAKEFLAGS-}" ] && [ -p "${fifo%% *}" ]; then\n'
        '    exec 8<"${fifo%% *}" 9>"${fifo%% *}"\n'
        '    MAKEFLAGS="${MAKEFLAGS%%--jobserver-auth=*}--jobserver-auth=8,9"\n'
        "fi\n"
        f'exec {real} "$@"\n'
    )
