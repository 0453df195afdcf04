"""The things that tests send to boards: a small tree, over a connection with the board's own keys."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from crosspython.board.address import parse_address
from crosspython.board.deploy import Deployed, Deployment, deploy
from crosspython.board.selftest import SelfTest
from crosspython.board.ssh import Session
from crosspython.checks.selftest import expect
from crosspython.finish.board_needs import board_needs
from crosspython.finish.python_tree import slimmed
from crosspython.recipes.release import read_release
from crosspython.store.tree import unpack_tree
from crosspython.targets import load_target

from tests.board.machine import Board
from tests.conftest import REPOSITORY

# A build folder of the board's tests: those of the real cross compiler may run beside them (conftest.py).
BUILD = REPOSITORY / "build/board"
PATH = "/usr/bin:/bin"
NOTES = ("first.txt", "second.txt")


def build_bundle() -> tuple[Path, Path]:
    """The archives of rv1126's Python and of its tests, built or taken from the artifact cache."""
    run = [sys.executable, "-m", "SCons", "-Q", "target=rv1126", f"build={BUILD}"]
    subprocess.run(run, cwd=REPOSITORY, check=True, stdout=subprocess.DEVNULL, timeout=3000)
    folder = BUILD / "rv1126"
    return folder / "python-3.13.5-rv1126.tar.gz", folder / "python-3.13.5-rv1126-tests.tar.gz"


def make_slim(folder: Path) -> Path:
    """A small Python that starts and is checked: what `scons slim=pyc` leaves of the bundle,
    without what it can miss here."""
    bundle, _ = build_bundle()
    unpack_tree(bundle, folder)
    tree = folder / "python"
    slim(tree)
    library = tree / "lib/python3.13"
    for name in (
        "site-packages/pip",
        "ensurepip",
        "asyncio",
        "email",
        "xml",
        "unittest",
        "_pyrepl",
        "http",
        "lib-dynload/_codecs*",
    ):
        for path in library.glob(name):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for path in [*tree.glob("lib/lib*.so*"), *tree.glob("bin/pip*"), *library.glob("encodings/[g-tv-z]*.pyc")]:
        path.unlink()
    for name in NOTES:
        (library / name).write_text("as it was\n")
    return tree


def slim(tree: Path) -> None:
    """The files of a tree that `scons slim=pyc` would keep."""
    paths = [path for path in tree.rglob("*") if path.is_symlink() or path.is_file()]
    links = {str(path.relative_to(tree)): str(path.readlink()) if path.is_symlink() else "" for path in paths}
    places = slimmed(links, without_sources=True)
    for name in links:
        if name not in places:
            (tree / name).unlink()
    for name, place in places.items():
        (tree / name).rename(tree / place)
    for path in sorted(tree.rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink() and not any(path.iterdir()):
            path.rmdir()


def connect(board: Board, tmp_path: Path, address: str | None = None) -> Session:
    return Session(parse_address(address or board.address), config=board.config, path=PATH, logs=tmp_path / "logs")


def order(
    tree: Path, target: str = "rv1126", only: tuple[str, ...] = ("machine", "prefix"), **changes: object
) -> Deployment:
    board = load_target(target, REPOSITORY)
    board = type(board)(**{**vars(board), **changes})
    release = read_release(REPOSITORY / "components/cpython", "3.13")
    return Deployment(tree, "3.13.5", board, board_needs(tree), SelfTest(expect(tree, release, board, (), 64), only))


def bring(tree: Path, session: Session, **changes: object) -> Deployed:
    return deploy(order(tree, **changes), session, lambda line: None)


def replace(path: Path, text: str) -> None:
    """A new file under an old name; what other trees link to stays."""
    path.unlink(missing_ok=True)
    path.write_text(text)
