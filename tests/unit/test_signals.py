"""A stop reaches everybody at once; a signal is a stop, and takes nothing from who listened before."""

from __future__ import annotations

import os
import select
import signal
import threading
from collections.abc import Iterator

import pytest
from crosspython.errors import Interrupted
from crosspython.run import signals
from crosspython.run.signals import SignalWatch, Stop, watch_signals


@pytest.fixture
def stop() -> Iterator[Stop]:
    stop = Stop()
    yield stop
    stop.close()


@pytest.fixture
def restored() -> Iterator[None]:
    before = signal.set_wakeup_fd(-1)
    handler = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, handler)
    signal.set_wakeup_fd(before)


def test_nothing_is_stopped_before_it_is_asked_for(stop: Stop) -> None:
    stop.check()
    assert not stop.requested
    assert select.select([stop], [], [], 0)[0] == []


def test_a_stop_is_interrupted_with_its_first_reason(stop: Stop) -> None:
    stop.request("zlib failed")
    stop.request("received SIGINT")
    with pytest.raises(Interrupted, match="stopped: zlib failed"):
        stop.check()


def test_a_stop_is_seen_by_everybody_who_polls(stop: Stop) -> None:
    stop.request("enough")
    for _ in range(2):
        assert select.select([stop], [], [], 0)[0] == [stop]


def test_a_signal_requests_the_stop_and_its_handler_still_runs(stop: Stop, restored: None) -> None:
    handled = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: handled.set())
    SignalWatch(stop).install()
    os.kill(os.getpid(), signal.SIGTERM)
    assert select.select([stop], [], [], 2)[0] == [stop]
    assert stop.reason == "received SIGTERM"
    assert handled.wait(2)


def test_other_signals_do_not_stop(stop: Stop, restored: None) -> None:
    before = signal.signal(signal.SIGWINCH, lambda *_: None)
    SignalWatch(stop).install()
    os.kill(os.getpid(), signal.SIGWINCH)
    signal.signal(signal.SIGWINCH, before)
    assert select.select([stop], [], [], 0.1)[0] == []


def test_an_earlier_wakeup_descriptor_still_gets_every_signal(stop: Stop, restored: None) -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer)
    signal.signal(signal.SIGTERM, lambda *_: None)
    watch = SignalWatch(stop)
    watch.install()
    watch.install()
    os.kill(os.getpid(), signal.SIGTERM)
    assert select.select([reader], [], [], 2)[0] == [reader]
    assert os.read(reader, 64) == bytes([signal.SIGTERM])
    assert select.select([stop], [], [], 2)[0] == [stop]  # the watch is done with what this test closes
    os.close(reader)
    os.close(writer)


def test_watching_twice_is_watching_once(restored: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signals, "_installed", None)
    watch_signals()
    first = signals._installed
    watch_signals()
    assert signals._installed is first


def test_signals_are_not_watched_from_another_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    failures: list[BaseException] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: failures.append(args.exc_value))
    thread = threading.Thread(target=watch_signals)
    thread.start()
    thread.join()
    assert [str(failure) for failure in failures] == ["signals can be watched from the main thread only"]
