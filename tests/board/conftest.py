"""Virtual boards for tests: one of each kind a test run, booted when the first test asks for it."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.board.machine import MODELS, Board, Image
from tests.conftest import REPOSITORY


@contextmanager
def running(machine: str) -> Iterator[Board]:
    """A board that runs as long as the block. What it is made of is kept below build/board/."""
    model = MODELS[machine]
    work = Path(tempfile.mkdtemp(prefix="board-"))
    folder = REPOSITORY / "build/board" / model.architecture
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:  # test runs side by side share what is kept there
        fcntl.flock(lock, fcntl.LOCK_EX)
        board = Board(Image(model, folder), work)
    try:
        yield board
    finally:
        board.stop()
        shutil.rmtree(work)


@pytest.fixture(scope="session")
def board() -> Iterator[Board]:
    """A Cortex-A7 with a 32-bit kernel, as the RV1126 has it."""
    with running("armv7l") as board:
        yield board


@pytest.fixture(scope="session")
def board64() -> Iterator[Board]:
    """Its 64-bit sister, a Cortex-A53."""
    with running("aarch64") as board:
        yield board
