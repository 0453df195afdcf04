"""One at a time: a file that only one thread of one process holds, while others wait for it.

It knows locks of the kernel and where they are missing. Waiting ends when the run is stopped. What is guarded is not
known here. Paths belong to the build machine.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crosspython.store.download import wait

_PAUSE = 0.1  # seconds between two tries


@contextmanager
def exclusive(file: Path) -> Iterator[None]:
    """Hold a lock file, made with its folder if need be, for the time of the block. Raises OSError, Interrupted."""
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        while not _try_lock(descriptor):
            wait(_PAUSE)
        yield
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    """Whether it is ours now. A file system without locks (some network ones) gives it to all,
    rather than to nobody."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
