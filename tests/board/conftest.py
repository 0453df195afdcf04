"""Virtual boards for tests: one of each kind a test run, booted when the first test asks for it."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from crosspython.board.ssh import Session

from examples.firmware.image import Entry
from tests.board.bringing import bring, connect, make_slim
from tests.board.machine import LIBRARIES, MODELS, Board, Image, Model, libraries_and_loader
from tests.board.packages import Packages
from tests.conftest import REPOSITORY


@contextmanager
def kept(model: Model) -> Iterator[Path]:
    """The folder with what boards of a model are made of, locked: test runs side by side share it."""
    folder = REPOSITORY / "build/board" / model.architecture
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


def libraries_of(machine: str) -> list[Entry]:
    """The loader and the C libraries of a model, for a board whose kernel runs its programs, too."""
    model = MODELS[machine]
    with kept(model) as folder:
        Packages(model.architecture, folder / "apt").unpack(LIBRARIES, folder / "libraries")
        return list(libraries_and_loader(folder / "libraries", model))


@contextmanager
def running(
    machine: str, *, disk: Path | None = None, top: Path | None = None, more: Sequence[Entry] = ()
) -> Iterator[Board]:
    """A board that runs as long as the block. What it is made of is kept below build/board/.

    disk: a file that is its /dev/vda; top, more: what is in its root besides, for which it boots and does not resume
    """
    model = MODELS[machine]
    work = Path(tempfile.mkdtemp(prefix="board-"))
    with kept(model) as folder:
        if top or more:
            board = Board(Image(model, folder, disk=work / "initrd.cpio", more=more, top=top), work, resumes=False)
        else:
            board = Board(Image(model, folder), work, disk=disk)
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
    """Its 64-bit sister, whose Cortex-A76 knows the instructions of an RK3568's Cortex-A55, which QEMU 7.2 has not."""
    with running("aarch64") as board:
        yield board


@pytest.fixture(scope="session")
def slim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small Python that starts and is checked."""
    return make_slim(tmp_path_factory.mktemp("slim"))


@pytest.fixture
def tree(slim: Path, tmp_path: Path) -> Path:
    """A separate copy, of hard links: replace files, do not write into them."""
    subprocess.run(["cp", "-al", str(slim), str(tmp_path / "python")], check=True)
    return tmp_path / "python"


@pytest.fixture
def session(board: Board, tmp_path: Path) -> Iterator[Session]:
    with connect(board, tmp_path) as session:
        yield session


@pytest.fixture(scope="session")
def deployed(board: Board, slim: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The first deployment of all: the version's name."""
    with connect(board, tmp_path_factory.mktemp("first")) as session:
        return bring(slim, session).name
