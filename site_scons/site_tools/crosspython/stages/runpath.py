"""Where programs and libraries look for the libraries they bring: RUNPATH, relative to their own place.

Knows which RUNPATH a file needs; patchelf writes it. The linker left room for it (the toolchain's wrapper reserves a
filler), so the new text is written over the old and no file grows; a file without that room is extended by patchelf.
Runs after stripping: strip damages what patchelf has extended. All paths belong to the build machine; RUNPATHs hold
none.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from crosspython.elf.file import ElfFile
from crosspython.elf.patchelf import find_patchelf, write_runpaths


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


def set_runpaths(stage: Path, elves: Iterable[ElfFile], provided: Iterable[str]) -> int:
    """Write the RUNPATH of every file that the dynamic loader has to do with; return how many were changed.

    `provided` are the sonames of libraries of others in the prefix's lib.
    """
    elves = list(elves)
    providers = find_providers(stage, elves, provided)
    dynamic = [elf for elf in elves if elf.is_dynamic]
    wanted = {
        elf.path: choose_runpath(elf.path.parent.relative_to(stage).as_posix(), elf.needed, providers)
        for elf in dynamic
    }
    current = {elf.path: "" if elf.has_rpath else elf.runpath for elf in dynamic}  # the old kind is always replaced
    if wanted == current:
        return 0
    return write_runpaths(wanted, current, find_patchelf())
