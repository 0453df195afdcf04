"""The search path of programs and libraries for our own libraries: DT_RPATH, relative to the file's own folder.

Knows which path a file needs; patchelf writes it. The linker reserves space for it (the toolchain's wrapper adds a
filler), so the new text replaces the old one and the file does not grow. A file without that space is extended by
patchelf. This runs after stripping, because strip damages files that patchelf has extended. All paths belong to the
build machine; the written RPATHs contain no such path.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from crosspython.elf.file import ElfFile, read_elf
from crosspython.elf.patchelf import find_patchelf, write_rpaths
from crosspython.store.walk import walk_entries

LIB = "lib"
"""The prefix's folder of libraries."""

Providers = Mapping[str, tuple[str, ...]]
"""The folders below the prefix in which the loader can open a library, by the name that it opens."""


def find_providers(stage: Path, elves: Iterable[ElfFile], provided: Iterable[str]) -> Providers:
    """The folders of a stage's libraries, by the names of files and links: the loader opens a library by such a name
    (ld.so(8)).

    provided: names of other components' libraries in the prefix's lib
    """
    folders: dict[str, set[str]] = {name: {LIB} for name in provided}
    shared = {elf.path.resolve() for elf in elves if elf.kind == "shared"}
    for entry in walk_entries(stage):
        path = Path(entry.path)
        if ".so" in path.name and path.resolve() in shared:
            folders.setdefault(path.name, set()).add(path.parent.relative_to(stage).as_posix())
    return {name: tuple(sorted(found, key=lambda folder: (folder != LIB, folder))) for name, found in folders.items()}


def find_sonames(folder: Path) -> frozenset[str]:
    """The sonames (DT_SONAME) of the libraries in a folder. A link for the linker, such as libz.so, does not count: it
    stays on the build machine."""
    found = {path.name: read_elf(path) for path in folder.glob("*.so*") if path.is_file()}
    return frozenset(name for name, elf in found.items() if elf is not None and elf.soname == name)


def choose_rpath(folder: str, needed: Sequence[str], providers: Providers) -> str | None:
    """Return the RPATH of a file that is in `folder` below the prefix, or None if it needs no library of ours.

    Of several copies of a library the one in lib is taken, else the one beside the file.
    """
    wanted = [places for name in needed if (places := providers.get(name))]
    chosen = [folder if folder in places and LIB not in places else places[0] for places in wanted]
    entries = []
    for target in dict.fromkeys(chosen):
        way = posixpath.relpath(target, folder)
        entries.append("$ORIGIN" if way == "." else f"$ORIGIN/{way}")
    return ":".join(entries) or None


def set_rpaths(stage: Path, elves: Iterable[ElfFile], provided: Iterable[str]) -> int:
    """Write the RPATH of every file that the dynamic loader loads; return how many were changed.

    `provided` are the names of other components' libraries in the prefix's lib.
    """
    elves = list(elves)
    providers = find_providers(stage, elves, provided)
    dynamic = [elf for elf in elves if elf.is_dynamic]
    wanted = {
        elf.path: choose_rpath(elf.path.parent.relative_to(stage).as_posix(), elf.needed, providers) for elf in dynamic
    }
    current = {elf.path: "" if elf.has_runpath else elf.rpath for elf in dynamic}  # a RUNPATH is always replaced
    if wanted == current:
        return 0
    return write_rpaths(wanted, current, find_patchelf())
