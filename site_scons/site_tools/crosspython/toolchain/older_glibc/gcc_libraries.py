"""GCC's run-time libraries for an older glibc than the one that they were built with.

Where they are shared they need the compiler's glibc, so programs are linked with the archives, by linker scripts under
the names of the shared ones. What the archives ask for and older libcs do not have is compiled beside them, hidden.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from crosspython.elf.file import read_elf
from crosspython.elf.lower_versions import lower_versions
from crosspython.elf.patchelf import add_needed, find_patchelf
from crosspython.elf.symbols import VersionedSymbol
from crosspython.elf.versions import is_newer
from crosspython.targets.libc import Libc
from crosspython.toolchain.older_glibc.stubs import LIBRARIES, MERGED
from crosspython.toolchain.older_glibc.tools import Tools
from crosspython.toolchain.time_bits import MACROS

# By the name after -l: the archives, and our sources of what these miss. Each library has its own: all programs get
# libgcc_s, and configure scripts find what lies with it.
_ARCHIVES = {
    "stdc++": (
        ("libstdc++.a",),
        ("sources/single_threaded.c", "sources/random.c", "sources/thread_atexit.c", "sources/isoc23.c"),
    ),
    "gcc_s": (("libgcc_eh.a", "libgcc.a"), ("sources/find_object.c",)),
    "gfortran": (("libgfortran.a",), ("sources/random.c", "sources/signaling.c", "sources/isoc23.c")),
    "atomic": (("libatomic.a",), ()),
    "quadmath": (("libquadmath.a",), ("sources/isoc23.c",)),
}
_ASYNC = "sources/async.c"
# Which of them call functions of 64-bit time where the compiler has that.
_KNOWING_TIME = ("stdc++", "gfortran")
_OPENMP = "libgomp.so.1"


def is_for_fortran(name: str) -> bool:
    """Whether a file that was made here is for programs in Fortran alone."""
    return any(library in name for library in ("gfortran", "quadmath"))


def make_gcc_libraries(place: Path, own: Tools, front: Tools, libc: Libc, *, loses_time: bool) -> None:
    """own: the compiler that has them; front: that for the older libc

    loses_time: the compiler's own libc has a 64-bit time_t on this 32-bit machine, and the older one does not
    """
    threads = f" AS_NEEDED ( {LIBRARIES['pthread']} {LIBRARIES['dl']} )" if is_newer(MERGED, libc.version) else ""
    for name, (archives, sources) in _ARCHIVES.items():
        found = {archive: path for archive in archives if (path := own.find(archive)) is not None}
        for archive, path in found.items():
            (place / f"own-{archive}").symlink_to(path)  # linkers look for other paths below the sysroot
        if name == "gfortran" and found:
            _replace_async(place / f"own-{archives[0]}", front)
        if found:
            compat = place / f"own-{name}-compat.a"
            front.archive(compat, sources)
            if loses_time and name in _KNOWING_TIME:
                _add_time(compat, own, front)
            members = " ".join([*(f"own-{archive}" for archive in found), f"own-{name}-compat.a"])
            _write_script(place / f"lib{name}.so", f"{members}{threads}")
            _write_script(place / archives[0], members)  # -static-libstdc++ and the like take no shared library


def _write_script(place: Path, members: str) -> None:
    place.write_text(f"/* Written by crosspython. */\nGROUP ( {members} )\n")


def _add_time(archive: Path, own: Tools, front: Tools) -> None:
    """The functions of 64-bit time, of two parts: each is compiled with the headers that have its structures."""
    parts = (own.compile("sources/time64.c", *MACROS), front.compile("sources/time32.c"))
    front.run("ar", "rsD", str(archive), *parts)


def _replace_async(archive: Path, front: Tools) -> None:
    """Make a copy of libgfortran.a that shared libraries can be linked with."""
    own = archive.resolve()
    archive.unlink()
    shutil.copyfile(own, archive)
    member = front.compile(_ASYNC)
    front.run("ar", "dD", str(archive), member)
    front.run("ar", "qsD", str(archive), member)


def make_openmp(place: Path, own: Tools, symbols: Mapping[str, list[VersionedSymbol]], libc: Libc) -> None:
    """libgomp has no archive that shared libraries can be linked with. The shared one asks for newer versions of what
    older libcs have, too.

    symbols: what the older libc offers
    """
    library = own.find(_OPENMP)
    if library is None:
        return
    older = {symbol.name: symbol.version for offered in symbols.values() for symbol in offered}
    shutil.copyfile(library, place / _OPENMP)
    if lower_versions(place / _OPENMP, {name: older.get(name, "") for name in _newer_names(library, libc)}):
        (place / _OPENMP).unlink()
        return
    if is_newer(MERGED, libc.version):
        add_needed(place / _OPENMP, (LIBRARIES["pthread"], LIBRARIES["dl"]), find_patchelf())
    (place / "libgomp.so").symlink_to(_OPENMP)


def _newer_names(library: Path, libc: Libc) -> list[str]:
    """The names of which a library asks for a newer version than an older libc has."""
    elf = read_elf(library)
    if elf is None:
        return []
    newer = (version for version in elf.versions_of("GLIBC_") if is_newer(version, libc.version))
    return [name for version in newer for name in elf.symbols_needing(version)]
