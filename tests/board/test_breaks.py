"""Failures in the middle of a deployment: the connection is cut or silent, or the power fails.
The old tree stays, whole."""

from __future__ import annotations

import random
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from crosspython.board.manifest import NAME
from crosspython.errors import BoardError

from tests.board.bringing import bring, connect, replace
from tests.board.conftest import running
from tests.board.machine import DISK, Board

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]
PREFIX = "/mnt/python"
# Bytes: more than asking the board takes, less than what is sent.
LIMIT = 300_000
# Every file as the manifest has it: "mode, hash, size, target, path" a line.
WHOLE = f"cd {PREFIX} && busybox awk -F'\\t' '$2 != \"-\" {{ print $2 \"  \" $5 }}' {NAME} | sha256sum -c -s"


class Line:
    """A port on loopback that passes on what is said to a board's, until so many bytes went there; then `end` is
    called, and when it returns the line is cut."""

    def __init__(self, port: int, limit: int, end: Callable[[], object]) -> None:
        self._limit, self._end = limit, end
        self._server = socket.create_server(("127.0.0.1", 0))
        self._board = socket.create_connection(("127.0.0.1", port))
        self.address = f"root@127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        with suppress(OSError), self._server, self._board, self._server.accept()[0] as user:
            threading.Thread(target=_pass_on, args=(self._board, user), daemon=True).start()
            while self._limit > 0 and (data := user.recv(min(self._limit, 65536))):
                self._board.sendall(data)
                self._limit -= len(data)
            if self._limit == 0:
                self._end()
            for each in (user, self._board):
                each.shutdown(socket.SHUT_RDWR)


def _pass_on(source: socket.socket, to: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            to.sendall(data)


@pytest.fixture
def changed(tree: Path) -> Path:
    """The tree with a file more, which takes its time: nothing makes it smaller on its way."""
    (tree / "lib/python3.13/big.bin").write_bytes(random.Random(1).randbytes(1_000_000))
    replace(tree / "lib/python3.13/first.txt", "changed\n")
    return tree


@pytest.mark.parametrize("end", [lambda: None, threading.Event().wait], ids=["cut", "silent"])
def test_a_line_that_breaks_leaves_the_old_tree_in_use(
    board: Board,
    changed: Path,
    tmp_path: Path,
    end: Callable[[], object],
    deployed: str,
) -> None:
    before = board.command("readlink /opt/python")
    line = Line(board.port, LIMIT, end)
    with (
        pytest.raises(BoardError, match=r"the connection was lost|no answer"),
        connect(board, tmp_path, line.address) as session,
    ):
        bring(changed, session)
    assert board.command("readlink /opt/python; cat /opt/python/lib/python3.13/first.txt") == f"{before}as it was\n"


@contextmanager
def powered(disk: Path) -> Iterator[Board]:
    """A board with this disk, mounted."""
    with running("armv7l", disk=disk) as board:
        board.command("mount -t ext4 /dev/vda /mnt")
        yield board


def test_the_power_may_go_at_any_time(slim: Path, changed: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    with disk.open("wb") as file:
        file.truncate(DISK)
    subprocess.run(["/sbin/mke2fs", "-q", "-t", "ext4", str(disk)], check=True)
    with powered(disk) as board, connect(board, tmp_path) as session:
        first = bring(slim, session, prefix=PREFIX).name
        board.stop()  # at once, when it says that the new tree is in use
    with powered(disk) as board:
        assert board.command(f"readlink {PREFIX}").endswith(f"{first}\n")
        board.command(WHOLE)
        line = Line(board.port, LIMIT, board.stop)
        with pytest.raises(BoardError), connect(board, tmp_path, line.address) as session:
            bring(changed, session, prefix=PREFIX)
    with powered(disk) as board:
        assert board.command(f"readlink {PREFIX}").endswith(f"{first}\n")
        board.command(WHOLE)
        with connect(board, tmp_path) as session:
            bring(changed, session, prefix=PREFIX)
        board.command(WHOLE)
