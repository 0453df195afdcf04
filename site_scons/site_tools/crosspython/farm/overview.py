"""What `crosspython farm` tells: the workers of a scheduler, what they have, and what they build now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from crosspython.farm.kind import describe_kind, differences
from crosspython.run.console import format_count, format_seconds


class FarmWorker(msgspec.Struct, frozen=True):
    """A worker, as it describes itself. memory: bytes for its builds; at_once: how many orders it takes at the same
    time; kind: what decides whether it makes the same bytes; building: seconds since the start, by product"""

    name: str
    cores: int
    memory: int
    at_once: int
    kind: dict[str, str]
    building: dict[str, float]


def describe_farm(address: str, workers: Sequence[FarmWorker], here: Mapping[str, str]) -> Iterator[str]:
    """Lines about the workers of a scheduler. here: the kind of this machine"""
    cores = sum(worker.cores for worker in workers)
    yield f"{address}: {format_count(len(workers), 'worker')}, {format_count(cores, 'core')}"
    for worker in sorted(workers, key=lambda worker: worker.name):
        orders = f"takes {format_count(worker.at_once, 'order')} at once"
        yield f"  {worker.name}: {format_count(worker.cores, 'core')}, {worker.memory / 1e9:.1f} GB, {orders}"
        kind = ", ".join(f"{name} {fact}" for name, fact in worker.kind.items())
        yield f"    {kind}"
        if others := differences(here, worker.kind):
            yield f"    not used by builds on this machine: {'; '.join(others)}"
        for product, seconds in worker.building.items():
            yield f"    builds {product} since {format_seconds(round(seconds))}"
        if not worker.building:
            yield "    builds nothing now"


def ask_farm(address: str) -> Iterator[str]:
    """Lines about the farm at an address. Raises HostToolError where no scheduler answers."""
    from crosspython.farm.client import ask_workers

    return describe_farm(address, ask_workers(address), describe_kind())
