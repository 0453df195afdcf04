"""A worker: it takes orders from a scheduler, until it is stopped, and joins again when the scheduler was away."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from distributed import Worker

from crosspython.farm.address import is_loopback
from crosspython.farm.task import FarmBench

_BUILD = 10**9  # bytes of memory that one build may need, with the largest of our components in mind
_AGAIN = 2.0  # seconds between two attempts to join


def at_once(cores: int, memory: int | None) -> int:
    """How many orders a worker takes at the same time. memory: bytes; None: enough for all cores"""
    return max(1, cores if memory is None else min(cores, memory // _BUILD))


def work(address: str, folder: Path, variables: Mapping[str, str], cores: int, memory: int | None) -> None:
    """Build what the scheduler at an address orders, until SIGINT or SIGTERM. folder, variables, cores: as FarmBench;
    memory: as at_once"""
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    asyncio.run(_serve(address, FarmBench(folder, variables, cores, memory or whole, at_once(cores, memory))))


async def _serve(address: str, bench: FarmBench) -> None:
    ends = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ends.set)
    while not ends.is_set():
        try:
            await _join(address, bench, ends)
        except Exception as error:  # Dask and its transport raise exceptions of many kinds
            _say(f"no scheduler at {address} ({type(error).__name__}); trying again")
        bench.stop()
        with_pause = asyncio.wait_for(ends.wait(), _AGAIN)
        await asyncio.gather(with_pause, return_exceptions=True)


async def _join(address: str, bench: FarmBench, ends: asyncio.Event) -> None:
    """Be a worker of the scheduler, until it has gone or this process has to end."""
    with tempfile.TemporaryDirectory(prefix="crosspython-worker-") as scratch:
        worker = Worker(
            address,
            nthreads=bench.at_once,
            name=f"{os.uname().nodename}-{os.getpid()}",
            host="127.0.0.1" if is_loopback(address) else None,
            memory_limit=0,  # builds are processes of their own
            local_directory=scratch,
            dashboard=False,
            plugins=(bench,),
        )
        try:
            await asyncio.wait_for(worker, 30)
            _say(f"takes up to {bench.at_once} orders at once from {address}, on {bench.cores} cores")
            gone = asyncio.ensure_future(worker.finished())  # type: ignore[no-untyped-call]
            ended = asyncio.ensure_future(ends.wait())
            await asyncio.wait({gone, ended}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            bench.stop()
            await worker.close(nanny=False, executor_wait=False)


def _say(text: str) -> None:
    print(f"crosspython worker: {text}", file=sys.stderr, flush=True)
