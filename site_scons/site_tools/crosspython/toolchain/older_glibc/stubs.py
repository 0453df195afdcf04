"""Stub libraries of an older glibc, made from a compiler's newer one: they have names and versions, but no code.

glibc never removes a version of a symbol that a program could need. So a newer glibc shows the symbols of each older
one: of each symbol the newest version that is not newer than the older libc. It also shows the library of each symbol,
except for symbols that moved into libc.so.6 in 2.32 and 2.34 (glibc's NEWS, "The functionality formerly implemented in
the libraries libpthread, libdl, libutil, libanl has been integrated into libc"). For these, the library is found by
their names. This was compared with zig's lists of each glibc (its `abilists`), for 2.17 to 2.33 on ARM, 64-bit ARM and
RISC-V: no symbol was missing or in another library (decision 0030).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from crosspython.elf.symbols import VersionedSymbol
from crosspython.elf.versions import is_newer, parse_version

# The libraries that a program can be linked with, by the name after -l; "" for the loader.
LIBRARIES = {
    "c": "libc.so.6",
    "m": "libm.so.6",
    "pthread": "libpthread.so.0",
    "dl": "libdl.so.2",
    "rt": "librt.so.1",
    "util": "libutil.so.1",
    "anl": "libanl.so.1",
    "resolv": "libresolv.so.2",
    "mvec": "libmvec.so.1",
}
LIBC = LIBRARIES["c"]

MERGED = "2.34"
"""The glibc in which libpthread and others became part of libc.so.6, and the start of programs changed."""

_MOVES = {(2, 32), (2, 34)}
_HOMES = (
    (re.compile(r"dl[a-z]\w*"), "dl"),
    (re.compile(r"(aio|lio|mq|__mq|shm|timer)_\w+"), "rt"),
    (re.compile(r"(__)?(res|ns|dn)_\w+"), "resolv"),
    (re.compile(r"gai_\w+|getaddrinfo_a"), "anl"),
    (re.compile(r"openpty|forkpty|login|login_tty|logout|logwtmp"), "util"),
    (re.compile(r"\w*(pthread|sem|mtx|cnd|thrd|tss)_\w+|call_once"), "pthread"),
)

# Since 2.33 glibc offers these only for old programs; before, libc_nonshared.a called them (sources/stat.c).
_CALLED_BY_STAT = re.compile(r"__(x|fx|lx)stat(64)?|__fxstatat(64)?|__xmknod(at)?")


def first_versions(libraries: Iterable[Iterable[VersionedSymbol]]) -> dict[str, str]:
    """The version in which each symbol was added, for all libraries of a glibc."""
    first: dict[str, str] = {}
    for symbols in libraries:
        for symbol in _public(symbols):
            known = first.get(symbol.name)
            if known is None or is_newer(known, symbol.version):
                first[symbol.name] = symbol.version
    return first


def older_symbols(libraries: Mapping[str, Iterable[VersionedSymbol]], version: str) -> dict[str, list[VersionedSymbol]]:
    """The symbols that each library of an older glibc offers to linkers.

    libraries: the symbols of a newer glibc's libraries, by soname
    version:   the older one's, "2.28"
    """
    found: dict[str, list[VersionedSymbol]] = defaultdict(list)
    for soname, symbols in libraries.items():
        versions: dict[str, list[VersionedSymbol]] = defaultdict(list)
        for symbol in _public(symbols):
            versions[symbol.name].append(symbol)
        for name, known in versions.items():
            old = [symbol for symbol in known if not is_newer(symbol.version, version)]
            if old and (_can_be_linked(known) or _CALLED_BY_STAT.fullmatch(name)):
                newest = max(old, key=lambda symbol: parse_version(symbol.version))
                moved = soname == LIBC and any(
                    parse_version(symbol.version) in _MOVES and symbol not in old for symbol in known
                )
                found[_home(name) if moved else soname].append(newest)
    return dict(found)


def _public(symbols: Iterable[VersionedSymbol]) -> Iterable[VersionedSymbol]:
    """The symbols without those of the version GLIBC_PRIVATE, which only glibc's own libraries use."""
    return (symbol for symbol in symbols if symbol.version.startswith("GLIBC_") and parse_version(symbol.version))


def _can_be_linked(known: Iterable[VersionedSymbol]) -> bool:
    return any(not symbol.is_hidden for symbol in known)


def _home(name: str) -> str:
    """The library of a symbol before it moved into libc.so.6. Some symbols were in libc.so.6 before, and only got a new
    version."""
    return next((LIBRARIES[library] for pattern, library in _HOMES if pattern.fullmatch(name)), LIBC)


def write_stub(folder: Path, soname: str, symbols: Iterable[VersionedSymbol]) -> tuple[str, ...]:
    """Write the sources of a stub library into a folder. Returns the compiler's arguments, to be run there.

    A variable with several names stays one variable: a program's copy of it has all these names.
    """
    lines, by_version, places = [".text"], defaultdict(list), defaultdict(list)
    for symbol in sorted(symbols, key=lambda symbol: (symbol.name, symbol.version)):
        by_version[symbol.version].append(symbol.name)
        if symbol.size and symbol.is_variable:
            places[symbol.place].append(symbol)
        else:
            lines += [f".globl {symbol.name}", f".type {symbol.name}, %function", f"{symbol.name}:"]
    lines += [".byte 0", ".data"]
    for names in places.values():
        lines.append(".balign 16")
        for symbol in names:
            lines += [
                f".{'weak' if symbol.is_weak else 'globl'} {symbol.name}",
                f".type {symbol.name}, %object",
                f".size {symbol.name}, {symbol.size}",
                f"{symbol.name}:",
            ]
        lines.append(f".skip {max(symbol.size for symbol in names)}")
    lines.append('.section .note.GNU-stack, "", %progbits')
    (folder / f"{soname}.s").write_text("\n".join(lines) + "\n")
    ordered = sorted(by_version, key=parse_version)
    nodes = [f"{version} {{ global: {'; '.join(by_version[version])}; }};" for version in ordered]
    (folder / f"{soname}.map").write_text("\n".join([*nodes, "crosspython_local { local: *; };"]) + "\n")
    return (
        *("-shared", "-nostdlib", "-s", "-Wl,--build-id=none", f"-Wl,-soname,{soname}"),
        *(f"-Wl,--version-script={soname}.map", f"{soname}.s", "-o", soname),
    )
