"""Scripts that call a compiler so that it uses the headers and libraries of one folder, and not its own libc."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path

from crosspython.toolchain.facts import Toolchain
from crosspython.toolchain.layout import OF_ITS_VERSION
from crosspython.toolchain.native import LINKER
from crosspython.toolchain.plain_names import BINUTILS

# The path in debug information, instead of the folder's.
_PLACE = "/usr/lib/crosspython"

_HEAD = "#!/bin/sh\n# Written by crosspython: {name} with the headers and libraries of another libc.\n"

# GCC finds headers of its own libc in a folder that --sysroot does not change, so all header folders are given. They
# come after the folders that a build gives. The driver for C also compiles C++, whose headers come before the libc's.
# A launcher is called with the real compiler, because other machines have that, too. Debug information does not contain
# the folder's path, because it is different for each user.
_DRIVER = """\
cxx={always} compiles=
for word do
    case $word in
    -c) compiles=yes ;;
    *.cc | *.cp | *.cxx | *.cpp | *.CPP | *.c++ | *.C | *.ii | c++ | c++-* | -xc++*) cxx=yes ;;
    esac
done
if [ "$cxx" ]; then set -- "$@" {cxx}; fi
exec ${{compiles:+${{CROSSPYTHON_LAUNCHER:+"$CROSSPYTHON_LAUNCHER"}}}} {program} --sysroot={folder} \\
    -B{folder}/libexec/ -B{folder}/usr/lib/ {macros} "$@" -nostdinc {gcc} {map}
"""
_FORTRAN = 'exec {program} --sysroot={folder} -B{folder}/libexec/ -B{folder}/usr/lib/ "$@"\n'


def write_fronts(
    folder: Path, compiler: Toolchain, own: Path, *, gccs: Iterable[Path], cxx: Iterable[Path], macros: Sequence[str]
) -> None:
    """Write a script or a link for each program of a compiler, with the folder in the place of its sysroot.

    own:  the compiler's own folder, of which the linker may know
    gccs, cxx: folders with the compiler's own headers, and with those of C++
    """
    words = {
        "folder": shlex.quote(str(folder)),
        "sysroot": shlex.quote(str(folder)),
        "own": shlex.quote(str(own)),
        "macros": " ".join(macros),
        "map": f"{compiler.map_option}={shlex.quote(str(folder))}={_PLACE}",
        "gcc": " ".join(f"-idirafter {shlex.quote(str(path))}" for path in (*gccs, folder / "usr/include")),
        "cxx": " ".join(f"-idirafter {shlex.quote(str(path))}" for path in cxx),
    }
    texts = {
        "gcc": _DRIVER.replace("{always}", ""),
        "cpp": _DRIVER.replace("{always}", ""),
        "g++": _DRIVER.replace("{always}", "yes"),
        "gfortran": _FORTRAN,
        "ld": LINKER,
    }
    for name in (*OF_ITS_VERSION, *BINUTILS):
        program = Path(f"{compiler.prefix}{name}")
        if os.access(program, os.X_OK):
            place = folder / "bin" / program.name
            text = texts.get(name, 'exec {program} "$@"\n').format(program=shlex.quote(str(program)), **words)
            _write(place, _HEAD.format(name=name) + text, program)
            if name == "ld":
                _write(folder / "libexec/ld", _HEAD.format(name=name) + text, program)


def _write(place: Path, text: str, program: Path) -> None:
    """With the program's time: a launcher that remembers knows a compiler by that."""
    place.write_bytes(os.fsencode(text))
    place.chmod(0o755)
    status = program.stat()
    os.utime(place, ns=(status.st_mtime_ns, status.st_mtime_ns))
