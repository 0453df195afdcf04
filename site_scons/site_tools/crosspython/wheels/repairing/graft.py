"""Puts C libraries into a wheel: libraries that it needs, and that neither the wheel nor every board contains.

Two wheels with two versions of a library must not share one copy in a process. So the name of a copy contains a part of
its hash, and all files that need the library use that name. The caller finds the libraries; RPATHs are written later,
by another module. All paths belong to the build machine.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from crosspython.elf.file import ElfFile, read_elf
from crosspython.elf.patchelf import find_patchelf, rename_libraries
from crosspython.finish.board_needs import is_board_library

Search = Callable[[str], Path | None]


def find_missing(elves: Iterable[ElfFile], patterns: Sequence[str], search: Search) -> dict[str, Path]:
    """The libraries that ELF files of a wheel need, with those that these need in turn, by soname.

    patterns: sonames that every board has
    search: finds a library; if it finds none, the library is left out, and the audit will report it
    """
    elves = list(elves)
    own = {elf.path.name for elf in elves if elf.kind == "shared"}
    waiting = [name for elf in elves for name in elf.needed]
    found: dict[str, Path] = {}
    while waiting:
        name = waiting.pop()
        if name in own or name in found or is_board_library(name, patterns):
            continue
        if (place := search(name)) is not None and (library := read_elf(place)) is not None:
            found[name] = place
            waiting += library.needed
    return dict(sorted(found.items()))


def graft(libraries: Mapping[str, Path], folder: Path) -> dict[str, Path]:
    """Copy libraries into a folder of the wheel under names of their own; return the copies by the old soname."""
    copies = {}
    for soname, source in libraries.items():
        folder.mkdir(exist_ok=True)
        copies[soname] = folder / mangle(soname, source.read_bytes())
        shutil.copyfile(source, copies[soname])
        copies[soname].chmod(0o755)
    return copies


def mangle(soname: str, data: bytes) -> str:
    """A library's name with a part of its hash: libyaml-0.so.2 becomes libyaml-0-1b2c3d4e.so.2."""
    stem, dot, rest = soname.partition(".so")
    return f"{stem}-{hashlib.sha256(data).hexdigest()[:8]}{dot}{rest}"


def rename_needed(elves: Iterable[ElfFile], copies: Mapping[str, Path]) -> None:
    """Give the copies their new names, and let all files need them by these."""
    patchelf = find_patchelf()
    new_names = {soname: path.name for soname, path in copies.items()}
    for elf in elves:
        needed = {name: new_names[name] for name in elf.needed if name in new_names}
        rename_libraries(elf.path, needed, elf.path.name if elf.path in copies.values() else None, patchelf)
