"""Where vendors and distributions put cross compilers, and how they call them.

Knows the layouts of SDKs and Debian's names with a version (arm-linux-gnueabihf-gcc-12, with g++-12 and gcc-ar-12
beside it, and an ar without one). It runs nothing. All paths belong to the build machine.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from crosspython.elf.versions import parse_version
from crosspython.toolchain.yocto import find_setups

# Where compilers lie below an SDK's folder, a Buildroot output being one.
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
_LEVELS = 2  # folders down, in which an SDK may lie beside other things

_COMPILER = re.compile(r"(?P<prefix>(?:.+-)?)gcc(?P<version>-\d+(\.\d+)*)?")

# What a compiler of a version has its own of; the binutils have none.
OF_ITS_VERSION = ("gcc", "g++", "cpp", "gfortran", "gcc-ar", "gcc-nm", "gcc-ranlib")


def split_compiler(cc: Path) -> tuple[str, str] | None:
    """A compiler's path up to and including the dash, and its version with a dash before it, mostly none.

    None for what is not called as a compiler is.
    """
    match = _COMPILER.fullmatch(cc.name)
    return (str(cc).removesuffix(cc.name) + match["prefix"], match["version"] or "") if match else None


def with_prefix(prefix: Path) -> Path | None:
    """The compiler of a prefix, with or without the last dash: without a version, or the newest."""
    for start in (f"{prefix}", f"{prefix}-"):
        plain = Path(f"{start}gcc")
        if plain.is_file():
            return plain
        folder, name = plain.parent, plain.name
        versions = [folder / each for each in _names(folder) if each.startswith(f"{name}-")]
        versions = [cc for cc in versions if split_compiler(cc)]
        if versions:
            return max(versions, key=_version)
    return None


def own_compilers(folder: Path) -> list[Path]:
    """Those in the places that an SDK has for itself."""
    return list(_in_places(folder, _OWN))


def compilers_below(folder: Path, *, runnable: bool = True) -> list[Path]:
    """Every compiler that can be run, or that cannot, nearest folders first; one with two names comes once for each."""
    return list(_in_places(folder, (*_OWN, *_DEEP), runnable=runnable))


def find_sdks(folder: Path) -> list[Path]:
    """The folder itself if it is an SDK, else those that lie one or two levels down; each once."""
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
    """Of each prefix the one without a version, or the newest."""
    best: dict[str, Path] = {}
    for cc in [*_glob(folder, "*-gcc"), *sorted(_glob(folder, "*-gcc-[0-9]*"), key=_version, reverse=True)]:
        parts = split_compiler(cc)
        if parts and cc.is_file() and os.access(cc, os.X_OK) == runnable:
            best.setdefault(parts[0], cc.absolute())
    return sorted(best.values())


def _version(cc: Path) -> tuple[int, ...]:
    return parse_version(cc.name.rpartition("-")[2])


def _names(folder: Path) -> list[str]:
    """What lies in a folder; nothing where it may not be read. Each run asks this of all folders on PATH."""
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _glob(folder: Path, pattern: str) -> list[Path]:
    """Nothing where a folder may not be read."""
    try:
        return sorted(folder.glob(pattern))
    except OSError:
        return []
