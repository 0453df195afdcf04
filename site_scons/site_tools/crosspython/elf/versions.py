"""Compares versions of symbols, such as GLIBC_2.34.

Knows how libraries number them. It does not know which versions a board has.
"""

from __future__ import annotations

import re
from itertools import zip_longest

from crosspython.targets.libc import LIBCS, Libc

# Names without a number that glibc gives to features of its loader, with the release that brought each (glibc's NEWS).
_NAMED_VERSIONS = {"GLIBC_ABI_DT_RELR": (2, 36), "GLIBC_ABI_GNU2_TLS": (2, 42), "GLIBC_ABI_DT_X86_64_PLT": (2, 42)}


def parse_version(text: str) -> tuple[int, ...]:
    """Return a version's numbers, for comparing: GLIBC_2.34 and 2.34 are (2, 34); a name without one is ()."""
    if text in _NAMED_VERSIONS:
        return _NAMED_VERSIONS[text]
    match = re.fullmatch(r"(?:.*_)?(\d+(?:\.\d+)*)", text)
    return tuple(int(number) for number in match[1].split(".")) if match else ()


def libc_with(version: str) -> Libc | None:
    """The libc that brought a symbol's version: glibc 2.28 for GLIBC_2.28. None for another library's; the libc's
    version is "unknown" if no release promises the symbol."""
    for name, kind in LIBCS.items():
        if kind.symbols and version.startswith(f"{kind.symbols}_"):
            return Libc(name, ".".join(map(str, parse_version(version))) or "unknown")
    return None


def is_newer(version: str, than: str) -> bool:
    """Whether a version is newer than another. A missing number counts as 0: 3.2.0 is not newer than 3.2."""
    pairs = zip_longest(parse_version(version), parse_version(than), fillvalue=0)
    return next((one > other for one, other in pairs if one != other), False)
