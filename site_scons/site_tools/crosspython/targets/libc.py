"""C libraries: their kinds and versions, and the facts that follow from these.

A libc decides which libraries a board has, the names of extension modules, and which ready wheels pip accepts on the
board. A new libc is a new row of the table. This module knows no compiler and reads no file.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

import msgspec

from crosspython.targets.machines import MACHINES

# Libraries that come with the compiler. Every board with C++ programs has them.
_GCC_LIBRARIES = ("libgcc_s.so.1", "libstdc++.so.6", "libatomic.so.1")


class _Kind(msgspec.Struct, frozen=True):
    """abi:       the begin of the last word in triplets with this libc
    libraries: the libraries that programs are linked with, by soname, as shell patterns
    suffixes:  its name in the file names of CPython's extension modules
    wheels:    the platform tag of wheels for it, without versions; "": there is none
    newest:    a version newer than any existing one
    rust:      its name in Rust's triples, armv7-unknown-linux-*eabihf; None: Rust does not know it
    """

    abi: str
    libraries: tuple[str, ...]
    suffixes: tuple[str, ...] = ("gnu",)
    wheels: str = ""
    newest: str = "unknown"
    rust: str | None = None


LIBCS = {
    "musl": _Kind(
        abi="musl",
        libraries=("libc.so", "libc.musl-*.so.1", "ld-musl-*.so.1"),
        suffixes=("musl", "gnu"),  # CPython before 3.13 uses gnu on musl, too
        wheels="musllinux",
        newest="1.99",
        rust="musl",
    ),
    "uclibc": _Kind(
        abi="uclibc",
        suffixes=("", "gnu"),  # CPython 3.13 and newer name no platform there (Misc/platform_triplet.c)
        libraries=(
            "libc.so.[01]",
            "libm.so.[01]",
            "libpthread.so.[01]",
            "libdl.so.[01]",
            "librt.so.[01]",
            "libutil.so.[01]",
            "libresolv.so.[01]",
            "libcrypt.so.[01]",
            "ld-uClibc.so.[01]",
            "ld64-uClibc.so.[01]",
        ),
    ),
    "glibc": _Kind(
        abi="gnu",
        libraries=(
            "libc.so.6",
            "libm.so.6",
            "libmvec.so.1",
            "libpthread.so.0",
            "libdl.so.2",
            "librt.so.1",
            "libutil.so.1",
            "libresolv.so.2",
            "libanl.so.1",
            "ld-linux*.so.*",
        ),
        wheels="manylinux",
        newest="2.99",
        rust="gnu",
    ),
}

# The old names of PEP 600's legacy aliases, by glibc's minor version.
_LEGACY_NAMES = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}


@dataclass(frozen=True)
class Libc:
    """One version of one libc: that of a board or of a compiler, or the oldest one that a product has to run with.

    name:    "glibc", "musl" or "uclibc"
    version: "2.31"; "unknown" if it is not known
    """

    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name} {self.version}"

    @property
    def number(self) -> tuple[int, ...]:
        """Its version, for comparing; () if it is not known."""
        return tuple(map(int, self.version.split("."))) if self.version[:1].isdigit() else ()

    def loads(self, other: Libc) -> bool:
        """Whether a board with this libc loads files that were built for another one: the other must be of the same
        kind, and not newer."""
        return self.name == other.name and other.number <= self.number

    @property
    def starting(self) -> str:
        """The libcs that can start programs built for this one, in words. Only uClibc's releases are incompatible with
        earlier ones."""
        return str(self) if self.name == "uclibc" else f"{self} or a newer one"

    @property
    def libraries(self) -> tuple[str, ...]:
        """The libraries of each board with this libc, including the compiler's: sonames, as shell patterns."""
        return (*LIBCS[self.name].libraries, *_GCC_LIBRARIES)

    def is_own(self, soname: str) -> bool:
        """Whether a library belongs to this libc, and not to its compiler."""
        return any(fnmatchcase(soname, pattern) for pattern in LIBCS[self.name].libraries)

    @staticmethod
    def is_of_compiler(soname: str) -> bool:
        """Whether a library that lies beside a libc came with the compiler."""
        return soname in _GCC_LIBRARIES

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Its name in the file names of CPython's extension modules."""
        return LIBCS[self.name].suffixes

    def platforms(self, machine: str, float_abi: str | None) -> list[str]:
        """The platform tags of ready wheels that pip accepts on a board with this libc, best first (PEP 600 and 656).

        machine: what `uname -m` says there
        """
        kind, version = LIBCS[self.name].wheels, self.number
        oldest = oldest_manylinux(machine, float_abi) if kind == "manylinux" else 0
        if not kind or not version or oldest is None:
            return []
        names = []
        for minor in range(version[1], oldest - 1, -1):
            names.append(f"{kind}_{version[0]}_{minor}")
            if kind == "manylinux" and minor in _LEGACY_NAMES:
                names.append(_LEGACY_NAMES[minor])
        return [f"{name}_{machine}" for name in names]


def read_libc(text: str) -> Libc:
    """The libc that a text such as "glibc 2.31" names."""
    name, _, version = text.partition(" ")
    return Libc(name, version)


PRIVATE = "private"
"""The choice of the compiler's own libc, which the bundle brings along."""
PRIVATE_FOLDER, PRIVATE_PROGRAMS = "lib/private", "libexec"
"""The folders of such a bundle for the libc, and for the programs that a starter in bin/ starts with it."""


OTHERS = tuple(name for name in LIBCS if name != "glibc")
"""The choices of a libc without a version: the compiler's own libc is used, and must be of this kind."""


def read_choice(text: str) -> Libc | None:
    """The libc that a user's choice names; None: the compiler's own."""
    return None if text in ("board", PRIVATE, *OTHERS) else read_libc(text)


def newest_libc(name: str) -> Libc:
    """A libc newer than any of its kind: if a board with it does not accept a wheel, no board does."""
    return Libc(name, LIBCS[name].newest)


def libc_of_abi(abi: str) -> str | None:
    """The libc that the last word of a triplet names; None if it names none, as for bare metal."""
    return next((name for name, kind in LIBCS.items() if abi.startswith(kind.abi)), None)


def oldest_manylinux(machine: str, float_abi: str | None) -> int | None:
    """The N of the oldest glibc 2.N that manylinux wheels for a machine count from; None: pip takes none there."""
    row = MACHINES.get(machine)
    return row.manylinux if row and row.manylinux_abi in (None, float_abi) else None
