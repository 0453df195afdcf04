"""A compiler made to link for an older glibc than its own: its scripts, headers, stub libraries and start files.

A distribution's cross compiler links against its own glibc, and a board's is mostly older. Here its own glibc is taken
as the record of what older ones offered (stubs.py, headers.py). A folder of the build's gets what a compiler needs of a
libc, as in a vendor's SDK, and scripts that make the compiler see that folder and nothing of its own libc. GCC's
run-time libraries (libstdc++, libgcc_s, libgfortran) need the compiler's glibc where they are shared, so programs get
them as archives. Paths belong to the build machine.

Sources of how GCC looks for things: its manual, "Directory Options" and `gcc -print-search-dirs`.
"""

from __future__ import annotations

import hashlib
import shlex
import shutil
from collections.abc import Iterable
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
from crosspython.toolchain.older_glibc.headers import make_config, make_headers
from crosspython.toolchain.older_glibc.stubs import (
    LIBC,
    LIBRARIES,
    MERGED,
    first_versions,
    older_symbols,
    write_stub,
)
from crosspython.toolchain.probe import probe_toolchain
from crosspython.toolchain.query import ask_compiler, own_folder, searched_folders, try_ask

OLDEST = "2.17"
"""Before it, clock_gettime was a function of librt, and PEP 600 knows no wheels for ARM."""

_SOURCES = Path(__file__).parent
_START = "sources/start.c"
_ASYNC = "sources/async.c"
# What older libcs had in libc_nonshared.a, so that programs find it as in libc, with its functions.
_NONSHARED = {
    "sources/stat.c": (
        *("stat", "fstat", "lstat", "fstatat", "stat64", "fstat64", "lstat64", "fstatat64"),
        *("mknod", "mknodat"),
    ),
    "sources/fcntl64.c": ("fcntl64",),
}
# GCC's shared libraries, by the name after -l: the archives that stand for each, and what these were built for and
# older libcs do not have. Each has its own: all programs get libgcc_s, and configure scripts find what lies with it.
_RUNTIME = {
    "stdc++": (
        ("libstdc++.a",),
        ("sources/single_threaded.c", "sources/random.c", "sources/thread_atexit.c", "sources/isoc23.c"),
    ),
    "gcc_s": (("libgcc_eh.a", "libgcc.a"), ("sources/find_object.c",)),
    "gfortran": (("libgfortran.a",), ("sources/random.c", "sources/signaling.c", "sources/isoc23.c")),
    "atomic": (("libatomic.a",), ()),
    "quadmath": (("libquadmath.a",), ("sources/isoc23.c",)),
}
_COMPILE = ("-c", "-O2", "-g0", "-fPIC", "-fno-stack-protector", "-fno-lto", "-ffreestanding", "-std=gnu11")


def make_older(folder: Path, compiler: Toolchain, target: Target, libc: Libc) -> Toolchain:
    """Make a toolchain for an older glibc, anew in a folder of its own, out of one that was looked at.

    Raises ToolchainError where that cannot be: the machine had no such glibc, or the compiler does not work so.
    """
    cc = Path(f"{compiler.prefix}gcc")
    libraries = _read_libraries(cc)
    first = first_versions(libraries.values())
    _require_age(cc, target, libc, first)
    shutil.rmtree(folder, ignore_errors=True)
    for part in ("bin", "libexec", "usr/include", "usr/lib", "c++", "work"):
        (folder / part).mkdir(parents=True)
    nonshared = {name for names in _NONSHARED.values() for name in names}
    newer = frozenset(name for name, came in first.items() if is_newer(came, libc.version)) - nonshared
    found = _find_headers(cc, compiler, libc, folder)
    make_headers(folder / "usr/include", found.libc, libc.version, newer, only=found.only)
    make_config(folder / "c++", found.cxx, newer)
    _make_stubs(folder, cc, libraries, libc, target)
    time = ("-D_TIME_BITS=32",) if compiler.time_bits == 64 and _is_32_bit(newer) else ()
    write_fronts(folder, compiler, found.own, gccs=found.gccs, cxx=[folder / "c++", *found.cxx], macros=time)
    front = folder / "bin" / cc.name
    _make_objects(folder, front, cc, target, libc)
    shutil.rmtree(folder / "work")
    made = probe_toolchain(front, target, made_of=_hash_made(folder, compiler))
    return replace(
        made,
        libc_folder=compiler.libc_folder,
        parts={**compiler.parts, **made.parts, str(folder): status_of(folder) or ""},
    )


@dataclass(frozen=True)
class _Headers:
    """Where a compiler looks: in its own folder, and for headers of its own, of its libc and of C++.

    only: names of those of its libc, where other projects' lie beside them
    """

    own: Path
    gccs: list[Path]
    libc: list[Path]
    cxx: list[Path]
    only: frozenset[str] | None


def _find_headers(cc: Path, compiler: Toolchain, wanted: Libc, empty: Path) -> _Headers:
    """empty: a folder; a compiler that is rooted in the build machine's / sees nothing of that with it as sysroot"""
    alone: tuple[str, ...] = ("--sysroot", str(empty)) if compiler.sysroot is None else ()
    own, only = own_folder(cc), None
    if not _has_libc(searched_folders(cc, "c", *alone)):  # that of the build machine itself
        alone, only = (), libc_names()
    searched = searched_folders(cc, "c", *alone)
    gccs = [path for path in searched if own.resolve() in (path, *path.parents)]
    libc = [path for path in searched if path not in gccs]
    if not _has_libc(libc):
        raise ToolchainError(
            f"{cc} cannot link for {wanted}: the headers of its libc are not where it looks",
            expected="features.h among its headers",
            next="give an SDK for the board as toolchain=, or libc=board",
        )
    cxx = [path for path in searched_folders(cc, "c++", *alone) if path not in searched]
    return _Headers(own, gccs, libc, cxx, only)


def _has_libc(folders: Iterable[Path]) -> bool:
    return any((folder / "features.h").is_file() for folder in folders)


def _is_32_bit(newer: Iterable[str]) -> bool:
    """Whether the machine has functions for 64-bit time of their own, and the older libc has none."""
    return "__time64" in newer


def _require_age(cc: Path, target: Target, libc: Libc, first: dict[str, str]) -> None:
    """glibc came to machines one after the other; what it offered first tells when."""
    began = max(min(first.values(), key=parse_version), f"GLIBC_{OLDEST}", key=parse_version).removeprefix("GLIBC_")
    if is_newer(began, libc.version):
        raise ToolchainError(
            f"{cc} cannot link for {libc}: too old for {target.machine}",
            expected=f"libc='glibc {began}' or newer",
            found=str(libc),
        )


def _read_libraries(cc: Path) -> dict[str, tuple[VersionedSymbol, ...]]:
    """What the compiler's libc offers, by soname, its loader's included."""
    found = {name: path for name in LIBRARIES.values() if (path := _find_file(cc, name)) is not None}
    if LIBC not in found:
        raise ToolchainError(f"{cc}: its libc is not where it looks", expected=LIBC, found="none")
    libc = read_elf(found[LIBC])
    for loader in libc.needed if libc is not None else ():
        path = _find_file(cc, loader)
        found |= {loader: path} if path is not None else {}
    return {name: versioned_symbols(path) for name, path in found.items()}


def _find_file(cc: Path, name: str) -> Path | None:
    """A file where the compiler looks for what is linked."""
    path = Path(ask_compiler(cc, f"-print-file-name={name}"))
    return path.resolve() if path.is_absolute() and path.is_file() else None


def _make_stubs(
    folder: Path, cc: Path, libraries: dict[str, tuple[VersionedSymbol, ...]], libc: Libc, target: Target
) -> None:
    """The libraries, and the names by which linkers find them."""
    work, place = folder / "work", folder / "usr/lib"
    symbols = older_symbols(libraries, libc.version)
    for soname, offered in symbols.items():
        _run(cc, work, *target.cflags, *write_stub(work, soname, offered))
        (work / soname).rename(place / soname)
    for name, soname in LIBRARIES.items():
        empty = _find_file(cc, f"lib{name}.a")
        if soname == LIBC:
            continue
        if name == "m" and LIBRARIES["mvec"] in symbols:  # -ffast-math calls it
            (place / "libm.so").write_text(f"GROUP ( {soname} AS_NEEDED ( {LIBRARIES['mvec']} ) )\n")
        elif soname in symbols:
            (place / f"lib{name}.so").symlink_to(soname)
        elif empty is not None and not is_newer(MERGED, libc.version):
            (place / empty.name).symlink_to(empty)  # programs still say -lpthread
    loader = next((soname for soname in symbols if soname not in LIBRARIES.values()), None)
    more = f" AS_NEEDED ( {loader} )" if loader else ""
    also = _find_file(cc, "libc_nonshared.a")
    if also is not None:
        (place / "libc_own_nonshared.a").symlink_to(also)
        more = f" libc_own_nonshared.a{more}"
    text = f"GROUP ( {LIBC} libc_nonshared.a{more} )\n"
    (place / "libc.so").write_text(f"/* Written by crosspython: {libc} */\n{text}")


def _make_objects(folder: Path, front: Path, cc: Path, target: Target, libc: Libc) -> None:
    """What is compiled: start files and archives; and the scripts that put archives in the place of GCC's libraries."""
    work, place = folder / "work", folder / "usr/lib"
    _make_start(work, place, front, cc, target, libc)
    _make_archive(place / "libc_nonshared.a", _NONSHARED, work, front, target)
    threads = "" if not is_newer(MERGED, libc.version) else f" AS_NEEDED ( {LIBRARIES['pthread']} {LIBRARIES['dl']} )"
    for name, (archives, sources) in _RUNTIME.items():
        found = {archive: path for archive in archives if (path := _find_file(cc, archive)) is not None}
        for archive, path in found.items():
            (place / archive).symlink_to(path)  # linkers look for other paths below the sysroot
        if name == "gfortran" and found:
            _make_fortran(place / archives[0], work, front, target)
        if found:
            _make_archive(place / f"libcrosspython_{name}.a", sources, work, front, target)
            text = f"GROUP ( {' '.join(found)} libcrosspython_{name}.a{threads} )\n"
            (place / f"lib{name}.so").write_text(f"/* Written by crosspython. */\n{text}")


def _make_start(work: Path, place: Path, front: Path, cc: Path, target: Target, libc: Libc) -> None:
    """The files that a program begins and ends with; the note about the oldest kernel is the compiler's own."""
    names = ("crti.o", "crtn.o", "crt1.o", "Scrt1.o")
    files = {name: path for name in names if (path := _find_file(cc, name)) is not None}
    if lacking := [name for name in names if name not in files]:
        raise ToolchainError(f"{cc}: start files of its libc are not where it looks", expected=", ".join(lacking))
    if is_newer(MERGED, libc.version):
        _run(front, work, *target.cflags, *_COMPILE, str(_SOURCES / _START), "-o", "start.o")
        note = ("-j", ".note.ABI-tag", "-j", ".note.GNU-stack", str(files["crt1.o"]), "note.o")
        _run(front.with_name(front.name.removesuffix("gcc") + "objcopy"), work, *note)
        _run(front, work, *target.cflags, "-r", "-nostdlib", "start.o", "note.o", "-o", "crt1.o")
        for name in ("crt1.o", "Scrt1.o"):
            shutil.copyfile(work / "crt1.o", place / name)
            del files[name]
    for name, path in files.items():
        (place / name).symlink_to(path)


def _make_archive(archive: Path, sources: Iterable[str], work: Path, front: Path, target: Target) -> None:
    objects = []
    for source in sources:
        objects.append(Path(source).with_suffix(".o").name)
        _run(front, work, *target.cflags, *_COMPILE, str(_SOURCES / source), "-o", objects[-1])
    _run(front.with_name(front.name.removesuffix("gcc") + "ar"), work, "rcsD", str(archive), *objects)


def _make_fortran(archive: Path, work: Path, front: Path, target: Target) -> None:
    """A copy of libgfortran.a that shared libraries can be linked with."""
    own, ar = archive.resolve(), front.with_name(front.name.removesuffix("gcc") + "ar")
    archive.unlink()
    shutil.copyfile(own, archive)
    _run(front, work, *target.cflags, *_COMPILE, str(_SOURCES / _ASYNC), "-o", "async.o")
    _run(ar, work, "dD", str(archive), "async.o")
    _run(ar, work, "qsD", str(archive), "async.o")


def _run(program: Path, work: Path, *arguments: str) -> None:
    status, said, complaint = try_ask(program, *arguments, cwd=work)
    if status != 0:
        raise ToolchainError(
            f"{program} cannot make what programs for an older glibc are linked with",
            expected=f"{shlex.join(arguments[-4:])} to work",
            evidence=(complaint or said).splitlines()[-6:],
            next="take the compiler's own libc (libc=board), or the vendor's SDK (toolchain=)",
        )


def _hash_made(folder: Path, compiler: Toolchain) -> str:
    """What the compiler is made of, and what was made here. Links lead to what the compiler is made of."""
    digest = hashlib.sha256(compiler.identity.encode())
    for file in sorted(find_files(folder / "usr")):
        if not file.is_symlink():
            digest.update(f"\n{file.relative_to(folder)}\n".encode() + file.read_bytes())
    return digest.hexdigest()
