"""Deploying to a real kernel over a real SSH connection: whole or not at all, and only what changed."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest
from crosspython.board.address import parse_address
from crosspython.board.deploy import deploy, roll_back
from crosspython.board.ssh import Session
from crosspython.errors import BoardError, CheckError

from tests.board.bringing import NOTES, PATH, bring, connect, order, replace
from tests.board.conftest import libraries_of, running
from tests.board.machine import Board

# On a busy machine an emulated board is ten times slower than on a quiet one.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]
VERSIONS = "/opt/.python-versions"


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
    with pytest.raises(CheckError, match="its previous Python stays in use"):
        bring(tree, session)
    assert board.command("readlink /opt/python") == before
    assert board.command("/opt/python/bin/python3 -c 'import subprocess'") == ""


def test_a_processor_that_lacks_an_instruction_is_told_of(
    board: Board, tree: Path, session: Session, deployed: str
) -> None:
    before = board.command("readlink /opt/python")
    python = tree / "bin/python3.13"
    replace(python, "#!/bin/sh\nkill -ILL $$\n")
    python.chmod(0o755)
    with pytest.raises(CheckError) as error:
        bring(tree, session)
    assert "/proc/cpuinfo" in str(error.value.next)
    assert board.command("readlink /opt/python") == before


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


def test_what_the_board_lacks_is_said_with_what_to_do(
    board: Board, slim: Path, session: Session, deployed: str
) -> None:
    lines: list[str] = []
    board.set_clock_to_1970()
    deploy(order(slim), session, lines.append)
    board.command(f"date -u -s @{int(time.time())}")
    remarks = [line for line in lines if line.startswith("  remark: ")]
    for remark, told in zip(remarks, ("1970-01-01 0", "ca-certificates", "tzdata"), strict=True):
        assert told in remark, lines


def test_scripts_of_earlier_deployments_are_mended(board: Board, tree: Path, session: Session, deployed: str) -> None:
    script = "/opt/python/bin/made-by-pip"
    text = f"#!{VERSIONS}/3.13.5-gone/bin/python3.13\nprint('it starts')\n"
    board.command(f"cat > {script}; chmod 755 {script}", data=text.encode())
    replace(tree / "lib/python3.13/site-packages/other.py", "")
    bring(tree, session)
    assert board.command(f"{script}; head -n 1 {script}") == "it starts\n#!/opt/python/bin/python3.13\n"


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ("ro", "Read-only file system; on the board: mount -o remount,rw /mnt/other"),
        ("noexec", "mount -o remount,exec"),
    ],
)
def test_a_place_that_cannot_be_used_is_refused_before_anything_is_copied(
    board: Board, slim: Path, session: Session, option: str, told: str
) -> None:
    board.command(f"mkdir -p /mnt/other && mount -t tmpfs -o {option} other /mnt/other")
    with pytest.raises(BoardError) as error:
        bring(slim, session, prefix="/mnt/other/python")
    assert board.command("ls -A /mnt/other; umount /mnt/other") == ""
    [reason] = error.value.evidence
    assert told in reason


def test_a_32_bit_system_below_a_64_bit_kernel_gets_a_32_bit_python(slim: Path, tmp_path: Path) -> None:
    lines: list[str] = []
    with running("aarch64", more=libraries_of("armv7l")) as board, connect(board, tmp_path) as session:
        assert board.command("uname -m") == "aarch64\n"
        deploy(order(slim), session, lines.append)
        answer = board.command("/opt/python/bin/python3 -c 'import sys; print(sys.maxsize)'")
    assert answer == f"{2**31 - 1}\n"
    assert any("a 32-bit system with a 64-bit kernel (aarch64)" in line for line in lines)
    assert any("armv7l on aarch64" in line for line in lines)


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
