"""Finding the cross compiler: in an SDK, by a path, or among the target's known prefixes on PATH.

Knows where vendors put compilers and how to choose among several. Whether the chosen one makes the right code is
probe.py's question. All paths belong to the build machine.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from crosspython.errors import ConfigurationError, ToolchainError
from crosspython.hosttools import install_command
from crosspython.targets import Target
from crosspython.targets.machines import find_machine, fits_architecture
from crosspython.targets.triplet import parse_triplet
from crosspython.toolchain.query import ask
from crosspython.toolchain.sdk import is_archive, open_sdk
from crosspython.toolchain.yocto import find_setups

# Where compilers lie below the folder that a user names: the SDK itself, a Buildroot output, a vendor's whole source tree,
# a Yocto SDK.
_BIN_FOLDERS = (
    "",
    "bin",
    "usr/bin",
    "host/bin",
    "host/usr/bin",
    "output/host/bin",
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

# What builds call besides the C compiler.
_COMPANIONS = ("g++", "ar", "ranlib", "strip", "objcopy", "readelf")


@dataclass(frozen=True)
class _Candidate:
    cc: Path
    triplet: str
    fits: bool


def find_compiler(target: Target, toolchain: str | None, *, path: str, unpack_into: Path) -> Path:
    """Return the C compiler for a target.

    toolchain:   an SDK's folder or archive, a compiler, or a compiler's prefix; None or "": look on `path`
    unpack_into: the folder for our copies of SDKs
    Raises ToolchainError, and for an SDK that cannot be opened what open_sdk raises.
    """
    cc = _find_given(target, Path(toolchain), path, unpack_into) if toolchain else _find_on_path(target, path)
    missing = [tool for tool in _COMPANIONS if not os.access(prefix_of(cc) + tool, os.X_OK)]
    if missing:
        what = "no C++ compiler beside it" if "g++" in missing else "an incomplete toolchain around it"
        raise ToolchainError(
            f"{cc} has {what}",
            expected=", ".join(f"{Path(prefix_of(cc)).name}{tool}" for tool in missing) + f" in {cc.parent}",
            found="none that can be run",
            next=_get_one(target) if not toolchain else "a complete SDK as toolchain=",
        )
    return cc


def prefix_of(cc: Path) -> str:
    """Return a compiler's path up to and including the dash: what its sisters' names begin with."""
    return str(cc).removesuffix("gcc")


def describe_place(target: Target, toolchain: str | None, *, path: str) -> str:
    """Say where the compiler is looked for and what lies there, without running, unpacking or refusing anything.

    The text changes when a compiler there is moved or touched, and when a Fortran compiler comes to lie beside it.
    """
    if not toolchain:
        cc = _first_on_path(target, path)
        return _describe_compiler(cc) if cc else "none on PATH"
    given = Path(toolchain)
    if given.is_dir():
        compilers = map(_describe_compiler, _compilers_below(given))
        return "\n".join([str(given), *compilers, *map(describe_file, find_setups(given))])
    return describe_file(_find_file(given) or given)


def _describe_compiler(cc: Path) -> str:
    fortran = Path(f"{prefix_of(cc)}gfortran")
    return "\n".join(describe_file(file) for file in (cc, fortran) if file == cc or file.exists())


def describe_file(file: Path) -> str:
    """A file with what changes when it is replaced: its size and time."""
    try:
        status = file.stat()
    except OSError:
        return f"{file} is not there"
    return f"{file} {status.st_size} {status.st_mtime_ns}"


def _first_on_path(target: Target, path: str) -> Path | None:
    found = (shutil.which(f"{prefix}-gcc", path=path) for prefix in target.prefixes)
    return next((Path(cc).absolute() for cc in found if cc), None)


def _find_on_path(target: Target, path: str) -> Path:
    cc = _first_on_path(target, path)
    if cc is None:
        raise ToolchainError(
            f"no cross compiler for {target.name} was found",
            expected=f"one of these on PATH: {', '.join(f'{prefix}-gcc' for prefix in target.prefixes)}",
            found="none of them",
            next=_get_one(target),
        )
    return cc


def _get_one(target: Target) -> str:
    command = install_command([f"{target.triplet}-g++"])
    return "get one in one of three ways:\n" + "\n".join(
        f"    {number}. {way}"
        for number, way in enumerate(
            (
                f"the distribution's: {command}"
                if command
                else "the distribution's package, if it has one with a libc",
                "the vendor's SDK for the board, its folder or its archive as downloaded: toolchain=PATH",
                f"a ready toolchain as Arm and Bootlin publish them for {target.triplet}: toolchain=ARCHIVE",
            ),
            start=1,
        )
    )


def _find_given(target: Target, given: Path, path: str, unpack_into: Path) -> Path:
    if given.is_dir() or (given.is_file() and is_archive(given)):
        return _find_below(target, open_sdk(given, unpack_into, path=path), given)
    cc = _find_file(given)
    if cc is None or not cc.name.endswith("gcc"):
        raise ToolchainError(
            f"toolchain={given}: no toolchain there",
            expected="an SDK's folder, its archive (.tar.gz, .tar.bz2, .tar.xz, .tar.zst) or installer (.sh), a compiler (...-gcc) or its prefix",
            found="a file of another kind" if given.exists() else "no such file or folder",
        )
    return cc


def _find_file(given: Path) -> Path | None:
    """A compiler by its own path, or by its prefix with or without the last dash."""
    if given.is_file():
        return given.absolute()
    ways = (Path(f"{given}{rest}").absolute() for rest in ("gcc", "-gcc"))
    return next((way for way in ways if way.is_file()), None)


def _find_below(target: Target, sdk: Path, given: Path) -> Path:
    """Choose by the target's known prefixes first, then by what a compiler says of itself."""
    compilers = list(_compilers_below(sdk))
    if not compilers:
        raise ToolchainError(
            f"toolchain={given}: no cross compiler in it",
            expected=f"bin/{target.prefixes[0]}-gcc, or another bin/*-gcc",
            found="no such file",
            next="name the folder that holds bin/, or the compiler itself",
        )
    names = [f"{prefix}-gcc" for prefix in target.prefixes]
    known = sorted((cc for cc in compilers if cc.name in names), key=lambda cc: names.index(cc.name))
    if known:
        return known[0]
    candidates = [_judge(target, cc) for cc in compilers]
    fitting = [candidate for candidate in candidates if candidate.fits]
    if not fitting:
        raise ToolchainError(
            f"toolchain={given}: no compiler in it is for {target.name}",
            expected=f"one for {target.machine} with Linux ({target.triplet})",
            found=", ".join(dict.fromkeys(f"{item.triplet} ({item.cc.name})" for item in candidates)),
        )
    wanted = parse_triplet(target.triplet).float_abi
    return min(fitting, key=lambda item: parse_triplet(item.triplet).float_abi != wanted).cc


def _judge(target: Target, cc: Path) -> _Candidate:
    try:
        triplet = parse_triplet(ask(cc, "-dumpmachine"))
    except (ToolchainError, ConfigurationError):
        return _Candidate(cc, "one that does not run", False)
    fits = triplet.is_linux and fits_architecture(find_machine(target.machine), triplet.architecture)
    return _Candidate(cc, triplet.text, fits)


def _compilers_below(folder: Path) -> Iterator[Path]:
    """Every `*-gcc` that can be run, nearest folders first; a compiler with two names comes once for each."""
    for pattern in _BIN_FOLDERS:
        for bin_folder in sorted(folder.glob(pattern)) if pattern else [folder]:
            yield from sorted(
                cc.absolute() for cc in bin_folder.glob("*-gcc") if os.access(cc, os.X_OK) and cc.is_file()
            )
