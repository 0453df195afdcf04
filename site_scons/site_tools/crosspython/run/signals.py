"""Stopping: one flag that the whole run shares, and the watch that raises it when a signal comes.

On a signal, SCons only stops scheduling, and then waits for the running actions (SCons.Taskmaster.Job,
`_setup_sig_handler`). This module replaces no handler: Python writes each signal's number to a wakeup descriptor before
any handler runs, and a thread that reads this descriptor stops everything at once. It does not know what the processes
do.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading

from crosspython.errors import Interrupted
from crosspython.run.groups import Groups

_STOPPING = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP})


class Stop:
    """The flag that asks the run to stop, and the reason. It is never cleared; setting it ends all processes of
    `groups`."""

    def __init__(self) -> None:
        self.groups = Groups()
        self._lock = threading.Lock()
        self._reason: str | None = None
        self._reader, self._writer = os.pipe()

    @property
    def reason(self) -> str | None:
        """Why the run must stop; None if no stop was requested."""
        return self._reason

    @property
    def requested(self) -> bool:
        """Whether the run must stop."""
        return self._reason is not None

    def fileno(self) -> int:
        """A descriptor that becomes readable, and stays so, when the stop is requested: for poll and select."""
        return self._reader

    def request(self, reason: str) -> None:
        """Stop the run: wake waiting threads, and end every process within a second. The first reason is kept."""
        with self._lock:
            if self._reason is not None:
                return
            self._reason = reason
            os.write(self._writer, b"!")
        self.groups.end_all()

    def check(self) -> None:
        """Raise Interrupted if the stop was requested."""
        if self._reason is not None:
            raise Interrupted(f"stopped: {self._reason}")

    def close(self) -> None:
        """Close the descriptors. Only for a stop that no other code uses any more."""
        self.groups.close()
        os.close(self._reader)
        os.close(self._writer)


STOP = Stop()
"""The stop of this process: signals come to a process, not to an object."""


def stop_all(reason: str) -> None:
    """Stop the whole run because of a failure: SCons without -k would wait for the other steps that run."""
    STOP.request(reason)


class SignalWatch:
    """Turns SIGINT, SIGTERM and SIGHUP into a request to stop, beside whatever handlers they have.

    Only signals that have a handler written in Python arrive here: SIGINT always has one, the others while SCons
    builds. A wakeup descriptor that was there before still gets every byte.
    """

    def __init__(self, stop: Stop) -> None:
        self._stop = stop
        self._previous = -1
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)
        threading.Thread(target=self._watch, name="crosspython-signals", daemon=True).start()

    def install(self) -> None:
        """Make this watch the process's wakeup descriptor, if it is not already. Main thread only (ValueError)."""
        previous = signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        if previous != self._writer:
            self._previous = previous

    def _watch(self) -> None:
        while numbers := os.read(self._reader, 64):
            if self._previous != -1:
                with contextlib.suppress(OSError):
                    os.write(self._previous, numbers)
            for number in _STOPPING.intersection(numbers):
                self._stop.request(f"received {signal.Signals(number).name}")


_installed: SignalWatch | None = None


def watch_signals() -> None:
    """Let signals stop this process's run at once. The front door calls it, in the main thread. A second call does
    nothing."""
    global _installed
    if threading.current_thread() is not threading.main_thread():
        raise ValueError("signals can be watched from the main thread only")
    if _installed is None:
        _installed = SignalWatch(STOP)
    _installed.install()
