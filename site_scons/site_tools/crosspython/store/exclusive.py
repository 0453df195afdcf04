"""A lock file that only one thread of one process holds, while others wait for it.

It uses locks of the kernel, and knows that some file systems have none. Waiting ends when the run is stopped. This
module does not know what the lock protects. Paths belong to the build machine.
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
    """Hold a lock file while the block runs. File and folder are made if needed. Raises OSError, Interrupted."""
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        while not _try_lock(descriptor):
            wait(_PAUSE)
        yield
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    """Whether we hold the lock now. On a file system without locks (some network ones) everybody gets it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
