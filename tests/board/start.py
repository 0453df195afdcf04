"""Starts a virtual board to try something on, and ends it at Ctrl-C.

    PYTHONPATH=site_scons/site_tools python -m tests.board.start [armv7l | aarch64]

It prints the commands that reach it.
"""

from __future__ import annotations

import signal
import sys

from tests.board.conftest import running
from tests.board.machine import MODELS, Board


def main(machine: str = "armv7l") -> None:
    if machine not in MODELS:
        sys.exit(f"{machine}: there is no such board; expected: {', '.join(MODELS)}")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # end as at Ctrl-C: the emulator ends, too
    with running(machine) as board:
        show(board)
        try:
            signal.pause()
        except KeyboardInterrupt:
            print()


def show(board: Board) -> None:
    ssh = f"ssh -F {board.config} -p {board.port} root@127.0.0.1"
    print(f"a shell on it:     {ssh}")
    print(f"an image onto it:  {ssh} 'tar -C /opt -xz' < build/rv1126/python-image-3.13.5-rv1126.tar.gz")
    print(f"scons deploy to it: board={board.address} ssh_config={board.config}")
    print("Ctrl-C ends it.", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:2])
