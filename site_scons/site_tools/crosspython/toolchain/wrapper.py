"""Compiler wrappers: the vendor's tools under the target's canonical names, hermetic.

Each is a small POSIX shell script. A compiler's adds the target's CPU, the component's private sysroot and the room for a
RUNPATH, so that nothing of it stands in a Makefile or in sysconfig data; and it refuses what would let the build
machine in. It reads CROSSPYTHON_SYSROOT (headers in usr/include, libraries in usr/lib) and CROSSPYTHON_WORK (a folder
that products shall not name) from its environment.
"""

from __future__ import annotations

import shlex
from pathlib import Path

from crosspython.targets import Target
from crosspython.toolchain.probe import Toolchain

# Room in .dynstr that stages/finish.py overwrites with a path relative to $ORIGIN; 64 characters hold the longest.
RESERVED_RUNPATH = "/crosspython-reserved-runpath".ljust(64, "-")

_COMPILERS = ("gcc", "g++", "gfortran")
_ALIASES = {"cc": "gcc", "c++": "g++"}
_TOOLS = (
    "ar",
    "as",
    "cpp",
    "gcc-ar",
    "gcc-nm",
    "gcc-ranlib",
    "ld",
    "nm",
    "objcopy",
    "objdump",
    "ranlib",
    "readelf",
    "size",
    "strings",
    "strip",
)

_COMPILER = """\
#!/bin/sh
# Written by crosspython: {real} for {name}. See toolchain/wrapper.py.
for argument do
    case $argument in
        -I/usr/include* | -I/usr/local/* | -isystem/usr/include* | -L/lib | -L/lib/* | -L/lib64 | -L/usr/lib* | -L/usr/local/*)
            echo "crosspython: $argument would let the build machine's files into the target's code" >&2
            exit 1 ;;
        -march=native | -mcpu=native | -mtune=native | -m64 | -m32 | -msse* | -mavx*)
            echo "crosspython: $argument is for the build machine's processor, not for {name}" >&2
            exit 1 ;;
    esac
done
exec {real} {flags} {sysroot} \\
    "-ffile-prefix-map=${{CROSSPYTHON_WORK:-/nonexistent}}=/usr/src" \\
    "-Wl,-rpath-link,$CROSSPYTHON_SYSROOT/usr/lib" -Wl,--enable-new-dtags -Wl,-rpath,{reserved} \\
    "$@" {libraries}
"""
_TOOL = """\
#!/bin/sh
exec {real} "$@"
"""


def write_wrappers(folder: Path, toolchain: Toolchain, target: Target) -> None:
    """Write `<triplet>-gcc`, `<triplet>-ar`, ... into a folder of the build machine that goes first in PATH."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in _COMPILERS:
        if Path(toolchain.prefix + name).exists():
            _write(folder / f"{target.triplet}-{name}", _compiler_script(toolchain, target, name))
    for alias, name in _ALIASES.items():
        link = folder / f"{target.triplet}-{alias}"
        link.unlink(missing_ok=True)
        link.symlink_to(f"{target.triplet}-{name}")
    for name in _TOOLS:
        if Path(toolchain.prefix + name).exists():
            _write(folder / f"{target.triplet}-{name}", _TOOL.format(real=shlex.quote(toolchain.prefix + name)))


def _compiler_script(toolchain: Toolchain, target: Target, name: str) -> str:
    if toolchain.sysroot is None:
        # The compiler's own libc lies beside it; the sysroot takes the place of the build machine's /usr.
        # The linker looks for what libraries need in that sysroot alone, unless it is told where the libc is.
        rpath_link = shlex.quote(f"-Wl,-rpath-link,{toolchain.libc_folder}")
        sysroot, libraries = f'"--sysroot=$CROSSPYTHON_SYSROOT" {rpath_link}', ""
    else:
        # The vendor's sysroot stays; ours is looked at first. -B makes it show in the search path, where setup.py looks.
        sysroot = '-isystem "$CROSSPYTHON_SYSROOT/usr/include" "-B$CROSSPYTHON_SYSROOT/usr/lib"'
        libraries = '"-L$CROSSPYTHON_SYSROOT/usr/lib"'
    return _COMPILER.format(
        real=shlex.quote(toolchain.prefix + name),
        name=target.name,
        flags=" ".join(shlex.quote(flag) for flag in target.cflags),
        sysroot=sysroot,
        libraries=libraries,
        reserved=RESERVED_RUNPATH,
    )


def _write(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    path.write_text(text)
    path.chmod(0o755)
