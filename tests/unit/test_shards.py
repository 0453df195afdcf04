"""`shard=2/5`: every wheel in one part, parts that end at about the same time, and the same division in each run."""

from __future__ import annotations

import random

import pytest
from crosspython.errors import ConfigurationError
from crosspython.wheels.model import LockedFile, LockedPackage
from crosspython.wheels.shards import Job, Shard, divide, estimate, read_shard


def seconds_of(jobs: dict[str, Job], names: list[str]) -> float:
    """The wheels of a part, with all that they need."""
    held = {need for name in names for need in (name, *jobs[name].needs)}
    return sum(jobs[name].seconds for name in held)


def test_a_part_is_read() -> None:
    assert read_shard("2/5") == Shard(2, 5)
    assert str(Shard(2, 5)) == "2/5"


@pytest.mark.parametrize("text", ["0/5", "6/5", "2", "2/", "/5", "a/b", "-1/5", "2/5/7", "1/0"])
def test_no_part_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="not a valid part"):
        read_shard(text)


@pytest.mark.parametrize("count", [1, 2, 5, 40])
def test_every_wheel_is_in_one_part(count: int) -> None:
    dice = random.Random(count)
    jobs = {f"p{number}": Job(dice.uniform(1, 600)) for number in range(30)}
    parts = divide(jobs, count)
    assert len(parts) == count
    assert sorted(name for part in parts for name in part) == sorted(jobs)
    longest = max(seconds_of(jobs, part) for part in parts)
    best = max(sum(job.seconds for job in jobs.values()) / count, *(job.seconds for job in jobs.values()))
    assert longest <= 4 / 3 * best  # Graham's bound for the longest first


def test_the_order_of_the_lock_does_not_matter() -> None:
    jobs = {name: Job(seconds) for name, seconds in (("a", 9), ("b", 9), ("c", 4), ("d", 4), ("e", 1))}
    assert divide(jobs, 2) == divide(dict(reversed(jobs.items())), 2)


def test_wheels_that_need_the_same_one_stay_together_where_that_is_sooner() -> None:
    jobs = {"numpy": Job(300.0), "scipy": Job(60.0, frozenset({"numpy"})), "pandas": Job(60.0, frozenset({"numpy"}))}
    jobs |= {"lxml": Job(200.0), "pillow": Job(150.0)}
    parts = divide(jobs, 2)
    assert sorted(map(sorted, parts)) == [["lxml", "pillow"], ["numpy", "pandas", "scipy"]]


def test_an_earlier_run_knows_better_than_the_size() -> None:
    package = LockedPackage("a", "1.0", sdist=LockedFile("a-1.0.tar.gz", "0" * 64, size=1_000_000))
    assert estimate(package, {}) == 25.0
    assert estimate(package, {"a 1.0": 7.0}) == 7.0
    assert estimate(LockedPackage("b", "1.0"), {}) == 5.0
