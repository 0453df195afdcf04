"""`shard=2/5`: a run that builds a part of the wheels, for CI jobs that share a cache. A last run fills the house."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any

from crosspython.builders.build import Build
from crosspython.builders.refusal import refusing
from crosspython.errors import ConfigurationError
from crosspython.run.journal import read_journal
from crosspython.wheels.shards import Job, Shard, describe_shard, divide, estimate

if TYPE_CHECKING:
    from crosspython.wheels.model import LockedPackage


@refusing
def check_shard(env: Any, goals: Collection[str]) -> None:
    """Check that a run with `shard=` has no other goals or options that need all wheels. Raises UserError."""
    settings = env["CROSSPYTHON"].settings
    if settings.times is not None and settings.shard is None:
        raise ConfigurationError(
            f"times={settings.times}: nothing is divided", next="set shard=, which tells the number of parts"
        )
    if settings.shard is None or env.GetOption("help"):
        return
    if {*goals} != {"wheels"}:
        raise ConfigurationError(
            f"shard={settings.shard}: only the wheels are divided into parts",
            expected="the goal wheels alone",
            found=", ".join(goals) or "no goal",
            next=f"scons wheels shard={settings.shard}; the other goals without shard=, once all parts are there",
        )
    if settings.format == "json":
        raise ConfigurationError(
            f"format=json shard={settings.shard}: a part has no wheelhouse to describe",
            next="format=json belongs to the last run, which is without shard=",
        )
    if settings.check:
        raise ConfigurationError(
            f"check=1 shard={settings.shard}: a part cannot be installed",
            next="check=1 belongs to the last run, which is without shard=",
        )
    if settings.cache.folder is None and settings.cache.server is None:
        raise ConfigurationError(
            f"cache=none shard={settings.shard}: no other run would get the wheels that are built here",
            expected="cache= with a folder or a server that the last run reads, too",
        )


def divide_jobs(
    build: Build, shard: Shard, packages: Sequence[LockedPackage], needs_of: Callable[[LockedPackage], Collection[str]]
) -> list[str]:
    """The names of the packages that this run builds. The user is told which ones.

    Raises ConfigurationError.
    """
    known = _read_times(build)
    jobs = {package.name: Job(estimate(package, known), frozenset(needs_of(package))) for package in packages}
    names = divide(jobs, shard.count)[shard.number - 1]
    build.run.console.line(describe_shard(shard, names, jobs))
    return names


def _read_times(build: Build) -> dict[str, float]:
    file = build.settings.times
    if file is None:
        return {}
    journal = read_journal(file)
    if journal is None:
        raise ConfigurationError(
            f"times={file}: this is not a times.json that a run has written",
            expected="a copy of build/<target>/times.json of a run that built the wheels",
        )
    return journal.known
