"""Makes a compiler link for an older glibc than its own: scripts, headers, stub libraries and start files.

A distribution's cross compiler links against its own glibc, but a board's glibc is usually older. The compiler's glibc
still shows what older versions offered (stubs.py, headers.py). So a folder of ours gets all files that a compiler needs
of a libc, as in a vendor's SDK, and scripts by which the compiler uses that folder and not its own libc. GCC's run-time
libraries (libstdc++, libgcc_s, libgfortran) need the compiler's glibc if they are shared, so programs are linked with
the static ones. Paths belong to the build machine.

Sources of how GCC searches files: its manual, "Directory Options", and `gcc -print-search-dirs`.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from crosspython.elf.file import read_elf
from crosspython.elf.symbols import VersionedSymbol, versioned_symbols
from crosspython.elf.versions import is_newer, parse_version
from crosspython.errors import ToolchainError
from crosspython.store.fingerprints import status_of
from crosspython.store.walk import find_files
from crosspython.targets import Target
from crosspython.targets.libc import Libc
from crosspython.toolchain.facts import Toolchain
from crosspython.toolchain.native import libc_names
from crosspython.toolchain.older_glibc.fronts import write_fronts
from crosspython.toolchain.older_glibc.gcc_libraries import (
    is_for_fortran,
    make_gcc_libraries,
    make_openmp,
    require_whole_cxx,
)
from crosspython.toolchain.older_glibc.headers import make_config, make_headers
from crosspython.toolchain.older_glibc.start_files import NONSHARED, make_start_files
from crosspython.toolchain.older_glibc.stubs import (
    LIBC,
    LIBRARIES,
    MERGED,
    first_versions,
    older_symbols,
    write_stub,
)
from crosspython.toolchain.older_glibc.tools import Tools
from crosspython.toolchain.probe import probe_toolchain
from crosspython.toolchain.query import own_folder, searched_folders

OLDEST = "2.17"
"""The oldest glibc. In earlier ones, clock_gettime was a function of librt, and PEP 600 has no wheels for ARM."""


def make_older(folder: Path, compiler: Toolchain, target: Target, libc: Libc) -> Toolchain:
    """Make a toolchain for an older glibc from a probed one, in a new folder of its own.

    Raises ToolchainError if that is not possible: the machine had no such glibc, or the compiler fails with it.
    """
    cc = Path(f"{compiler.prefix}gcc")
    own = Tools(cc, target.cflags, folder / "work")
    libraries = _read_libraries(own)
    first = first_versions(libraries.values())
    _require_age(cc, target, libc, first)
    shutil.rmtree(folder, ignore_errors=True)
    for part in ("bin", "libexec", "usr/include", "usr/lib", "c++", "work"):
        (folder / part).mkdir(parents=True)
    nonshared = {name for names in NONSHARED.values() for name in names}
    newer = frozenset(name for name, came in first.items() if is_newer(came, libc.version)) - nonshared
    older = older_symbols(libraries, libc.version)
    found = _find_headers(cc, compiler, libc, folder)
    make_headers(folder / "usr/include", found.libc, libc.version, newer, only=found.only)
    make_config(folder / "c++", found.cxx, newer)
    _make_stubs(folder / "usr/lib", own, older, libc)
    loses_time = _is_32_bit(newer)
    time = ("-D_TIME_BITS=32",) if compiler.time_bits == 64 and loses_time else ()
    write_fronts(folder, compiler, found.own, gccs=found.gccs, cxx=[folder / "c++", *found.cxx], macros=time)
    front = replace(own, compiler=folder / "bin" / cc.name)
    make_start_files(folder / "usr/lib", own, front, libc)
    front.archive(folder / "usr/lib/libc_nonshared.a", NONSHARED)
    make_gcc_libraries(folder / "usr/lib", own, front, libc, loses_time=loses_time)
    require_whole_cxx(folder / "usr/lib", front, libc)
    make_openmp(folder / "usr/lib", own, older, libc)
    shutil.rmtree(folder / "work")
    made = probe_toolchain(front.compiler, target, made_of=_hash_made(folder, compiler))
    return replace(
        made,
        libc_folder=compiler.libc_folder,
        launches=True,
        parts={**compiler.parts, **made.parts, str(folder): status_of(folder) or ""},
    )


@dataclass(frozen=True)
class _Headers:
    """The folders that a compiler searches: its own, and those with its own headers, the libc's and C++'s.

    only: names of the libc's headers, if the folders also contain headers of other projects
    """

    own: Path
    gccs: list[Path]
    libc: list[Path]
    cxx: list[Path]
    only: frozenset[str] | None


def _find_headers(cc: Path, compiler: Toolchain, wanted: Libc, empty: Path) -> _Headers:
    """Find these folders. empty: a folder that serves as sysroot for a compiler without one, so that it does not find
    headers of the build machine"""
    alone: tuple[str, ...] = ("--sysroot", str(empty)) if compiler.sysroot is None else ()
    own, only = own_folder(cc), None
    if not _has_libc(searched_folders(cc, "c", *alone)):  # the compiler is the build machine's own
        alone, only = (), libc_names()
    searched = searched_folders(cc, "c", *alone)
    gccs = [path for path in searched if own.resolve() in (path, *path.parents)]
    libc = [path for path in searched if path not in gccs]
    if not _has_libc(libc):
        raise ToolchainError(
            f"{cc} cannot link for {wanted}: it does not find the headers of its libc",
            expected="features.h among its headers",
            next="give an SDK for the board as toolchain=, or libc=board",
        )
    cxx = [path for path in searched_folders(cc, "c++", *alone) if path not in searched]
    return _Headers(own, gccs, libc, cxx, only)


def _has_libc(folders: Iterable[Path]) -> bool:
    return any((folder / "features.h").is_file() for folder in folders)


def _is_32_bit(newer: Iterable[str]) -> bool:
    """Whether the machine has separate functions for 64-bit time, and the older libc does not have them."""
    return "__time64" in newer


def _require_age(cc: Path, target: Target, libc: Libc, first: dict[str, str]) -> None:
    """Check that glibc supported the machine at that time: the oldest symbol version of its libc tells since when."""
    began = max(min(first.values(), key=parse_version), f"GLIBC_{OLDEST}", key=parse_version).removeprefix("GLIBC_")
    if is_newer(began, libc.version):
        raise ToolchainError(
            f"{cc} cannot link for {libc}: too old for {target.machine}",
            expected=f"libc='glibc {began}' or newer",
            found=str(libc),
        )


def _read_libraries(own: Tools) -> dict[str, tuple[VersionedSymbol, ...]]:
    """The symbols of the compiler's libc, by soname, including the loader's."""
    found = {name: path for name in LIBRARIES.values() if (path := own.find(name)) is not None}
    if LIBC not in found:
        raise ToolchainError(f"{own.compiler}: it does not find its own libc", expected=LIBC, found="none")
    libc = read_elf(found[LIBC])
    for loader in libc.needed if libc is not None else ():
        path = own.find(loader)
        found |= {loader: path} if path is not None else {}
    return {name: versioned_symbols(path) for name, path in found.items()}


def _make_stubs(place: Path, own: Tools, symbols: Mapping[str, list[VersionedSymbol]], libc: Libc) -> None:
    """Make the stub libraries, and the files by which linkers find them."""
    for soname, offered in symbols.items():
        own.run("gcc", *own.flags, *write_stub(own.work, soname, offered))
        (own.work / soname).rename(place / soname)
    for name, soname in LIBRARIES.items():
        empty = own.find(f"lib{name}.a")
        if soname == LIBC:
            continue
        if name == "m" and LIBRARIES["mvec"] in symbols:  # code with -ffast-math calls libmvec
            (place / "libm.so").write_text(f"GROUP ( {soname} AS_NEEDED ( {LIBRARIES['mvec']} ) )\n")
        elif soname in symbols:
            (place / f"lib{name}.so").symlink_to(soname)
        elif empty is not None and not is_newer(MERGED, libc.version):
            (place / empty.name).symlink_to(empty)  # programs are still linked with -lpthread
    loader = next((soname for soname in symbols if soname not in LIBRARIES.values()), None)
    more = f" AS_NEEDED ( {loader} )" if loader else ""
    also = own.find("libc_nonshared.a")
    if also is not None:
        (place / "libc_own_nonshared.a").symlink_to(also)
        more = f" libc_own_nonshared.a{more}"
    text = f"GROUP ( {LIBC} libc_nonshared.a{more} )\n"
    (place / "libc.so").write_text(f"/* Written by crosspython: {libc} */\n{text}")


def _hash_made(folder: Path, compiler: Toolchain) -> str:
    """A hash of the compiler's parts and of the files that were made here. Links are left out: they point to the
    compiler's parts.

    Files for Fortran are left out, too: they come with a package that most builds do not need, and products of these
    builds have to be the same with and without it.
    """
    digest = hashlib.sha256(compiler.identity.encode())
    for file in sorted(find_files(folder / "usr")):
        if not file.is_symlink() and not is_for_fortran(file.name):
            digest.update(f"\n{file.relative_to(folder)}\n".encode() + file.read_bytes())
    return digest.hexdigest()
