"""A call that cannot be interrupted is abandoned when the run stops; otherwise it works as without the wrapper."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from crosspython.errors import Interrupted
from crosspython.run.interruptible import interruptible
from crosspython.run.signals import Stop


@pytest.fixture
def stop() -> Iterator[Stop]:
    stop = Stop()
    yield stop
    stop.close()


def test_it_has_been_done_afterwards(stop: Stop) -> None:
    done: list[int] = []
    interruptible(lambda: done.append(1), stop)
    assert done == [1]


def test_what_it_raises_is_raised(stop: Stop) -> None:
    with pytest.raises(ZeroDivisionError):
        interruptible(lambda: [1 // 0].clear(), stop)


def test_a_stop_does_not_wait_for_it(stop: Stop) -> None:
    hangs = threading.Event()
    threading.Timer(0.1, stop.request, ["a test"]).start()
    begin = time.monotonic()
    with pytest.raises(Interrupted, match="a test"):
        interruptible(lambda: [hangs.wait(30)].clear(), stop)
    assert time.monotonic() - begin < 10
    hangs.set()
