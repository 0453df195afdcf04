"""Divides the wheels among several runs: `shard=2/5`, for CI jobs that share a cache but have no scheduler.

Each run computes the division itself, so the division depends only on the lock and the given times.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from crosspython.errors import ConfigurationError

if TYPE_CHECKING:
    from crosspython.wheels.model import LockedPackage

# The estimate without an earlier run: the minimum seconds of a build, and the bytes of sdist for one second more.
_LEAST, _BYTES_A_SECOND = 5.0, 50_000


class Shard(msgspec.Struct, frozen=True):
    """One run of several, counted from 1."""

    number: int
    count: int

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"


class Job(msgspec.Struct, frozen=True):
    """A wheel to be built: the seconds of its build, and the names of the wheels that have to be built before."""

    seconds: float
    needs: frozenset[str] = frozenset()


def read_shard(text: str) -> Shard:
    """Parse `shard=2/5`. Raises ConfigurationError."""
    number, slash, count = text.partition("/")
    if slash and number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count):
        return Shard(int(number), int(count))
    raise ConfigurationError(
        f"shard={text}: not a valid part",
        expected="NUMBER/COUNT, the number from 1 to the count: shard=2/5 is the second of five",
        found=text,
    )


def estimate(package: LockedPackage, known: Mapping[str, float]) -> float:
    """The expected seconds of a build: those of the last build, or an estimate by the size of the sdist.

    known: seconds of an earlier run, by title
    """
    size = package.sdist.size if package.sdist is not None else None
    return known.get(package.title, _LEAST + (size or 0) / _BYTES_A_SECOND)


def divide(jobs: Mapping[str, Job], count: int) -> list[list[str]]:
    """The names of each shard, in as many shards as are asked for.

    A shard also builds the wheels that its own wheels need, even if another shard builds them, too: no shard waits for
    another. The longest wheel is assigned first, to the shard that would end first. Work that is done a second time
    counts twice.
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


def describe_shard(shard: Shard, names: Sequence[str], jobs: Mapping[str, Job]) -> str:
    """The line that says which wheels this run builds."""
    shown = ", ".join(sorted(names)) if names else "none, because there are more parts than wheels to build"
    return f"shard {shard}: {len(names)} of the {len(jobs)} wheels that have to be built: {shown}"
