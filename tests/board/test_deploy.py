"""Deploying to a real kernel over a real SSH connection: whole or not at all, and only what changed."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from crosspython.board.address import parse_address
from crosspython.board.deploy import Deployed, Order, deploy, roll_back
from crosspython.board.selftest import SelfTest
from crosspython.board.ssh import Session
from crosspython.checks.selftest import expect
from crosspython.errors import BoardError, CheckError
from crosspython.recipes.cpython import read_release
from crosspython.stages.board import board_needs
from crosspython.stages.bundle import keep_only_bytecode, remove_needless
from crosspython.store.tree import unpack_tree
from crosspython.targets import load_target

from tests.board.machine import Board
from tests.conftest import REPOSITORY

# On a busy machine an emulated board is ten times slower than on a quiet one.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]
BUNDLE = REPOSITORY / "build/rv1126/python-3.13.5-rv1126.tar.gz"
VERSIONS = "/opt/.python-versions"
PATH = "/usr/bin:/bin"
NOTES = ("first.txt", "second.txt")


@pytest.fixture(scope="session")
def slim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small Python that starts and is checked: what `scons slim=pyc` leaves of the bundle, without what it can miss here."""
    run = [sys.executable, "-m", "SCons", "-Q", "target=rv1126"]
    subprocess.run(run, cwd=REPOSITORY, check=True, stdout=subprocess.DEVNULL, timeout=3000)
    folder = tmp_path_factory.mktemp("slim")
    unpack_tree(BUNDLE, folder)
    tree = folder / "python"
    remove_needless(tree)
    keep_only_bytecode(tree)
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


@pytest.fixture
def tree(slim: Path, tmp_path: Path) -> Path:
    """A copy of its own, of hard links: replace files, do not write into them."""
    subprocess.run(["cp", "-al", str(slim), str(tmp_path / "python")], check=True)
    return tmp_path / "python"


@pytest.fixture
def session(board: Board, tmp_path: Path) -> Iterator[Session]:
    with connect(board, tmp_path) as session:
        yield session


def connect(board: Board, tmp_path: Path, address: str | None = None) -> Session:
    return Session(parse_address(address or board.address), config=board.config, path=PATH, logs=tmp_path / "logs")


def order(
    tree: Path, target: str = "rv1126", only: tuple[str, ...] = ("machine", "prefix"), **changes: object
) -> Order:
    board = load_target(target, REPOSITORY)
    board = type(board)(**{**vars(board), **changes})
    release = read_release(REPOSITORY / "components/cpython", "3.13")
    return Order(tree, "3.13.5", board, board_needs(tree), SelfTest(expect(tree, release, board.machine, ()), only))


def bring(tree: Path, session: Session, **changes: object) -> Deployed:
    return deploy(order(tree, **changes), session, lambda line: None)


def replace(path: Path, text: str) -> None:
    """A new file under an old name; what other trees link to stays."""
    path.unlink(missing_ok=True)
    path.write_text(text)


@pytest.fixture(scope="session")
def deployed(board: Board, slim: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The first deployment of all: the version's name."""
    with connect(board, tmp_path_factory.mktemp("first")) as session:
        return bring(slim, session).name


def test_the_first_deployment_is_in_use(board: Board, deployed: str) -> None:
    assert board.command("readlink /opt/python") == f".python-versions/{deployed}\n"
    assert board.command("/opt/python/bin/python3 -V") == "Python 3.13.5\n"


def test_what_is_there_already_is_not_sent_again(slim: Path, session: Session, deployed: str) -> None:
    assert bring(slim, session).sent == 0


def test_a_change_of_one_file_sends_kilobytes_and_keeps_what_pip_installed(
    board: Board, tree: Path, session: Session, deployed: str
) -> None:
    board.command("touch /opt/python/lib/python3.13/site-packages/of_the_boards_own.py")
    replace(tree / "lib/python3.13/site-packages/mine.py", "answer = 42\n")
    done = bring(tree, session)
    assert done.sent == 1
    assert done.size < 400_000  # the manifest goes along
    assert board.command("/opt/python/bin/python3 -c 'import mine, of_the_boards_own; print(mine.answer)'") == "42\n"


def test_a_file_that_is_gone_is_taken_away_and_rollback_brings_it_back(
    board: Board, tree: Path, session: Session, deployed: str
) -> None:
    before = board.command("readlink /opt/python")
    first, second = (f"lib/python3.13/{name}" for name in NOTES)
    (tree / first).unlink()
    replace(tree / second, "changed\n")
    bring(tree, session)
    board.command(f"test ! -e /opt/python/{first}")
    assert board.command(f"cat /opt/python/{second}") == "changed\n"
    roll_back(session, "/opt/python")
    assert board.command("readlink /opt/python") == before
    assert board.command(f"cd /opt/python; cat {first} {second}") == "as it was\n" * 2


def test_a_tree_that_fails_its_check_is_not_switched_to(
    board: Board, tree: Path, session: Session, deployed: str
) -> None:
    before = board.command("readlink /opt/python")
    replace(tree / "lib/python3.13/subprocess.pyc", "no bytecode")
    with pytest.raises(CheckError, match="what it had stays in use"):
        bring(tree, session)
    assert board.command("readlink /opt/python") == before
    assert board.command("/opt/python/bin/python3 -c 'import subprocess'") == ""


def test_a_cut_in_the_middle_leaves_the_old_one_in_use_and_the_next_time_works(
    board: Board, tree: Path, tmp_path: Path, deployed: str
) -> None:
    before = board.command("readlink /opt/python")
    replace(tree / "lib/python3.13/big.bin", "x" * 3_000_000)
    session = connect(board, tmp_path)
    with pytest.raises(BoardError), session:
        real = session.run

        def run(script: str, what: str, **options: object):
            if what == "send":
                options["data"] = options["data"][:1_000_000]  # the line breaks here
            return real(script, what, **options)

        session.run = run
        bring(tree, session)
    assert board.command("readlink /opt/python") == before
    board.command("/opt/python/bin/python3 -c pass")
    with connect(board, tmp_path) as again:
        assert bring(tree, again).name in board.command("readlink /opt/python")
        assert ".part" not in board.command(f"ls {VERSIONS}")
        roll_back(again, "/opt/python")


def test_a_folder_that_was_unpacked_by_hand_is_kept_as_the_version_before(
    board: Board, slim: Path, session: Session
) -> None:
    board.command("mkdir -p /opt/hand/python/bin && echo by hand > /opt/hand/python/note")
    bring(slim, session, prefix="/opt/hand/python")
    assert board.command("cat /opt/hand/.python-versions/before-crosspython/note") == "by hand\n"
    board.command("/opt/hand/python/bin/python3 -c pass; rm -rf /opt/hand")


def test_another_machine_is_refused_before_anything_is_copied(board64: Board, slim: Path, tmp_path: Path) -> None:
    with connect(board64, tmp_path) as session, pytest.raises(BoardError) as error:
        bring(slim, session)
    assert any("armv7l" in line and "aarch64" in line for line in error.value.evidence)
    assert any("/lib/ld-linux-armhf.so.3" in line for line in error.value.evidence)
    assert board64.command("ls -A /opt") == ""


def test_too_little_space_is_refused_before_anything_is_copied(board: Board, slim: Path, session: Session) -> None:
    board.command("mkdir -p /mnt/small && mount -t tmpfs -o size=8m small /mnt/small")
    with pytest.raises(BoardError) as error:
        bring(slim, session, prefix="/mnt/small/python")
    assert [line.split(":")[0] for line in error.value.evidence] == ["space"]
    assert board.command("ls -A /mnt/small; umount /mnt/small") == ""


def test_a_disk_that_fills_up_meanwhile_leaves_the_old_one_in_use(board: Board, tree: Path, session: Session) -> None:
    board.command("mkdir -p /mnt/full && mount -t tmpfs -o size=8m full /mnt/full")
    for name in ("lib", "bin", "share", "include"):
        shutil.rmtree(tree / name, ignore_errors=True)
    (tree / "some.txt").write_text("x" * 3_000_000)
    real = session.run

    def run(script: str, what: str, **options: object):
        if what == "send":
            real("cat /dev/zero > /mnt/full/filler", "fill", may_fail=True)
        return real(script, what, **options)

    session.run = run
    with pytest.raises(BoardError) as error:
        bring(tree, session, prefix="/mnt/full/python")
    assert error.value.found == "the board's disk is full"
    board.command("umount /mnt/full")


def test_a_board_without_a_program_is_told_by_name(
    slim: Path, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    # BusyBox's shell has its tar built in: what cannot be taken from it is asked for under a name that it has not.
    monkeypatch.setattr("crosspython.board.facts.TOOLS", ("cp", "tar-of-nobody"))
    with pytest.raises(BoardError) as error:
        bring(slim, session)
    assert "programs: the board lacks tar-of-nobody" in error.value.evidence


def test_sftp_is_not_needed(board: Board, slim: Path, session: Session, deployed: str) -> None:
    board.command("mv /usr/lib/sftp-server /usr/lib/gone")
    try:
        bring(slim, session)
    finally:
        board.command("mv /usr/lib/gone /usr/lib/sftp-server")


def test_a_host_key_that_changed_is_refused(board: Board, tmp_path: Path) -> None:
    key = tmp_path / "other"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    config = tmp_path / "config"
    (tmp_path / "hosts").write_text(f"[127.0.0.1]:{board.port} {key.with_suffix('.pub').read_text()}")
    config.write_text(
        f"IdentityFile {board.image.key}\nUserKnownHostsFile {tmp_path}/hosts\nHostKeyAlgorithms ssh-ed25519\n"
    )
    with (
        pytest.raises(BoardError) as error,
        Session(parse_address(board.address), config=config, path=PATH, logs=tmp_path / "logs"),
    ):
        pass
    assert "host key has changed" in (error.value.found or "")
    assert "ssh-keygen -R" in (error.value.next or "")


def test_a_password_is_never_asked_for(board: Board, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text(f"IdentityFile /nonexistent\nIdentitiesOnly yes\nUserKnownHostsFile {board.hosts}\n")
    with (
        pytest.raises(BoardError) as error,
        Session(parse_address(board.address), config=config, path=PATH, logs=tmp_path / "logs"),
    ):
        pass
    assert "password" in (error.value.found or "")


def test_a_server_that_closes_the_connection_is_told(board: Board, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=lambda: server.accept()[0].close(), daemon=True).start()
        with pytest.raises(BoardError) as error, connect(board, tmp_path, f"root@127.0.0.1:{server.getsockname()[1]}"):
            pass
    assert error.value.found == "it closed the connection"


def test_a_server_that_never_speaks_is_given_up(board: Board, tmp_path: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        pytest.raises(BoardError) as error,
        connect(board, tmp_path, f"root@127.0.0.1:{server.getsockname()[1]}"),
    ):
        pass
    assert error.value.found == "it does not answer"
