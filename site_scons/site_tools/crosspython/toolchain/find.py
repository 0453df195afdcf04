"""Finding the compiler: in what `toolchain=` names, or under the target's known prefixes on PATH."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from crosspython.errors import ToolchainError
from crosspython.targets import Target
from crosspython.toolchain.machines import MACHINES
from crosspython.toolchain.sdk import prepare_sdk

# Where SDKs keep their programs, from the folder that the user names.
_BINS = ("bin", "usr/bin", "host/bin", "host/usr/bin", "*/bin", "*/host/bin", "*/*/bin", "*/*/*/bin")


def describe_place(target: Target, toolchain: str | None, *, path: str) -> str:
    """Where the compiler would be taken from, with size and time: cheap, runs nothing, changes when it may have changed."""
    if toolchain is None:
        compilers = [cc for prefix in target.prefixes if (cc := shutil.which(f"{prefix}-gcc", path=path))]
        paths = [Path(cc) for cc in compilers[:1]]
    else:
        given = Path(toolchain)
        paths = [given] if not given.is_dir() else _compilers_in(given)
    return "\n".join(_describe(path) for path in paths) or "none"


def find_compiler(target: Target, toolchain: str | None, *, path: str, unpack_into: Path) -> Path:
    """The C compiler for a target. Raises ToolchainError: none, or only of other machines."""
    if toolchain is None:
        for prefix in target.prefixes:
            if found := shutil.which(f"{prefix}-gcc", path=path):
                return Path(found)
        raise _nothing_found(target, "on PATH")
    given = Path(toolchain)
    if given.is_file() and os.access(given, os.X_OK) and given.name.endswith("gcc"):
        return given
    sdk = prepare_sdk(given, unpack_into)
    compilers = _compilers_in(sdk)
    for prefix in target.prefixes:
        for compiler in compilers:
            if compiler.name == f"{prefix}-gcc":
                return compiler
    return _choose_by_machine(compilers, target, sdk)


def _compilers_in(folder: Path) -> list[Path]:
    """Cross compilers in an SDK, those nearest to its top first."""
    found = dict.fromkeys(
        path for pattern in _BINS for path in sorted(folder.glob(f"{pattern}/*-gcc")) if os.access(path, os.X_OK)
    )
    return list(found)


def _choose_by_machine(compilers: Sequence[Path], target: Target, sdk: Path) -> Path:
    wanted = MACHINES[target.machine].architectures
    others = []
    for compiler in compilers:
        triplet = dump_machine(compiler)
        if triplet.split("-")[0] in wanted:
            return compiler
        others.append(f"{compiler.name} ({triplet or 'does not run'})")
    if not others:
        raise _nothing_found(target, f"in {sdk}")
    raise ToolchainError(
        f"{sdk}: this toolchain is not for {target.name}",
        expected=f"a compiler for {target.machine}",
        found=", ".join(others),
        next="target=, or the SDK of this board",
    )


def dump_machine(compiler: Path) -> str:
    """The triplet a compiler says it is for; empty when it does not run here."""
    try:
        run = subprocess.run([compiler, "-dumpmachine"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return run.stdout.strip() if run.returncode == 0 else ""


def _describe(path: Path) -> str:
    try:
        status = path.stat()
    except OSError:
        return f"{path}: not there"
    return f"{path} {status.st_size} {status.st_mtime_ns}"


def _nothing_found(target: Target, where: str) -> ToolchainError:
    package = MACHINES[target.machine].package
    return ToolchainError(
        f"{target.name}: no cross compiler was found {where}",
        evidence=[
            "there are three ways to get one:",
            "1. the board vendor's SDK, which knows the board best: toolchain=FOLDER-OR-ARCHIVE",
            f"2. the distribution's package: apt-get install {package}",
            f"3. a published toolchain for {target.triplet} (Arm's, Bootlin's), unpacked or as archive: toolchain=...",
        ],
        expected=f"one of {', '.join(f'{prefix}-gcc' for prefix in target.prefixes)}",
        found="none",
    )
