"""Waiting for something that cannot be interrupted: a server that is silent for a while, a name that is looked up.

Python's sockets do not notice that the run stops. So the call runs in a daemon thread, which may be left behind.
This module does not know the purpose of the call.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from crosspython.run.signals import STOP, Stop

_LOOK = 0.05  # seconds


def interruptible(work: Callable[[], None], stop: Stop = STOP) -> None:
    """Call `work` in a thread of its own, and raise its exception. Raises Interrupted at once when the run stops."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run, name="crosspython-waits", daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(_LOOK)
        if thread.is_alive():
            stop.check()
    if raised:
        raise raised[0]
