"""Headers of an older glibc, made of the newer ones that a compiler brings: without what came later.

They say the older version, declare no function that came after it, and choose nothing that it does not have. What did
not change is a link. Types, constants and declarations that nobody needs a function for stay, for they harm nobody.
Knows glibc's style: declarations begin a line with `extern`, functions in headers with `__fortify_function`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from crosspython.elf.versions import is_newer

# Headers that came with a glibc, which programs ask for (__has_include, AC_CHECK_HEADERS).
_CAME_WITH = {
    "sys/random.h": "2.25",
    "threads.h": "2.28",
    "sys/single_threaded.h": "2.32",
    "sys/platform/x86.h": "2.33",
    "sys/rseq.h": "2.35",
    "sys/pidfd.h": "2.36",
    "stdbit.h": "2.39",
}

# Which text of which header is another one before a glibc. SIGSTKSZ and PTHREAD_STACK_MIN ask sysconf since 2.34, which
# an older libc cannot answer; time_t of 64 bits on 32-bit machines came with it; functions of C23 with 2.38.
_BEFORE = (
    ("features.h", "2.34", re.compile(r"^#\s*define\s+__USE_DYNAMIC_STACK_SIZE\b.*", re.M), ""),
    ("features.h", "2.38", re.compile(r"(#\s*define\s+__GLIBC_USE_C2[3X]_STRTOL)\s+1"), r"\1 0"),
    ("features-time64.h", "2.34", re.compile(r"\A"), "#undef _TIME_BITS\n"),
)
_VERSION = re.compile(r"(#\s*define\s+__GLIBC_MINOR__)\s+\d+")

# The kernel's and C++'s headers lie beside those of the libc.
_OTHERS = {"asm", "asm-generic", "c++", "drm", "linux", "misc", "mtd", "rdma", "scsi", "sound", "video", "xen"}

_DECLARATION = re.compile(r"^(?:__extension__\s+)?extern\b[^;{}#]*;", re.M)
_INLINE = re.compile(r"^(?:__fortify_function|__extern_(?:always_)?inline)\b[^;{}]*\{.*?^\}", re.M | re.S)
_CALLED = re.compile(r"(\w+)\s*\(")
_REDIRECTED = re.compile(r"__REDIRECT\w*\s*\(\s*(\w+)")
_STANDS_FOR_IT = re.compile(r",\s*(\w+)\s*\)")
_NO_FUNCTIONS = {"__NTH", "__NTHNL", "__attribute__", "__fortified_attr_access", "__glibc_macro_warning"}

# libstdc++'s own header says what it found in the libc that it was built with; code in its other headers goes by that.
_CONFIG = Path("bits/c++config.h")
_HAS = re.compile(r"^#define (_GLIBCXX_(?:HAVE|USE)_(\w+)) 1$", re.M)
_HAS_BY = {
    "PTHREAD_RWLOCK_CLOCKLOCK": "pthread_rwlock_clockrdlock",
    "UCHAR_C8RTOMB_MBRTOC8_CXX20": "c8rtomb",
    "UCHAR_C8RTOMB_MBRTOC8_FCHAR8_T": "c8rtomb",
}


def make_headers(
    place: Path, folders: Iterable[Path], version: str, newer: frozenset[str], *, only: frozenset[str] | None = None
) -> None:
    """Fill an empty folder. Of headers of one name the first folder's counts, as for a compiler.

    version: of the older glibc; newer: the functions that came after it
    only:    names of headers and of whole folders that are the libc's, where others lie beside them; None: all are
    """
    later = {name for name, came in _CAME_WITH.items() if is_newer(came, version)}
    for folder in folders:
        for path, name in _libc_headers(folder):
            if only is not None and only.isdisjoint((name, name.partition("/")[0])):
                continue
            if name in later or (place / name).is_symlink() or (place / name).exists():
                continue
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            text = "" if path.is_dir() else path.read_text(errors="surrogateescape")
            edited = _edit(name, text, version, newer)
            if edited == text:
                (place / name).symlink_to(path)
            else:
                (place / name).write_text(edited, errors="surrogateescape")


def make_config(place: Path, folders: Iterable[Path], newer: frozenset[str]) -> None:
    """libstdc++'s own header, for a folder that is searched before `folders`, without what the older glibc lacks."""
    for folder in folders:
        if (folder / _CONFIG).is_file():
            (place / _CONFIG).parent.mkdir(parents=True)
            (place / _CONFIG).write_text(_HAS.sub(lambda has: _unless(has, newer), (folder / _CONFIG).read_text()))
            return


def _unless(has: re.Match[str], newer: frozenset[str]) -> str:
    function = _HAS_BY.get(has[2], has[2].lower())
    return f"/* #undef {has[1]} */" if function in newer else has[0]


def _libc_headers(folder: Path) -> Iterator[tuple[Path, str]]:
    """Each header with its name; folders that are not glibc's as a whole."""
    for entry in sorted(folder.iterdir()):
        if entry.name in _OTHERS:
            if entry.name != "c++":
                yield entry, entry.name
        elif entry.is_dir():
            for path in sorted(entry.rglob("*")):
                if path.is_file():
                    yield path, path.relative_to(folder).as_posix()
        elif entry.is_file():
            yield entry, entry.name


def _edit(name: str, text: str, version: str, newer: frozenset[str]) -> str:
    if name == "features.h":
        text = _VERSION.sub(rf"\1 {version.partition('.')[2]}", text)
    for header, came, pattern, other in _BEFORE:
        if header == name and is_newer(came, version):
            text = pattern.sub(other, text)
    for statement in (_DECLARATION, _INLINE):
        text = statement.sub(lambda found: "" if newer.intersection(_names_in(found[0])) else found[0], text)
    return text


def _names_in(declaration: str) -> set[str]:
    """The function that is declared or defined, and the one that stands behind it."""
    redirected = _REDIRECTED.search(declaration)
    if redirected:
        return {redirected[1], *_STANDS_FOR_IT.findall(declaration)}
    named = (name for name in _CALLED.findall(declaration) if name not in _NO_FUNCTIONS)
    return {next(named, "")}
