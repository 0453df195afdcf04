"""GCC's run-time libraries for an older glibc than the one that they were built with.

The shared ones need the compiler's glibc, so programs are linked with the static archives, by linker scripts with the
names of the shared libraries. Functions that the archives need and older libcs lack are compiled from our sources, as
hidden symbols.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from crosspython.elf.file import read_elf
from crosspython.elf.lower_versions import lower_versions
from crosspython.elf.patchelf import add_needed, find_patchelf
from crosspython.elf.symbols import VersionedSymbol
from crosspython.elf.versions import is_newer
from crosspython.errors import ToolchainError
from crosspython.targets.libc import Libc
from crosspython.toolchain.older_glibc.stubs import LIBRARIES, MERGED
from crosspython.toolchain.older_glibc.tools import Tools
from crosspython.toolchain.query import try_ask
from crosspython.toolchain.time_bits import MACROS

# By the name after -l: the archives, and our sources of functions that these lack. Each library has sources of its own:
# all programs are linked with libgcc_s, and configure scripts would find the functions in it.
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
# The libraries that call functions of 64-bit time if the compiler's libc has them.
_KNOWING_TIME = ("stdc++", "gfortran")
_OPENMP = "libgomp.so.1"


def is_for_fortran(name: str) -> bool:
    """Whether a file that this module has made is only for programs in Fortran."""
    return any(library in name for library in ("gfortran", "quadmath"))


def make_gcc_libraries(place: Path, own: Tools, front: Tools, libc: Libc, *, loses_time: bool) -> None:
    """Make the libraries. own: the compiler that has them; front: the compiler for the older libc

    loses_time: the machine has 32 bits, the compiler's own libc has a 64-bit time_t, and the older libc has none
    """
    threads = f" AS_NEEDED ( {LIBRARIES['pthread']} {LIBRARIES['dl']} )" if is_newer(MERGED, libc.version) else ""
    for name, (archives, sources) in _ARCHIVES.items():
        found = {archive: path for archive in archives if (path := own.find(archive)) is not None}
        for archive, path in found.items():
            (place / f"own-{archive}").symlink_to(path)  # linkers search absolute paths below the sysroot
        if name == "gfortran" and found:
            _replace_async(place / f"own-{archives[0]}", front)
        if found:
            compat = place / f"own-{name}-compat.a"
            front.archive(compat, sources)
            if loses_time and name in _KNOWING_TIME:
                _add_time(compat, own, front)
            members = " ".join([*(f"own-{archive}" for archive in found), f"own-{name}-compat.a"])
            _write_script(place / f"lib{name}.so", f"{members}{threads}")
            _write_script(place / archives[0], members)  # for -static-libstdc++ and similar options


def require_whole_cxx(folder: Path, front: Tools, libc: Libc) -> None:
    """Check that all of libstdc++ can be linked for an older glibc. Raises ToolchainError with the missing symbols, and
    the members of the archive that need them.

    folder: the folder of the libraries
    """
    archive = folder / "own-libstdc++.a"
    if not archive.exists():
        return
    whole = ("-Wl,--whole-archive", str(archive), "-Wl,--no-whole-archive", "-lstdc++", "-lm")
    link = (*front.flags, "-shared", "-Wl,-z,defs", *whole, "-o", "whole.so")
    status, _, complaint = try_ask(front.compiler, *link, cwd=front.work)
    if status != 0:
        raise ToolchainError(
            f"{front.compiler}: its libstdc++ cannot be linked for {libc}",
            expected="all functions of the libc that libstdc++ calls",
            evidence=_missing_symbols(complaint) or complaint.splitlines()[-6:],
            next="take a newer libc= (the compiler's own is libc=board), or the vendor's SDK (toolchain=)",
        )


def _missing_symbols(complaint: str) -> list[str]:
    """The symbols that a linker has missed, each with the members of an archive that need it."""
    needing: dict[str, list[str]] = {}
    member = ""
    for line in complaint.splitlines():
        if found := re.search(r"\(([\w+-]+\.o)\)", line):
            member = found[1]
        if found := re.search(r"undefined reference to `([^']+)'", line):
            needing.setdefault(found[1], []).append(member)
    return [f"{name} is missing, for {', '.join(dict.fromkeys(members))}" for name, members in needing.items()]


def _write_script(place: Path, members: str) -> None:
    place.write_text(f"/* Written by crosspython. */\nGROUP ( {members} )\n")


def _add_time(archive: Path, own: Tools, front: Tools) -> None:
    """Add the functions of 64-bit time. They have two parts, each of which is compiled with the headers that define its
    structures."""
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
    """Make libgomp. It has no archive that shared libraries can be linked with. The shared one needs newer versions of
    symbols; if older libcs have all these symbols, too, it is bound to their older versions.

    symbols: the symbols of the older libc
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
    """The symbols of which a library needs a newer version than an older libc has."""
    elf = read_elf(library)
    if elf is None:
        return []
    newer = (version for version, needed in elf.libc_versions().items() if not libc.loads(needed))
    return [name for version in newer for name in elf.symbols_needing(version)]
