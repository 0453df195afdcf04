"""What a board costs: booting the virtual one until SSH answers, and what deploying takes and moves.

    python benchmarks/board.py

Needs what `scons target=rv1126` made, and qemu-system-arm. It deploys what slim=pyc leaves of the bundle, with the
checks of `scons deploy`. Bytes are those that the board's network card counts, both ways.
A Markdown table goes to standard output.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "site_scons" / "site_tools")]

from crosspython.board.deploy import deploy  # noqa: E402  (the path comes first)
from crosspython.board.selftest import BEFORE_SWITCH  # noqa: E402
from crosspython.store.tree import unpack_tree  # noqa: E402

from tests.board.bringing import BUNDLE, connect, order, slim  # noqa: E402
from tests.board.conftest import running  # noqa: E402
from tests.board.machine import Board  # noqa: E402


def measure(board: Board, do: Callable[[], object]) -> str:
    """Two cells of the table: seconds of wall clock, and bytes that the board saw."""
    before, begin = bytes_moved(board), time.monotonic()
    do()
    seconds = time.monotonic() - begin
    return f"{seconds:.1f} | {(bytes_moved(board) - before) / 1e3:.0f} kB"


def bytes_moved(board: Board) -> int:
    return sum(map(int, board.command("cat /sys/class/net/eth0/statistics/[rt]x_bytes").split()))


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="crosspython-benchmark-") as name:
        folder = Path(name)
        unpack_tree(BUNDLE, folder)
        tree = folder / "python"
        slim(tree)
        with running("armv7l"):
            pass  # where there is no snapshot yet, it is made
        print("| what | s | moved |\n| --- | --- | --- |")
        with running("armv7l") as board:
            print(f"| resume from the snapshot until SSH answers | {board.seconds:.1f} | |", flush=True)

            def bring() -> None:
                with connect(board, folder) as session:
                    deploy(order(tree, only=BEFORE_SWITCH), session, lambda line: None)

            print(f"| deploy, nothing there yet | {measure(board, bring)} |", flush=True)
            print(f"| deploy, nothing changed | {measure(board, bring)} |", flush=True)
            (tree / "lib/python3.13/site-packages/mine.py").write_text("answer = 42\n")
            print(f"| deploy, one file changed | {measure(board, bring)} |", flush=True)


if __name__ == "__main__":
    main()
