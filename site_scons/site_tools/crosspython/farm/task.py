"""The functions that a scheduler may call on a worker.

A product is built by a new process of SCons, in a folder of the worker's own, with the worker's own crosspython:
threads of Dask cannot set signals, and umask, working folder and the request to stop belong to a whole process.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import msgspec
from distributed import WorkerPlugin, get_worker
from msgspec.structs import replace

from crosspython.errors import CrosspythonError
from crosspython.farm.kind import describe_kind
from crosspython.farm.order import FarmAnswer, FarmOrder
from crosspython.farm.overview import FarmWorker
from crosspython.run.jobserver import Jobserver
from crosspython.run.log import Log
from crosspython.run.process import run_command
from crosspython.run.signals import Stop

NAME = "crosspython"
ORDER, ANSWER, LOCK = "order.json", "answer.json", "pylock.toml"  # in the folder of a build
LOG = "scons.log"
_PACKAGE = Path(__file__).resolve().parents[1]
_LOOK = 0.2  # seconds between two looks whether a build is still wanted
_KEPT = ("PATH", "HOME", "LANG", "USER", "LOGNAME", "TMPDIR", "SSL_CERT_FILE")


def build_product(text: str) -> str:
    """Build what an order says, with the answer as JSON. Runs in a thread of a worker."""
    worker = get_worker()
    key, bench = worker.get_current_task(), worker.plugins[NAME]
    assert isinstance(bench, FarmBench)

    def is_wanted() -> bool:
        """Dask does not stop a running task, but its state shows that it was cancelled (dask/distributed #4694)."""
        task = worker.state.tasks.get(key)
        return task is not None and task.state == "executing"

    answer = replace(bench.build(text, is_wanted), worker=worker.address)
    return msgspec.json.encode(answer).decode()


def describe_worker(dask_worker: Any) -> str:
    """The facts about a worker and what it builds now, as the JSON of a FarmWorker. Dask calls it with the worker."""
    bench = dask_worker.plugins[NAME]
    now = time.time()
    building = {product: now - since for product, since in list(bench.building.values())}
    facts = FarmWorker(
        str(dask_worker.name), bench.cores, bench.memory, bench.at_once, describe_kind(), building=building
    )
    return msgspec.json.encode(facts).decode()


def hear_refusal(reason: str) -> None:
    """Tell the owner of this worker why a build does not use it."""
    print(f"crosspython worker: a build does not use this worker: {reason}", file=sys.stderr, flush=True)


class FarmBench(WorkerPlugin):
    """Where a worker builds. folder: all that is built here; variables: those of this machine; cores: of all builds
    together; memory: bytes for all builds; at_once: how many orders are built at the same time"""

    name = NAME

    def __init__(self, folder: Path, variables: Mapping[str, str], cores: int, memory: int, at_once: int) -> None:
        self.folder, self.variables, self.cores = folder, dict(variables), cores
        self.memory, self.at_once = memory, at_once
        self.building: dict[int, tuple[str, float]] = {}  # by the number of the folder: the product, and since when
        self.jobserver = Jobserver(cores)
        self._free: SimpleQueue[int] = SimpleQueue()
        self._stops: set[Stop] = set()
        for number in range(at_once):
            self._free.put(number)

    def setup(self, worker: Any) -> None:
        """Nothing to prepare."""

    def build(self, text: str, is_wanted: Callable[[], bool]) -> FarmAnswer:
        """Build what an order says. Each running build has a folder of its own."""
        number = self._free.get()
        try:
            order = msgspec.json.decode(text, type=FarmOrder)
            order.require_plain()
            folder = self.folder / str(number)
            folder.mkdir(parents=True, exist_ok=True)
            (folder / ORDER).write_text(text)
            (folder / LOCK).write_text(order.lock)
            for old in (folder / ANSWER, folder / "build" / order.product):
                old.unlink(missing_ok=True)
            self.building[number] = order.product, time.time()
            with self.jobserver.token():  # the slot that every child of a make owns
                self._run(order, folder, is_wanted)
            answer = folder / ANSWER
            told = msgspec.json.decode(answer.read_bytes(), type=FarmAnswer) if answer.exists() else None
            return told if told and (told.outcome != "refused" or told.reason) else _not_started(folder / LOG)
        except (CrosspythonError, OSError, msgspec.DecodeError) as error:
            return FarmAnswer("refused", f"{os.uname().nodename}: {error}")
        finally:
            self.building.pop(number, None)
            self._free.put(number)

    def stop(self) -> None:
        """End all builds, before the worker ends."""
        for stop in list(self._stops):
            stop.request("the worker ends")

    def _run(self, order: FarmOrder, folder: Path, is_wanted: Callable[[], bool]) -> None:
        stop, has_ended = Stop(), threading.Event()

        def watch() -> None:
            while not has_ended.wait(_LOOK):
                if not is_wanted():
                    stop.request("nobody waits for it any more")
                    return

        watcher = threading.Thread(target=watch, name="crosspython-wanted", daemon=True)
        self._stops.add(stop)
        watcher.start()
        try:
            with Log(folder / LOG) as log:
                run_command(
                    self._command(order),
                    cwd=folder,
                    env=self._environment(),
                    log=log,
                    pass_fds=self.jobserver.pass_fds,
                    may_fail=True,
                    stop=stop,
                )
        finally:
            has_ended.set()
            watcher.join()
            self._stops.discard(stop)
            with suppress(OSError):
                stop.close()

    def _command(self, order: FarmOrder) -> Sequence[str]:
        variables = {**order.variables, **self.variables, **({"lock": LOCK} if order.lock else {})}
        script = _PACKAGE / "farm" / "data" / "SConstruct"
        words = (f"{name}={value}" for name, value in variables.items())
        return [sys.executable, "-m", "SCons", "-f", str(script), f"-j{self.cores}", *words, f"build/{order.product}"]

    def _environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        return {**kept, **self.jobserver.environment("fifo"), "PYTHONPATH": str(_PACKAGE.parent)}


def _not_started(log: Path) -> FarmAnswer:
    """The answer where SCons built nothing: its settings did not fit this machine, and it says why."""
    _, _, said = log.read_text(errors="replace").partition("scons: *** ")
    reason = said.partition("\n  File ")[0].strip() or "SCons did not say why"
    return FarmAnswer("refused", f"the worker {os.uname().nodename} could not start: {reason}", is_lasting=bool(said))
