"""Makes headers of an older glibc from a compiler's newer ones, by removing later additions.

They define the older version number, declare no function that was added later, and select no feature that the older
glibc lacks. A header without changes is a link. Types, constants and declarations without a function stay, because they
do no harm.
Knows glibc's style: declarations begin a line, most of them with `extern`, and functions in headers begin a line with
`__fortify_function`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from crosspython.elf.versions import is_newer

# Headers that were added in a glibc, and whose existence programs test (__has_include, AC_CHECK_HEADERS).
_CAME_WITH = {
    "sys/random.h": "2.25",
    "threads.h": "2.28",
    "sys/single_threaded.h": "2.32",
    "sys/platform/x86.h": "2.33",
    "sys/rseq.h": "2.35",
    "sys/pidfd.h": "2.36",
    "stdbit.h": "2.39",
}

# Texts of headers that have to be changed before a version of glibc. Since 2.34, SIGSTKSZ and PTHREAD_STACK_MIN call
# sysconf, and an older libc does not know these values; 2.34 also added a 64-bit time_t on 32-bit machines; 2.38 added
# functions of C23.
_BEFORE = (
    ("features.h", "2.34", re.compile(r"^#\s*define\s+__USE_DYNAMIC_STACK_SIZE\b.*", re.M), ""),
    ("features.h", "2.38", re.compile(r"(#\s*define\s+__GLIBC_USE_C2[3X]_STRTOL)\s+1"), r"\1 0"),
    ("features-time64.h", "2.34", re.compile(r"\A"), "#undef _TIME_BITS\n"),
)
_VERSION = re.compile(r"(#\s*define\s+__GLIBC_MINOR__)\s+\d+")

# Headers of the kernel and of C++ in the same folder as the libc's.
_OTHERS = {"asm", "asm-generic", "c++", "drm", "linux", "misc", "mtd", "rdma", "scsi", "sound", "video", "xen"}

_DECLARATION = re.compile(r"^(?:(?:__extension__\s+)?extern\b|\w+[ *]+\w+ \()[^;{}#]*;", re.M)
_INLINE = re.compile(r"^(?:__fortify_function|__extern_(?:always_)?inline)\b[^;{}]*\{.*?^\}", re.M | re.S)
_CALLED = re.compile(r"(\w+)\s*\(")
_REDIRECTED = re.compile(r"__REDIRECT\w*\s*\(\s*(\w+)")
_STANDS_FOR_IT = re.compile(r",\s*(\w+)\s*\)")
_NO_FUNCTIONS = {"__NTH", "__NTHNL", "__attribute__", "__fortified_attr_access", "__glibc_macro_warning"}

# This header of libstdc++ says which functions the libc had when libstdc++ was built; its other headers depend on that.
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
    """Fill an empty folder. If several folders have a header of the same name, the first one is used, as by a compiler.

    version: of the older glibc; newer: the functions that were added after it
    only:    names of the libc's headers and folders, if the folders also contain other headers; None: all headers are
             the libc's
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
    """Write libstdc++'s c++config.h without the functions that the older glibc lacks, into a folder that is searched
    before `folders`."""
    for folder in folders:
        if (folder / _CONFIG).is_file():
            (place / _CONFIG).parent.mkdir(parents=True)
            (place / _CONFIG).write_text(_HAS.sub(lambda has: _unless(has, newer), (folder / _CONFIG).read_text()))
            return


def _unless(has: re.Match[str], newer: frozenset[str]) -> str:
    function = _HAS_BY.get(has[2], has[2].lower())
    return f"/* #undef {has[1]} */" if function in newer else has[0]


def _libc_headers(folder: Path) -> Iterator[tuple[Path, str]]:
    """Each header with its name. A folder that is not glibc's is returned as a whole."""
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
    """The name of the function that is declared or defined, and of the function that it is redirected to."""
    redirected = _REDIRECTED.search(declaration)
    if redirected:
        return {redirected[1], *_STANDS_FOR_IT.findall(declaration)}
    named = (name for name in _CALLED.findall(declaration) if name not in _NO_FUNCTIONS)
    return {next(named, "")}
