"""C libraries: their kinds and versions, and the facts that follow from these.

A libc decides which libraries a board has, the names of extension modules, and which ready wheels pip accepts on the
board. A new libc is a new row of the table. This module knows no compiler and reads no file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

import msgspec

from crosspython.targets.machines import MACHINES

# Libraries that come with the compiler. Every board with C++ programs has them.
_GCC_LIBRARIES = ("libgcc_s.so.1", "libstdc++.so.6", "libatomic.so.1")


class _Kind(msgspec.Struct, frozen=True, kw_only=True):
    """title:      its name in sentences
    abi:        the begin of the last word in triplets with this libc
    libraries:  the libraries that programs are linked with, by soname, as shell patterns; the libc itself comes first
    loaders:    the loaders that boards may have, as shell patterns, each with the machines that it is for
    macros:     its headers' macros with the parts of its version; (): it has none, and its loader tells it
    release:    a pattern that finds the version in the file of the libc; b"": it is not there
    symbols:    the begin of its symbols' versions, GLIBC_2.28; "": its symbols have no versions
    choice:     the versions that can be chosen with any compiler; "": only the compiler's own
    reserved:   a pattern of the names of libraries by which its loader always means itself; "": there are none
    loads_older: whether it loads files that were built for an earlier version
    rpath_first: whether its loader looks in RPATHs before LD_LIBRARY_PATH
    argv0:      the first version whose loader has the option --argv0; "": none
    time64:     the first version in which macros choose the size of time_t on 32-bit machines; "": there is no choice
    suffixes:   its name in the file names of CPython's extension modules
    wheels:     the platform tag of wheels for it, without versions; "": there is none
    newest:     a version newer than any existing one
    rust:       its name in Rust's triples, armv7-unknown-linux-*eabihf; None: Rust does not know it
    rust_flags: flags with which rustc makes extensions for it
    rust_time64: the variable by which the crate libc uses a 64-bit time_t on 32-bit machines, and its value
    """

    title: str
    abi: str
    libraries: tuple[str, ...]
    loaders: Mapping[str, str]
    macros: tuple[str, ...] = ()
    release: bytes = b""
    symbols: str = ""
    choice: str = ""
    reserved: str = ""
    loads_older: bool = True
    rpath_first: bool = True
    argv0: str = ""
    time64: str = ""
    suffixes: tuple[str, ...] = ("gnu",)
    wheels: str = ""
    newest: str = "unknown"
    rust: str | None = None
    rust_flags: tuple[str, ...] = ()
    rust_time64: Mapping[str, str] = msgspec.field(default_factory=dict)


# uClibc also defines glibc's macros, and so comes before it.
LIBCS = {
    "musl": _Kind(
        title="musl",
        abi="musl",
        libraries=("libc.so", "libc.musl-*.so.1", "ld-musl-*.so.1"),
        loaders={
            "ld-musl-armhf.so.*": "32-bit ARM, hard float",
            "ld-musl-arm.so.*": "32-bit ARM, soft float",
            "ld-musl-aarch64.so.*": "64-bit ARM",
            "ld-musl-riscv64.so.*": "64-bit RISC-V, hard float",
            "ld-musl-riscv64-sf.so.*": "64-bit RISC-V, soft float",
            "ld-musl-x86_64.so.*": "64-bit x86",
            "ld-musl-i386.so.*": "32-bit x86",
        },
        # It has no macros on purpose (its FAQ). Its loader is libc.so itself, and prints the version if it is run.
        release=rb"\0(\d+\.\d+\.\d+)(-git[\w.-]*)?\0",
        reserved=r"lib(?:c|dl|m|pthread|rt|util|xnet)\..*",  # ldso/dynlink.c: load_library
        rpath_first=False,
        suffixes=("musl", "gnu"),  # CPython before 3.13 uses gnu on musl, too
        wheels="musllinux",
        newest="1.99",
        rust="musl",
        rust_flags=("-Ctarget-feature=-crt-static",),  # for musl Rust links statically by default
        rust_time64={"RUST_LIBC_UNSTABLE_MUSL_V1_2_3": "1"},
    ),
    "uclibc": _Kind(
        title="uClibc",
        abi="uclibc",
        macros=("__UCLIBC_MAJOR__", "__UCLIBC_MINOR__", "__UCLIBC_SUBLEVEL__"),
        loads_older=False,
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
        loaders={"ld-uClibc.so.*": "32-bit", "ld64-uClibc.so.*": "64-bit"},
    ),
    "glibc": _Kind(
        title="glibc",
        abi="gnu",
        macros=("__GLIBC__", "__GLIBC_MINOR__"),
        symbols="GLIBC",
        choice=r"2\.\d+",
        argv0="2.33",  # its NEWS
        time64="2.34",  # its NEWS
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
        loaders={  # sourceware.org/glibc/wiki/ABIList
            "ld-linux-armhf.so.*": "32-bit ARM, hard float",
            "ld-linux.so.3": "32-bit ARM, soft float",
            "ld-linux-aarch64.so.*": "64-bit ARM",
            "ld-linux-riscv64-lp64d.so.*": "64-bit RISC-V, hard float",
            "ld-linux-riscv64-lp64.so.*": "64-bit RISC-V, soft float",
            "ld-linux-x86-64.so.*": "64-bit x86",
            "ld-linux.so.2": "32-bit x86",
        },
        wheels="manylinux",
        newest="2.99",
        rust="gnu",
        rust_time64={"RUST_LIBC_UNSTABLE_GNU_TIME_BITS": "64"},
    ),
}

USUAL = "glibc"
"""The libc of distributions' cross compilers. A bundle can bring it along."""

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

    @property
    def kind(self) -> _Kind:
        """The facts that hold for all versions."""
        return LIBCS[self.name]

    def has_since(self, version: str) -> bool:
        """Whether this version has something that came with another one; "": no version has it."""
        return bool(version) and self.number >= Libc(self.name, version).number

    def loads(self, other: Libc) -> bool:
        """Whether a board with this libc loads files that were built for another one: the other must be of the same
        kind, and not newer."""
        return self.name == other.name and other.number <= self.number

    @property
    def starting(self) -> str:
        """The libcs that can start programs built for this one, in words."""
        return f"{self} or a newer one" if self.kind.loads_older else str(self)

    @property
    def libraries(self) -> tuple[str, ...]:
        """The libraries of each board with this libc, including the compiler's: sonames, as shell patterns."""
        return (*self.kind.libraries, *_GCC_LIBRARIES)

    def is_own(self, soname: str) -> bool:
        """Whether a library belongs to this libc, and not to its compiler."""
        return any(fnmatchcase(soname, pattern) for pattern in self.kind.libraries)

    @staticmethod
    def is_of_compiler(soname: str) -> bool:
        """Whether a library that is beside a libc came with the compiler."""
        return soname in _GCC_LIBRARIES

    def reserves(self, soname: str) -> bool:
        """Whether its loader takes a library's name for its own, even if a file of that name exists."""
        return re.fullmatch(self.kind.reserved, soname) is not None

    def platforms(self, machine: str, float_abi: str | None) -> list[str]:
        """The platform tags of ready wheels that pip accepts on a board with this libc, best first (PEP 600 and 656).

        machine: what `uname -m` says there
        """
        kind, version = self.kind.wheels, self.number
        oldest = oldest_manylinux(machine, float_abi) if kind == "manylinux" else 0
        if not kind or not version or oldest is None:
            return []
        names = []
        for minor in range(version[1], oldest - 1, -1):
            names.append(f"{kind}_{version[0]}_{minor}")
            if kind == "manylinux" and minor in _LEGACY_NAMES:
                names.append(_LEGACY_NAMES[minor])
        return [f"{name}_{machine}" for name in names]

    def oldest_platform(self, machine: str, float_abi: str | None, needed: Libc | None) -> str | None:
        """The platform tag with which the most boards accept a wheel that runs on them (PEP 600). None: there is no
        such tag, or symbols have no versions that tell which boards these are.

        needed: the libc that the wheel's symbols came with; None: it needs none
        """
        oldest = oldest_manylinux(machine, float_abi)
        if not self.kind.symbols or not self.kind.wheels or oldest is None:
            return None
        minor = max(needed.number[1], oldest) if needed else oldest
        return f"{self.kind.wheels}_{self.number[0]}_{minor}_{machine}"


def read_libc(text: str) -> Libc:
    """The libc that a text such as "glibc 2.31" names."""
    name, _, version = text.partition(" ")
    return Libc(name, version)


PRIVATE = "private"
"""The choice of the compiler's own libc, which the bundle brings along."""
PRIVATE_FOLDER, PRIVATE_PROGRAMS = "lib/private", "libexec"
"""The folders of such a bundle for the libc, and for the programs that a starter in bin/ starts with it."""


OTHERS = tuple(name for name, kind in LIBCS.items() if not kind.choice)
"""The choices of a libc without a version: the compiler's own libc is used, and must be of this kind."""


def read_choice(text: str) -> Libc | None:
    """The libc that a user's choice names; None: the compiler's own."""
    return None if text in ("board", PRIVATE, *OTHERS) else read_libc(text)


def newest_libc(name: str) -> Libc:
    """A libc newer than any of its kind: if a board with it does not accept a wheel, no board does."""
    return Libc(name, LIBCS[name].newest)


def list_libcs(names: Iterable[str] = LIBCS) -> str:
    """These libcs in a sentence: "musl, uClibc or glibc"."""
    *titles, last = (LIBCS[name].title for name in names)
    return f"{', '.join(titles)} or {last}" if titles else last


def libc_of_abi(abi: str) -> str | None:
    """The libc that the last word of a triplet names; None if it names none, as for bare metal."""
    return next((name for name, kind in LIBCS.items() if abi.startswith(kind.abi)), None)


def oldest_manylinux(machine: str, float_abi: str | None) -> int | None:
    """The N of the oldest glibc 2.N that manylinux wheels for a machine count from; None: pip takes none there."""
    row = MACHINES.get(machine)
    return row.manylinux if row and row.manylinux_abi in (None, float_abi) else None
