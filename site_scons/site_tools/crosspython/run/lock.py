"""One run at a time in a build folder.

It knows how to lock a folder of the build machine for this process, and how to name the run that has locked it. The
kernel releases the lock when its process dies in any way; child processes never hold it. It does not wait, and removes
nothing.
"""

from __future__ import annotations

import fcntl
import json
import os
import shlex
import sys
import time
from pathlib import Path
from typing import Self

from crosspython.errors import ConfigurationError

_LONGEST_COMMAND = 160


class BuildLock:
    """The lock of a build folder, `<folder>/.lock`: held from `acquire` (or `with`) on, until `release`.

    A second lock of the same process on the same folder shares the first one's: two environments of one SCons run
    may build in one folder, since SCons orders their work.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / ".lock"
        self._descriptor = -1

    def acquire(self) -> None:
        """Take the lock. Raises ConfigurationError at once, naming the other run, when another process holds it."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise ConfigurationError(
                f"the build folder {self.path.parent} cannot be written",
                found=error.strerror,
                next="correct its permissions, or name another folder with build=",
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _read_holder(descriptor)
            os.close(descriptor)
            if holder.get("process") != _identify_process():
                raise self._refuse(holder) from None
            return
        except OSError:
            # A file system without locks (some network ones): build without this protection.
            os.close(descriptor)
            return
        self._descriptor = descriptor
        _write_holder(descriptor)

    def release(self) -> None:
        """Give the lock back. The file stays: removing it would let two later runs lock two different files."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def _refuse(self, holder: dict[str, str]) -> ConfigurationError:
        found = "a run that has just started"
        if holder:
            found = f"process {holder['pid']} on {holder['host']}, since {holder['since']}: {holder['command']}"
        return ConfigurationError(
            f"another run is using the build folder {self.path.parent}",
            found=found,
            next="wait until it has ended, or name another folder with build=",
        )


def _write_holder(descriptor: int) -> None:
    words = shlex.join(sys.orig_argv)
    holder = {
        "pid": str(os.getpid()),
        "host": os.uname().nodename,
        "process": _identify_process(),
        "since": time.strftime("%Y-%m-%d %H:%M:%S"),
        "command": words if len(words) <= _LONGEST_COMMAND else words[:_LONGEST_COMMAND] + " ...",
    }
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(holder).encode(), 0)
    except OSError:
        # The disk is full. The lock still works; only the name of its holder is missing.
        os.ftruncate(descriptor, 0)


def _read_holder(descriptor: int) -> dict[str, str]:
    """The facts that the holder of the lock wrote about itself; empty if it has not written them yet."""
    try:
        holder = json.loads(os.pread(descriptor, 65536, 0))
    except ValueError:
        return {}
    known = ("pid", "host", "process", "since", "command")
    return {key: str(holder[key]) for key in known} if isinstance(holder, dict) and set(known) <= set(holder) else {}


def _identify_process() -> str:
    """A name that is unique to this process. A process with the same pid in another container, which may share the
    folder, has another name."""
    # proc(5): field 22 is the start time in clock ticks; field 2, in parentheses, may hold blanks.
    ticks = Path("/proc/self/stat").read_text(errors="replace").rpartition(")")[2].split()[19]
    return f"{os.uname().nodename} {os.getpid()} {ticks}"
