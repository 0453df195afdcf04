"""Moves debug symbols from the files for the board into a folder of their own.

Knows which symbols each kind of file does not need, and the link by which a debugger finds the separate symbols (GDB
manual, "Separate Debug Files"). Runs the toolchain's objcopy on the build machine. A file that is already stripped is
not changed, so a second run changes nothing.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from crosspython.elf.file import ElfFile
from crosspython.errors import HostToolError, StepError


def strip_files(stage: Path, elves: Iterable[ElfFile], objcopy: Path, debug: Path | None) -> int:
    """Strip programs, libraries and objects, keeping symbols as `<debug>/<path>.debug`; return how many."""
    seen: set[tuple[int, int]] = set()
    count = 0
    for elf in elves:
        status = elf.path.stat()
        if (status.st_dev, status.st_ino) in seen or not elf.has_symbol_table:
            continue
        seen.add((status.st_dev, status.st_ino))
        if elf.kind == "relocatable":
            _call_objcopy(objcopy, ["--strip-debug", str(elf.path)])
        else:
            _split_symbols(elf.path, objcopy, debug / elf.path.relative_to(stage) if debug else None)
        count += 1
    return count


def strip_archives(paths: Iterable[Path], objcopy: Path) -> int:
    """Strip the debug symbols of static libraries and the times and owners that `ar` may have noted."""
    count = 0
    for path in paths:
        _call_objcopy(objcopy, ["--strip-debug", "--enable-deterministic-archives", str(path)])
        count += 1
    return count


def _split_symbols(path: Path, objcopy: Path, kept: Path | None) -> None:
    options = ["--strip-unneeded"]
    if kept is not None:
        symbols = kept.with_name(kept.name + ".debug")
        symbols.parent.mkdir(parents=True, exist_ok=True)
        _call_objcopy(objcopy, ["--only-keep-debug", str(path), str(symbols)])
        symbols.chmod(0o644)
        options.append(f"--add-gnu-debuglink={symbols}")
    _call_objcopy(objcopy, [*options, str(path)])


def _call_objcopy(objcopy: Path, arguments: Sequence[str]) -> None:
    try:
        done = subprocess.run(
            [str(objcopy), *arguments],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "LC_ALL": "C"},
        )
    except OSError as error:
        raise HostToolError(f"{objcopy} does not run", found=str(error)) from error
    if done.returncode != 0:
        raise StepError(
            f"{arguments[-1]}: objcopy could not strip it",
            evidence=(done.stderr or done.stdout).splitlines()[-10:],
        )
