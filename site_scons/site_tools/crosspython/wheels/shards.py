"""Which of several runs builds which wheels: `shard=2/5`, for CI jobs that share a cache and no scheduler.

Every run divides the same lock for itself, so the division depends on nothing but the lock and the given times.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crosspython.errors import ConfigurationError

if TYPE_CHECKING:
    from crosspython.wheels.model import LockedPackage

# Where no earlier run has told: the seconds that a build takes at the least, and the bytes of an sdist for one more.
_LEAST, _BYTES_A_SECOND = 5.0, 50_000


@dataclass(frozen=True)
class Shard:
    """One run of several, counted from 1."""

    number: int
    count: int

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"


@dataclass(frozen=True)
class Job:
    """A wheel to be built: what that takes, in seconds, and the names of the wheels that have to be built before."""

    seconds: float
    needs: frozenset[str] = frozenset()


def read_shard(text: str) -> Shard:
    """What `shard=2/5` says. Raises ConfigurationError."""
    number, slash, count = text.partition("/")
    if slash and number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count):
        return Shard(int(number), int(count))
    raise ConfigurationError(
        f"shard={text}: no part of a whole",
        expected="NUMBER/COUNT, the number from 1 to the count: shard=2/5 is the second of five",
        found=text,
    )


def estimate(package: LockedPackage, known: Mapping[str, float]) -> float:
    """How many seconds a build takes: as long as the last one, or what the size of its sdist lets one expect.

    known: seconds by title, of an earlier run
    """
    size = package.sdist.size if package.sdist is not None else None
    return known.get(package.title, _LEAST + (size or 0) / _BYTES_A_SECOND)


def divide(jobs: Mapping[str, Job], count: int) -> list[list[str]]:
    """The names of each shard, in as many shards as are asked for.

    What a wheel needs is built where it is needed, also when another shard builds it, too: no shard waits for another.
    So the longest comes first, and goes where it ends first; what is built a second time for it counts twice.
    """
    held = [set[str]() for _ in range(count)]
    given: list[list[str]] = [[] for _ in range(count)]
    for name in sorted(jobs, key=lambda name: (-_sum(jobs, _with_needs(jobs, name)), name)):
        wanted = _with_needs(jobs, name)
        anywhere = set[str]().union(*held)
        ends = [_sum(jobs, part | wanted) + _sum(jobs, wanted & anywhere - part) for part in held]
        at = ends.index(min(ends))
        held[at] |= wanted
        given[at].append(name)
    return given


def _sum(jobs: Mapping[str, Job], names: set[str]) -> float:
    return sum(jobs[each].seconds for each in sorted(names))


def _with_needs(jobs: Mapping[str, Job], name: str) -> set[str]:
    """A name with all that it needs, directly or not."""
    found, waiting = set[str](), [name]
    while waiting:
        each = waiting.pop()
        if each not in found:
            found.add(each)
            waiting += jobs[each].needs & jobs.keys()
    return found


def describe(shard: Shard, names: Sequence[str], jobs: Mapping[str, Job]) -> str:
    """The line that says what this run is there for."""
    shown = ", ".join(sorted(names)) if names else "nothing: there are more parts than wheels to build"
    return f"shard {shard}: {len(names)} of the {len(jobs)} wheels that are built: {shown}"
