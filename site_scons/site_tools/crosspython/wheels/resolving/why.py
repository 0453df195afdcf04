"""Why a package is in a lock: who asked for it, and through whom."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from packaging.utils import canonicalize_name

from crosspython.names import check_known
from crosspython.wheels.resolving.lock import asked_names
from crosspython.wheels.resolving.pylock import Lock


def explain_presence(lock: Lock, names: Sequence[str]) -> list[str]:
    """Lines that tell of each package how it came in, by the shortest way.
    Raises ConfigurationError: not in the lock."""
    packages = lock.by_name
    wanted = [canonicalize_name(name) for name in names]
    check_known("the lock has no such package{s}", wanted, list(packages), form="pkgs={}")
    ways = _shortest_ways(lock)
    lines = []
    for name in wanted:
        package, way = packages[name], ways.get(name)
        if way is None:
            lines.append(f"{package.title}: no package needs it at run time; a build needs its headers")
            continue
        steps = [f"{packages[one].title} needs {other}" for one, other in pairwise(way)]
        lines.append(f"{package.title}: {'; '.join([f'pkgs= asks for {way[0]}', *steps])}")
        others = sorted(p.title for p in lock.packages if name in p.depends and p.name not in way)
        lines += [f"  {', '.join(others)} {'needs' if len(others) == 1 else 'need'} it, too"] if others else []
    return lines


def _shortest_ways(lock: Lock) -> dict[str, tuple[str, ...]]:
    packages = lock.by_name
    waiting = [(name,) for name in map(canonicalize_name, asked_names(lock.asked)) if name in packages]
    ways: dict[str, tuple[str, ...]] = {}
    while waiting:
        way: tuple[str, ...] = waiting.pop(0)
        if way[-1] not in ways:
            ways[way[-1]] = way
            waiting += [(*way, need) for need in packages[way[-1]].depends if need in packages]  # type: ignore[misc]
    return ways
