"""Loads the toolchain of a build: finds it, probes it, and makes it link for an older glibc if the board has one.

Knows only the order of these steps. Paths belong to the build machine.
"""

from __future__ import annotations

import hashlib
import shutil
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from crosspython.errors import ToolchainError
from crosspython.store.exclusive import exclusive
from crosspython.targets import Target
from crosspython.targets.libc import Libc
from crosspython.toolchain.facts import Toolchain
from crosspython.toolchain.find import find_compiler
from crosspython.toolchain.older_glibc.make import make_older
from crosspython.toolchain.probe import probe_toolchain
from crosspython.toolchain.sdk import Remark


def load_toolchain(
    target: Target, toolchain: str | None, *, path: str, unpack_into: Path, make_in: Path, remark: Remark = print
) -> Toolchain:
    """Find a compiler and probe it. Raises what find_compiler, probe_toolchain and make_older raise.

    If the compiler's libc is the target's, older, or of another kind, the compiler is used without changes.

    unpack_into: the folder for our copies of SDKs
    make_in:     the folder for toolchains that are made for an older glibc. All builds of the user share it, because
                 caching launchers recognize a compiler by its path
    """
    cc = find_compiler(target, toolchain, path=path, unpack_into=unpack_into, remark=remark)
    if target.libc is None:
        return probe_toolchain(cc, target)
    compiler = probe_toolchain(cc, replace(target, libc_baseline=None))
    if compiler.libc.name != target.libc.name or target.libc.loads(compiler.libc):
        return probe_toolchain(cc, target)
    if compiler.is_clang:
        raise ToolchainError(
            f"{compiler.prefix}gcc cannot link for {target.libc}: it is {compiler.compiler}",
            expected="GCC, whose libraries can be linked for an older glibc",
            next="take the libc of its sysroot (libc=board), or the distribution's GCC, without toolchain=",
        )
    made = _make_once(make_in, compiler, target, target.libc)
    _link(unpack_into / _folder_name(target.libc), made)
    return made


def _make_once(make_in: Path, compiler: Toolchain, target: Target, libc: Libc) -> Toolchain:
    """Make a toolchain, unless it exists. The file with its facts beside its folder is written last: it says that the
    folder is complete."""
    made_of = "\n".join((compiler.prefix, compiler.identity, target.triplet, *target.cflags))
    folder = make_in / f"{_folder_name(libc)}-{hashlib.sha256(made_of.encode()).hexdigest()[:16]}"
    facts = folder.with_name(f"{folder.name}.json")
    try:
        with exclusive(folder.with_name(f"{folder.name}.lock")):
            with suppress(ToolchainError):
                known = Toolchain.read(facts)
                if known.is_untouched:
                    return known
            made = make_older(folder, compiler, target, libc)
            made.write(facts)
    except OSError as error:
        raise ToolchainError(
            f"the folder for the compiler for {libc} cannot be written: {folder}",
            found=error.strerror,
            next="set HOME to a folder that can be written, or use the compiler's own libc: libc=board",
        ) from error
    return made


def _folder_name(libc: Libc) -> str:
    return str(libc).replace(" ", "-")


def _link(place: Path, made: Toolchain) -> None:
    """Make a link to the toolchain in the build folder, where users find it."""
    place.parent.mkdir(parents=True, exist_ok=True)
    if place.is_dir() and not place.is_symlink():  # made by an older crosspython
        shutil.rmtree(place)
    place.unlink(missing_ok=True)
    place.symlink_to(Path(made.prefix).parent.parent)
