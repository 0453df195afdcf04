"""Finds the cross compiler: in an SDK, by a path, or by the target's known prefixes on PATH.

Knows where vendors put compilers, and how to choose one of several. probe.py checks whether it makes the right code.
All paths belong to the build machine.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import cache
from itertools import product
from pathlib import Path
from shutil import which

from crosspython.errors import ConfigurationError, ToolchainError
from crosspython.hosttools import install_command
from crosspython.targets import Target
from crosspython.targets.libc import USUAL
from crosspython.targets.machines import find_machine, fits_architecture
from crosspython.targets.triplet import parse_triplet, triplet_with
from crosspython.toolchain.layout import (
    KINDS,
    compiler_names,
    compilers_below,
    find_sdks,
    own_compilers,
    split_compiler,
    with_prefix,
)
from crosspython.toolchain.plain_names import plain_of, program_of
from crosspython.toolchain.query import ask_compiler
from crosspython.toolchain.sdk import Remark, is_archive, open_sdk
from crosspython.toolchain.yocto import find_setups

# The tools that builds call besides the compilers.
_COMPANIONS = ("ar", "ranlib", "strip", "objcopy", "readelf")
_NO_RANK = 1 << 16  # the rank of a compiler for another machine


def find_compiler(
    target: Target, toolchain: str | None, *, path: str, unpack_into: Path, remark: Remark = print
) -> Path:
    """Return the C compiler for a target, by GCC's plain name.

    toolchain:   an SDK's folder or archive, a folder that holds one, a compiler, or a compiler's prefix,
    both also by
                 their bare names on `path`; None or "": the target's own on `path`
    unpack_into: the folder for our copies of SDKs
    remark:      gets a sentence for the user
    Raises ToolchainError, and for an SDK that cannot be opened what open_sdk raises.
    """
    cc = _find_given(target, Path(toolchain), path, unpack_into, remark) if toolchain else _find_on_path(target, path)
    lacking = [program_of(cc, tool) for tool in _COMPANIONS if not os.access(program_of(cc, tool), os.X_OK)]
    if lacking:
        raise ToolchainError(
            f"{cc} has an incomplete toolchain around it",
            expected=", ".join(program.name for program in lacking) + f" in {cc.parent}",
            found="none that can be run",
            next=_get_one(target) if not toolchain else "a complete SDK as toolchain=",
        )
    return plain_of(cc, unpack_into, path)


def prefix_of(cc: Path) -> str:
    """Return a compiler's path up to and including the dash: the prefix of its tools."""
    return str(cc).removesuffix("gcc")


def describe_place(target: Target, toolchain: str | None, *, path: str) -> str:
    """Describe where the compiler is searched and which files are there, without running, unpacking or refusing
    anything.

    The text changes if a compiler there is moved or touched, and if a Fortran compiler is installed beside it.
    """
    if not toolchain:
        cc = first_on_path(target, path)
        return _describe_compiler(cc) if cc else "none on PATH"
    given = Path(toolchain)
    if given.is_dir():
        sdks = find_sdks(given) or [given]
        compilers = [_describe_compiler(cc) for sdk in sdks for cc in compilers_below(sdk)]
        setups = [describe_file(file) for sdk in sdks for file in find_setups(sdk)]
        return "\n".join([str(given), *compilers, *setups])
    cc = find_named(given, path)
    return describe_file(given) if cc is None else _describe_compiler(cc)


def _describe_compiler(cc: Path) -> str:
    fortran = program_of(cc, "gfortran")
    return "\n".join(describe_file(file) for file in (cc, fortran) if file == cc or file.exists())


def describe_file(file: Path) -> str:
    """A file's path with its size and time, which change when the file is replaced."""
    try:
        status = file.stat()
    except OSError:
        return f"{file} is not there"
    return f"{file} {status.st_size} {status.st_mtime_ns}"


def first_on_path(target: Target, path: str) -> Path | None:
    """The target's own compiler on PATH, by its known prefixes."""
    names_in = cache(compiler_names)  # for this search: each folder is listed once, not once for each prefix
    found = (_named_on_path(f"{prefix}-gcc", path, ("gcc",), names_in) for prefix in target.prefixes)
    return next((cc for cc in found if cc), None)


def _find_on_path(target: Target, path: str) -> Path:
    cc = first_on_path(target, path)
    if cc is None:
        raise ToolchainError(
            f"no cross compiler for {target.name} was found",
            expected="one of these on PATH, with or without a version: "
            + ", ".join(f"{prefix}-gcc" for prefix in target.prefixes),
            found="none of them",
            next=_get_one(target),
        )
    return cc


def _get_one(target: Target) -> str:
    ways = (
        _distributions(target),
        "the vendor's SDK for the board, its folder or its archive as downloaded: toolchain=PATH",
        f"a toolchain for {target.triplet} from Arm or Bootlin, who publish them ready to use: toolchain=ARCHIVE",
    )
    listed = "".join(f"\n    {number}. {way}" for number, way in enumerate(ways, start=1))
    return f"get one in one of three ways:{listed}"


def _distributions(target: Target) -> str:
    """A hint about a distribution's compilers for a machine: they have glibc, which a bundle can bring to any board."""
    triplet = parse_triplet(target.triplet)
    if not triplet.has_other_libc:
        command = install_command([f"{target.triplet}-g++"])
        return (
            f"the distribution's compiler: {command}"
            if command
            else "the distribution's compiler, if there is a package with a libc for the target"
        )
    command = install_command([f"{triplet_with(USUAL, triplet, target.float_abi)}-g++"])
    before = f"{command}, then " if command else ""
    return (
        f"the distribution's compiler for boards with glibc; the bundle then contains the glibc: {before}libc=private"
    )


def _find_given(target: Target, given: Path, path: str, unpack_into: Path, remark: Remark) -> Path:
    if given.is_dir():
        sdk = _choose_sdk(target, find_sdks(given) or [given], given)
        return _find_below(target, open_sdk(sdk, unpack_into, path=path, remark=remark), given)
    if given.is_file() and is_archive(given):
        return _find_below(target, open_sdk(given, unpack_into, path=path, remark=remark), given)
    cc = find_named(given, path)
    if cc is None:
        found = "a file of another kind" if given.exists() else "no such file or folder"
        if elsewhere := which(given.name, path=path) if given.parent == Path() else None:
            found = f"{elsewhere}, which is not called as a C compiler of GCC or Clang is"
        elif not (given.exists() or given.is_absolute()):
            found += " of that name, here or on PATH"
        raise ToolchainError(
            f"toolchain={given}: no toolchain there",
            expected="an SDK's folder, its archive (.tar.gz, .tar.bz2, .tar.xz, .tar.zst, .zip) or installer (.sh),"
            " a compiler (...-gcc, ...-clang) or its prefix, both also by name on PATH",
            found=found,
        )
    return cc


def find_named(given: Path, path: str) -> Path | None:
    """A compiler by its path, or by its prefix with or without the last dash; a bare name is searched on PATH."""
    if given.is_file():
        return given.absolute() if split_compiler(given) else None
    if given.is_absolute():
        return with_prefix(given)
    return _named_on_path(given.name, path)


def _named_on_path(
    name: str,
    path: str,
    kinds: Sequence[str] = KINDS,
    names_in: Callable[[Path], list[str]] = compiler_names,
) -> Path | None:
    """A compiler on PATH by its name, or by its prefix. One without a version is preferred to one with a version."""
    folders = [Path(folder).absolute() for folder in path.split(os.pathsep) if folder]
    for kind, folder in product(kinds, folders):
        place = folder / name
        prefix = Path(str(place).removesuffix(kind))
        found = place if place.is_file() and split_compiler(place) else with_prefix(prefix, (kind,), names_in)
        if found is not None and os.access(found, os.X_OK):
            return found
    return None


def _choose_sdk(target: Target, sdks: list[Path], given: Path) -> Path:
    """The SDK with a compiler for the target; known prefixes are preferred. Raises ToolchainError if several fit."""
    if len(sdks) == 1:
        return sdks[0]
    compilers = {sdk: compilers_below(sdk) for sdk in sdks}
    ranks = {sdk: min(_rank(target, cc) for cc in found) for sdk, found in compilers.items() if found}
    best = min(ranks.values(), default=None)
    if best is None or best == _NO_RANK:
        raise _none_fits(target, given, given, [cc for found in compilers.values() for cc in found])
    fitting = [sdk for sdk, rank in ranks.items() if rank == best]
    if len(fitting) > 1:
        raise _ambiguous(target, given, fitting)
    return fitting[0]


def _ambiguous(target: Target, given: Path, places: list[Path]) -> ToolchainError:
    return ToolchainError(
        f"toolchain={given}: it contains more than one toolchain for {target.name}",
        evidence=[str(place) for place in places],
        next=f"name one of them: toolchain={places[0]}",
    )


def _find_below(target: Target, sdk: Path, given: Path) -> Path:
    """Choose a compiler of an SDK: first by the target's known prefixes, then by the compiler's own triplet."""
    for compilers in (own_compilers(sdk), compilers_below(sdk)):
        ranks = {cc: _rank(target, cc) for cc in compilers}
        best = min(ranks.values(), default=_NO_RANK)
        if best != _NO_RANK:
            break
    else:
        raise _none_fits(target, given, sdk, compilers)
    fitting = [cc for cc, rank in ranks.items() if rank == best]
    others = {cc.resolve(): cc for cc in fitting if cc.name == fitting[0].name}
    if len(others) > 1:
        raise _ambiguous(target, given, list(others.values()))
    return fitting[0]


def _none_fits(target: Target, given: Path, sdk: Path, compilers: list[Path]) -> ToolchainError:
    if not compilers:
        return _none_there(target, given, sdk)
    return ToolchainError(
        f"toolchain={given}: no compiler in it is for {target.name}",
        expected=f"one for {target.machine} with Linux ({target.triplet})",
        found=", ".join(dict.fromkeys(f"{_say(cc)} ({cc.name})" for cc in compilers)),
    )


def _none_there(target: Target, given: Path, sdk: Path) -> ToolchainError:
    archives = [str(file) for pattern in ("*", "*/*") for file in sorted(sdk.glob(pattern)) if is_archive(file)]
    found, next = "no such file", "name the folder that holds bin/, or the compiler itself"
    if mute := compilers_below(sdk, runnable=False):
        found = f"{mute[0]}, which is not executable"
        next = "unpack or mount it in a way that keeps files executable"
    elif archives:
        next = f"is {archives[0]} the SDK? Then name it as toolchain="
    return ToolchainError(
        f"toolchain={given}: no cross compiler in it",
        expected=f"bin/{target.prefixes[0]}-gcc, or another bin/*-gcc",
        found=found,
        next=next,
    )


def _rank(target: Target, cc: Path) -> int:
    """How well a compiler fits; smaller is better. Judged by its name, then by its own triplet."""
    prefix, _ = split_compiler(cc) or ("", "")
    names = [f"{known}-" for known in target.prefixes]
    if Path(prefix).name in names:
        return names.index(Path(prefix).name)
    try:
        triplet = parse_triplet(ask_compiler(cc, "-dumpmachine"))
    except (ToolchainError, ConfigurationError):
        return _NO_RANK
    if not triplet.is_linux or not fits_architecture(find_machine(target.machine), triplet.architecture):
        return _NO_RANK
    return len(names) + (triplet.float_abi != parse_triplet(target.triplet).float_abi)


def _say(cc: Path) -> str:
    try:
        return ask_compiler(cc, "-dumpmachine")
    except ToolchainError:
        return "one that does not run"
