"""The places and names of cross compilers of vendors and distributions.

Knows the layouts of SDKs, Debian's names with a version (arm-linux-gnueabihf-gcc-12, with g++-12 and gcc-ar-12
beside it, and an ar without one), and Clang's (arm-linux-gnueabihf-clang). Of a GCC and a Clang with one prefix, GCC is
taken. It runs nothing. All paths belong to the build machine.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from crosspython.elf.versions import parse_version
from crosspython.toolchain.yocto import find_setups

# Where compilers are below an SDK's folder, a Buildroot output being one.
_OWN = ("", "bin", "usr/bin", "host/bin", "host/usr/bin", "output/host/bin")
# And below a vendor's whole source tree, or a Yocto SDK.
_DEEP = (
    "*/bin",
    "*/usr/bin",
    "*/host/bin",
    "*/host/usr/bin",
    "*/*/bin",
    "prebuilts/gcc/*/*/*/bin",
    "*/prebuilts/gcc/*/*/*/bin",
    "tools/linux/toolchain/*/bin",
    "buildroot/output/*/host/bin",
    "sysroots/*/usr/bin/*",
)
_RELOCATE = "relocate-sdk.sh"
_LEVELS = 2  # how many levels below a folder SDKs are searched

_COMPILER = re.compile(r"(?P<prefix>(?:.+-)?)(?P<kind>gcc|clang)(?P<version>-\d+(\.\d+)*)?")
KINDS = ("gcc", "clang")
"""The compilers, in the order in which they are preferred."""

# The programs that exist for each version of a compiler; the binutils have no such version.
OF_ITS_VERSION = ("gcc", "g++", "cpp", "gfortran", "gcc-ar", "gcc-nm", "gcc-ranlib")


def split_compiler(cc: Path) -> tuple[str, str] | None:
    """A compiler's path up to and including the dash, and its version with a leading dash, which is usually empty.

    None if the name is not that of a compiler.
    """
    match = _COMPILER.fullmatch(cc.name)
    return (str(cc).removesuffix(cc.name) + match["prefix"], match["version"] or "") if match else None


def is_clang(cc: Path) -> bool:
    """Whether a compiler is Clang by its name."""
    match = _COMPILER.fullmatch(cc.name)
    return match is not None and match["kind"] == "clang"


def compiler_names(folder: Path) -> list[str]:
    """The names of compilers in a folder; empty if it is not readable. Each run calls this for all folders on PATH."""
    try:
        return [
            name for name in os.listdir(folder) if ("gcc" in name or "clang" in name) and split_compiler(Path(name))
        ]
    except OSError:
        return []


def with_prefix(
    prefix: Path, kinds: Sequence[str] = KINDS, names_in: Callable[[Path], list[str]] = compiler_names
) -> Path | None:
    """The compiler of a prefix, with or without the last dash: the one without a version, or else the newest.

    kinds:    the first of these that is there
    names_in: compiler_names, or the same with a memory
    """
    for plain in (Path(f"{prefix}{dash}{kind}") for kind in kinds for dash in ("", "-")):
        if plain.is_file():
            return plain
        folder, name = plain.parent, plain.name
        versions = [folder / each for each in names_in(folder) if each.startswith(f"{name}-")]
        if versions:
            return max(versions, key=_version)
    return None


def own_compilers(folder: Path) -> list[Path]:
    """The compilers in the usual folders of an SDK."""
    return list(_in_places(folder, _OWN))


def compilers_below(folder: Path, *, runnable: bool = True) -> list[Path]:
    """Every compiler that can be run (or that cannot, if not `runnable`), nearest folders first. A compiler with two
    names is listed twice."""
    return list(_in_places(folder, (*_OWN, *_DEEP), runnable=runnable))


def find_sdks(folder: Path) -> list[Path]:
    """The folder itself if it is an SDK, else all SDKs one or two levels below it; each once."""
    if _is_sdk(folder):
        return [folder]
    found: dict[Path, Path] = {}
    level = [folder]
    for _ in range(_LEVELS):
        level = [entry for place in level for entry in _folders(place)]
        for entry in level:
            if _is_sdk(entry):
                found.setdefault(entry.resolve(), entry)
        level = [entry for entry in level if entry.resolve() not in found]
    return list(found.values())


def _is_sdk(folder: Path) -> bool:
    return (folder / _RELOCATE).is_file() or bool(find_setups(folder)) or bool(own_compilers(folder))


def _folders(place: Path) -> list[Path]:
    return [entry for entry in _glob(place, "*") if entry.is_dir()]


def _in_places(folder: Path, places: tuple[str, ...], *, runnable: bool = True) -> Iterator[Path]:
    for pattern in places:
        for bin_folder in _glob(folder, pattern) if pattern else [folder]:
            yield from _compilers_in(bin_folder, runnable)


def _compilers_in(folder: Path, runnable: bool) -> list[Path]:
    """The compilers of a folder: for each prefix the one without a version, or else the newest."""
    best: dict[str, Path] = {}
    for cc in (cc for kind in KINDS for cc in _by_version(folder, kind)):
        parts = split_compiler(cc)
        if parts and cc.is_file() and os.access(cc, os.X_OK) == runnable:
            best.setdefault(parts[0], cc.absolute())
    return sorted(best.values())


def _by_version(folder: Path, kind: str) -> list[Path]:
    """The compilers of a kind: those without a version, then the newest first."""
    versions = sorted(_glob(folder, f"*-{kind}-[0-9]*"), key=_version, reverse=True)
    return [*_glob(folder, f"*-{kind}"), *versions]


def _version(cc: Path) -> tuple[int, ...]:
    return parse_version(cc.name.rpartition("-")[2])


def _glob(folder: Path, pattern: str) -> list[Path]:
    """The sorted matches in a folder; empty if the folder is not readable."""
    try:
        return sorted(folder.glob(pattern))
    except OSError:
        return []
