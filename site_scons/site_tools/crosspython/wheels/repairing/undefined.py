"""Names that code in a wheel uses and nothing defines: Python cannot load such an extension module.

It binds all names at once when it loads one (sys.getdlopenflags(); RTLD_NOW in dlopen(3)). The reason is a source that
was left out of an sdist, a library that a build forgot to link, or a function that this Python no longer has. All paths
belong to the build machine.
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
    """By file, the names that neither Python, nor the wheel, nor a library that either needs defines.

    elves:  all of the wheel: one may have loaded another before
    python: the target's interpreter
    search: where a library lies, by soname; a file that needs one which is not found is not judged
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
    """What a user should know of such a file."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    uses = f"{name} uses {', '.join(names[:_NAMED])}{more}"
    return f"{uses}, which neither Python nor what it needs defines: check=1 shows whether it loads"


def _closure(needed: Iterable[str], own: Iterable[str], search: Search) -> set[Path] | None:
    """The libraries of these names, and what they need in turn, without the wheel's own;
    None where one is not found."""
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
    """What the interpreter or a library of the target defines. Kept, since a run sees few of them, the same for all
    wheels."""
    return exported_names(file)
