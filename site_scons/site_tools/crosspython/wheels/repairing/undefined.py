"""Finds names that code in a wheel uses and that nothing defines: Python cannot load such an extension module.

Python binds all names when it loads a module (sys.getdlopenflags(); RTLD_NOW in dlopen(3)). Possible reasons: a source
file is missing in the sdist, a build does not link a library, or this Python does not have a function any more. All
paths belong to the build machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

from crosspython.elf.file import ElfFile, read_elf
from crosspython.elf.symbols import exported_names, unbound_names
from crosspython.wheels.repairing.graft import Search

_NAMED = 3


def find_undefined(elves: Iterable[ElfFile], python: Path, search: Search) -> dict[Path, tuple[str, ...]]:
    """The undefined names of each file: neither Python, nor the wheel, nor a library that these need defines them.

    elves:  all ELF files of the wheel, because one may load another before
    python: the target's interpreter
    search: finds a library by its soname; a file that needs a library which is not found is not checked
    """
    elves = [elf for elf in elves if elf.kind == "shared"]
    wanted = [(elf, names) for elf in elves if (names := unbound_names(elf.path) - _names(python))]
    own = frozenset[str]().union(*(exported_names(elf.path) for elf in elves)) if wanted else frozenset[str]()
    found = {}
    for elf, names in wanted:
        if names <= own:
            continue
        libraries = _closure([*elf.needed, *_needed(python)], {each.path.name for each in elves}, search)
        if libraries is not None and (missing := names.difference(own, *map(_names, libraries))):
            found[elf.path] = tuple(sorted(missing))
    return found


def remark_undefined(name: str, names: Sequence[str]) -> str:
    """The remark for the user about such a file."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    uses = f"{name} uses {', '.join(names[:_NAMED])}{more}"
    return f"{uses}, which neither Python nor its libraries define: check=1 shows whether it loads"


def _closure(needed: Iterable[str], own: Iterable[str], search: Search) -> set[Path] | None:
    """The libraries of these names with all their dependencies, without the wheel's own; None if one is not found."""
    waiting = list(needed)
    seen = set(own)
    found: set[Path] = set()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            if (place := search(name)) is None:
                return None
            found.add(place)
            waiting += _needed(place)
    return found


def _needed(file: Path) -> tuple[str, ...]:
    elf = read_elf(file)
    return elf.needed if elf is not None else ()


@lru_cache(maxsize=32)
def _names(file: Path) -> frozenset[str]:
    """The names that the interpreter, or a library of the target, defines. Cached, because all wheels of a run use the
    same few files."""
    return exported_names(file)
