"""The process groups that run for us on the build machine, and how they end.

Each command leads a group of its own. This module knows which groups are alive, ends one or all of them, and keeps a
guardian: a shell that ends the remaining processes if we die suddenly (kill -9, a crash).
It does not know the purpose of the commands, and does not decide when they end.
It cannot end a process that has moved to a session of its own (a daemon).
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
import threading
import time

GRACE = 0.5
"""Seconds between asking (TERM) and ending (KILL): short enough for a stop within a second."""

# It reads "+ GROUP" and "- GROUP" on its stdin. The end of the pipe means that our process has died.
_GUARDIAN = """
trap '' HUP INT TERM
live=' '
while read -r sign group; do
    case $sign in
        +) live="$live$group " ;;
        -) live="${live%% $group *} ${live#* $group }" ;;
    esac
done
for group in $live; do kill -s KILL -- "-$group"; done
"""


class Groups:
    """Process groups that were started and not yet reaped. A group's number is the pid of its leader, our child."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._live: set[int] = set()
        self._guardian: subprocess.Popen[bytes] | None = None

    @property
    def live(self) -> frozenset[int]:
        """The groups that run now."""
        with self._lock:
            return frozenset(self._live)

    def guard(self) -> None:
        """Start the guardian if there is none yet. Call this before a child is started, so that the guardian can end it
        from the start."""
        with self._lock:
            self._tell("")

    def add(self, leader: int) -> None:
        """Take charge of a child that was started in a session of its own."""
        with self._lock:
            self._live.add(leader)
            self._tell(f"+ {leader}\n")

    def reap(self, leader: int) -> tuple[int, resource.struct_rusage]:
        """Wait for the leader, end what it left behind in its group; its wait status and the resources it used."""
        # While the leader is a zombie its number cannot be given to another process, so the group is surely ours.
        os.waitid(os.P_PID, leader, os.WEXITED | os.WNOWAIT)
        with self._lock:
            _signal(leader, signal.SIGKILL)
            _, status, usage = os.wait4(leader, 0)
            self._live.discard(leader)
            self._tell(f"- {leader}\n")
        _await_empty(leader)
        return status, usage

    def end(self, leader: int, grace: float = GRACE) -> None:
        """Send TERM to a group, and KILL after the grace time. The caller, or another thread, still has to reap it."""
        self._end(frozenset([leader]), grace)

    def end_all(self, grace: float = GRACE) -> None:
        """Send TERM to every group, and KILL to those that still live after the grace time."""
        self._end(self.live, grace)

    def close(self) -> None:
        """Stop the guardian, which ends groups that still live."""
        with self._lock:
            guardian, self._guardian = self._guardian, None
        if guardian is not None and guardian.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                guardian.stdin.close()
            guardian.wait()

    def _end(self, groups: frozenset[int], grace: float) -> None:
        self._send(groups, signal.SIGTERM)
        deadline = time.monotonic() + grace
        while any(self._runs(group) for group in groups) and time.monotonic() < deadline:
            time.sleep(0.01)
        self._send(groups, signal.SIGKILL)

    def _send(self, groups: frozenset[int], number: signal.Signals) -> None:
        with self._lock:
            for group in groups & self._live:
                _signal(group, number)

    def _runs(self, leader: int) -> bool:
        """Whether the leader has not ended yet. An ended leader may be a zombie that this thread still has to reap."""
        with self._lock:
            if leader not in self._live:
                return False
            return os.waitid(os.P_PID, leader, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None

    def _tell(self, line: str) -> None:
        # If the guardian cannot start, or was killed, the build goes on: then only kill -9 would leave orphans.
        with contextlib.suppress(OSError):
            if self._guardian is None:
                self._guardian = _start_guardian()
            assert self._guardian.stdin is not None
            self._guardian.stdin.write(line.encode())


def _start_guardian() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        ["/bin/sh", "-c", _GUARDIAN, "crosspython-guardian"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        bufsize=0,
        cwd="/",
        env={},
        start_new_session=True,
    )


def _signal(group: int, number: signal.Signals) -> None:
    # EPERM: only setuid programs are left in it.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def _await_empty(group: int, seconds: float = 0.2) -> None:
    """Give killed members time to vanish, so that nobody writes any more into a folder the caller may remove."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except OSError:
            return
        time.sleep(0.005)
