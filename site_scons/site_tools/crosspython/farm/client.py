"""The farm as a build sees it: which workers are of the same kind, and one order after another for them.

A build never waits blindly: it waits in turns, and ends when the run stops. Any failure of the farm means that the
product is built here. This module knows neither SCons nor products.
"""

from __future__ import annotations

import logging
import select
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from distributed import Client

from crosspython.errors import HostToolError, Interrupted
from crosspython.farm.kind import describe_kind, differences
from crosspython.farm.order import FarmAnswer, FarmOrder
from crosspython.farm.overview import FarmWorker
from crosspython.farm.task import build_product, describe_worker, hear_refusal
from crosspython.run.signals import STOP

_TURN = 0.05  # seconds between two looks at an order or at free places
_LOOK = 1.0  # seconds between two looks at the scheduler's list of workers
_CONNECT = 5.0  # seconds


class Farm:
    """The workers of one scheduler. warn: gets one line for each reason why the farm is not used"""

    def __init__(self, address: str, warn: Callable[[str], None]) -> None:
        self.address = address
        self._warn = warn
        self._lock = threading.RLock()
        self._client: Any = None
        self._is_off = False
        self._said: set[str] = set()
        self._places: dict[str, int] = {}  # usable workers: how many orders each takes at once
        self._refused: set[tuple[str, str]] = set()  # workers that are not used, for a toolchain or for all ("")
        self._seen = 0.0
        self._sent = 0

    def build(self, order: FarmOrder, is_free_here: Callable[[], bool]) -> FarmAnswer | None:
        """Let a worker build a product. None: it has to be built here. Waits until there is a place here or there.
        Raises Interrupted."""
        try:
            while True:
                with self._place(order.toolchain, is_free_here) as workers:
                    answer = self._send(order, workers) if workers else None
                if answer is None or not answer.is_lasting or answer.worker not in workers:
                    return answer
                with self._lock:
                    self._refuse(answer.worker, order.toolchain, answer.reason)
        except Interrupted:
            raise
        except Exception as error:  # Dask and its transport raise exceptions of many kinds
            with self._lock:
                self._is_off = self._is_off or self._client is None or self._client.status != "running"
            self.tell(f"{type(error).__name__}: {error}".rstrip(": "))
            return None

    def tell(self, reason: str) -> None:
        """Warn the user, once for each reason, that something is built here instead."""
        with self._lock:
            is_new = reason not in self._said
            self._said.add(reason)
        if is_new:
            self._warn(f"farm={self.address}: {reason}; building here instead")

    def workers(self) -> dict[str, int]:
        """The workers of this machine's kind, with the number of orders that each of them takes at once."""
        with self._lock:
            if self._client is None:
                logging.getLogger("distributed").setLevel(logging.CRITICAL)  # its failures are told by us
                self._is_off = True  # unless the next line succeeds
                self._client = _connect(self.address)
                self._is_off = False
            if time.monotonic() - self._seen > _LOOK:
                self._look()
            return dict(self._places)

    def _usable(self, toolchain: str) -> dict[str, int]:
        """Those workers that have not refused an order for a toolchain."""
        return {name: count for name, count in self.workers().items() if (name, toolchain) not in self._refused}

    def _look(self) -> None:
        listed = self._client.scheduler_info(n_workers=-1)["workers"]
        new = [address for address in listed if address not in self._places and (address, "") not in self._refused]
        kinds = self._client.run(describe_kind, workers=new, on_error="return") if new else {}
        for address, kind in kinds.items():
            others = differences(describe_kind(), kind if isinstance(kind, dict) else {})
            if others:
                self._refuse(address, "", "; ".join(others))
        self._places = {
            address: facts["nthreads"] for address, facts in listed.items() if (address, "") not in self._refused
        }
        self._seen = time.monotonic()

    def _refuse(self, address: str, toolchain: str, reason: str) -> None:
        """Do not use a worker any more in this run, for a toolchain or for all (""), and tell both sides why."""
        if (address, toolchain) in self._refused:
            return
        self._refused.add((address, toolchain))
        self._warn(f"farm={self.address}: the worker {address} is not used: {reason}")
        self._client.run(hear_refusal, reason, workers=[address], on_error="return")

    @contextmanager
    def _place(self, toolchain: str, is_free_here: Callable[[], bool]) -> Iterator[list[str]]:
        """Hold a place on the farm; the workers that may take the order. Empty: a place here is free instead."""
        workers: list[str] = []
        while not self._is_off:
            STOP.check()
            with self._lock:
                if self._is_off:  # another thread has found no scheduler meanwhile
                    break
                places = self._usable(toolchain)
                if sum(places.values()) > self._sent:
                    workers, self._sent = sorted(places), self._sent + 1
                    break
                if not places or is_free_here():
                    break
            time.sleep(_TURN)
        try:
            yield workers
        finally:
            with self._lock:
                self._sent -= bool(workers)

    def _send(self, order: FarmOrder, workers: list[str]) -> FarmAnswer:
        text = msgspec.json.encode(order).decode()
        # One key for all builds that ask for a product: the scheduler lets one worker build it, once.
        future = self._client.submit(build_product, text, key=f"crosspython-{order.key}", workers=workers)
        try:
            while not future.done():
                select.select([STOP], [], [], _TURN)
                STOP.check()
                if not self.workers().keys() & set(workers):
                    raise ConnectionError("the workers that could build it are gone")
            answer = msgspec.json.decode(future.result(), type=FarmAnswer)
            answer.require_plain()
            return answer
        finally:
            # The worker looks whether its task is still wanted, and ends the build if it is not.
            future.release() if future.done() else future.cancel()


def ask_workers(address: str) -> list[FarmWorker]:
    """The workers of a scheduler, of all kinds. Raises HostToolError where none answers."""
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    try:
        with _connect(address) as client:
            told = client.run(describe_worker, on_error="return")
    except Exception as error:  # Dask and its transport raise exceptions of many kinds
        reason = f"{type(error).__name__}: {error}".rstrip(": ")
        raise HostToolError(f"no scheduler answers at {address}", found=reason, next="docs/farm.md") from None
    return [msgspec.json.decode(text, type=FarmWorker) for text in told.values() if isinstance(text, str)]


def _connect(address: str) -> Any:
    return Client(address, timeout=_CONNECT, set_as_default=False)  # type: ignore[no-untyped-call]
