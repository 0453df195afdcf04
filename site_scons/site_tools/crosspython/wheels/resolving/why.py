"""Shows why packages are in a lock: the request and the chain of packages that require them; or all packages as a
tree."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from packaging.utils import NormalizedName, canonicalize_name

from crosspython.names import check_known
from crosspython.wheels.model import LockedPackage
from crosspython.wheels.resolving.lock import GIVEN, asked_names
from crosspython.wheels.resolving.pylock import Lock


def requested_names(lock: Lock) -> list[NormalizedName]:
    """The packages that were asked for. Another tool's lock does not say it: those that no other package needs."""
    names = [canonicalize_name(name) for name in asked_names(lock.asked)]
    if GIVEN not in lock.asked:
        return names
    needed = {need for package in lock.packages for need in package.depends}
    return [name for name in names if name not in needed] or names


def find_presence(lock: Lock, names: Sequence[str]) -> list[tuple[LockedPackage, tuple[str, ...] | None, list[str]]]:
    """For each package, the shortest chain from the request to it (None: only a build needs it), and the names of other
    packages that need it. Raises ConfigurationError if it is not in the lock."""
    packages = lock.by_name
    wanted = [canonicalize_name(name) for name in names]
    check_known("the lock has no such package{s}", wanted, list(packages), form="pkgs={}")
    ways = _shortest_ways(lock)
    return [
        (packages[name], ways.get(name), sorted(p.name for p in lock.packages if _is_beside(p, name, ways.get(name))))
        for name in wanted
    ]


def _is_beside(package: LockedPackage, name: str, way: tuple[str, ...] | None) -> bool:
    return name in package.depends and package.name not in (way or ())


def explain_presence(lock: Lock, names: Sequence[str]) -> list[str]:
    """Lines that explain, by the shortest chain, why each package is in the lock.
    Raises ConfigurationError if it is not in the lock."""
    packages, lines = lock.by_name, []
    for package, way, others in find_presence(lock, names):
        if way is None:
            lines.append(f"{package.title}: no package needs it at run time; a build needs its headers")
            continue
        steps = [f"{packages[one].title} needs {other}" for one, other in pairwise(way)]
        asker = "the lock" if GIVEN in lock.asked else "pkgs="
        lines.append(f"{package.title}: {'; '.join([f'{asker} asks for {way[0]}', *steps])}")
        titles = ", ".join(packages[other].title for other in others)
        lines += [f"  {titles} {'needs' if len(others) == 1 else 'need'} it, too"] if others else []
    return lines


def draw_tree(lock: Lock, names: Sequence[str] = ()) -> list[str]:
    """The lock as a tree, below these packages or below all requested ones. The dependencies of a package are drawn
    only at its first place. Raises ConfigurationError if a package is not in the lock."""
    packages = lock.by_name
    tops = [canonicalize_name(name) for name in names] or requested_names(lock)
    if names:
        check_known("the lock has no such package{s}", tops, list(packages), form="pkgs={}")
    lines: list[str] = []
    drawn: set[str] = set()

    def draw(name: str, before: str, branch: str, below: str) -> None:
        package, again = packages[name], name in drawn
        drawn.add(name)
        needs = [need for need in package.depends if need in packages]
        lines.append(f"{before}{branch}{package.title}{' ...' if again and needs else ''}")
        for need in needs if not again else ():
            is_last = need == needs[-1]
            draw(need, before + below, "└─ " if is_last else "├─ ", "   " if is_last else "│  ")

    for name in tops:
        if name in packages:
            draw(name, "", "", "")
    only = [package.title for package in lock.packages if package.build_only] if not names else []
    return [*lines, *(["for builds alone: " + ", ".join(only)] if only else [])]


def _shortest_ways(lock: Lock) -> dict[str, tuple[str, ...]]:
    packages = lock.by_name
    waiting = [(name,) for name in requested_names(lock) if name in packages]
    ways: dict[str, tuple[str, ...]] = {}
    while waiting:
        way: tuple[str, ...] = waiting.pop(0)
        if way[-1] not in ways:
            ways[way[-1]] = way
            waiting += [(*way, need) for need in packages[way[-1]].depends if need in packages]  # type: ignore[misc]
    return ways
