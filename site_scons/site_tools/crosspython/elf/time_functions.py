"""Which size of time_t an ELF file was compiled with, as far as the functions that it calls show it.

On 32-bit machines a libc with both sizes has two variants of each function: `time` and `__time64`, `stat` and
`__stat64_time64` (glibc), `__stat_time64` (musl). Paths belong to the build machine.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from elftools.elf.elffile import ELFFile

# Functions that libstdc++ calls (stat, gettimeofday, clock_gettime, ...) are left out: libstdc++.a comes with the
# compiler, so its calls say nothing about the program that it was linked into.
_TELLING = (
    "ctime",
    "ctime_r",
    "difftime",
    "gmtime",
    "gmtime_r",
    "localtime",
    "localtime_r",
    "mktime",
    "pthread_cond_timedwait",
    "select",
    "sem_timedwait",
    "settimeofday",
    "time",
    "timegm",
    "timerfd_settime",
    "utime",
    "utimes",
)
_WITH_64 = re.compile(rf"__({'|'.join(_TELLING)})(_time)?64")
# A variable that Rust's standard library reads: a sign of Rust code. That library is compiled beforehand, and passes no
# time_t to other code.
_RUST = b"RUST_BACKTRACE"


def time_functions(file: Path) -> dict[int, tuple[str, ...]]:
    """The functions that a file calls and that show its time_t, by the bits of time_t; empty if it calls none.

    For code in Rust, functions with 32 bits are left out.
    """
    with file.open("rb") as stream:
        table: Any = ELFFile(stream).get_section_by_name(".dynsym")
        symbols = table.iter_symbols() if table is not None else ()
        names = sorted({str(symbol.name) for symbol in symbols if symbol.entry.st_shndx == "SHN_UNDEF"})
    found = {32: tuple(n for n in names if n in _TELLING), 64: tuple(n for n in names if _WITH_64.fullmatch(n))}
    if found[32] and _RUST in file.read_bytes():
        del found[32]
    return {bits: functions for bits, functions in found.items() if functions}
