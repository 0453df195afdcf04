"""Connections, against an ssh that is a script of three lines: what it says and how it ends is what real ones do."""

from __future__ import annotations

from pathlib import Path

import pytest
from crosspython.board.address import parse_address
from crosspython.board.ssh import Session
from crosspython.errors import BoardError, HostToolError


def session(tmp_path: Path, script: str, address: str = "root@board:2222") -> Session:
    program = tmp_path / "bin" / "ssh"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return Session(parse_address(address), config=None, path=f"{program.parent}:/usr/bin:/bin", logs=tmp_path / "logs")


@pytest.mark.parametrize(
    ("said", "found", "next"),
    [
        ("ssh: connect to host board port 2222: Connection refused", "no SSH server listens on port 2222", "start one"),
        ("ssh: connect to host board port 2222: Connection timed out", "does not answer", "ssh -p 2222 root@board"),
        ("ssh: connect to host board port 22: No route to host", "does not answer", "check that it is switched on"),
        ("Connection timed out during banner exchange", "does not answer", "check that it is switched on"),
        ("ssh: Could not resolve hostname board: Name or service not known", "of that name", "its address"),
        ("root@board: Permission denied (publickey,password).", "asks for a password", "ssh-copy-id -p 2222 root@b"),
        ("Host key verification failed.", "not known here yet", "once by hand"),
        (
            "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.",
            "host key has changed",
            "ssh-keygen -R '[board]:2222'",
        ),
        ("kex_exchange_identification: Connection closed by remote host", "closed the connection", "by hand"),
        ("something that nobody knows", "ssh failed", "try by hand: ssh -p 2222 root@board"),
    ],
)
def test_a_connection_that_fails_is_explained(tmp_path: Path, said: str, found: str, next: str) -> None:
    with pytest.raises(BoardError) as error, session(tmp_path, f"cat >&2 <<'E'\n{said}\nE\nexit 255"):
        pass
    assert found in (error.value.found or "")
    assert next in (error.value.next or "")


def test_no_ssh_at_all_names_the_program(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    given = Session(parse_address("board"), config=None, path=str(tmp_path / "empty"), logs=tmp_path / "logs")
    with pytest.raises(HostToolError, match="ssh"), given:
        pass


# Called for the connection that the others share, it makes something at the socket's place and waits for the end.
RUN = """for last; do :; done
for word; do [ "$before" = -S ] && socket=$word; before=$word; done
case "$*" in
    *"-O exit"*) touch "$socket.end"; exit 0 ;;
    *-N*) touch "$socket"; while [ ! -e "$socket.end" ]; do sleep 0.05; done; exit 0 ;;
esac
"""


def test_what_the_board_tells_is_told_by_key(tmp_path: Path) -> None:
    with session(tmp_path, RUN + 'exec sh -c "$last"') as connection:
        reply = connection.run(
            "echo noise; echo CROSSPYTHON machine armv7l; cat", "ask", data=b"CROSSPYTHON given yes\n"
        )
    assert reply.value("machine") == "armv7l"
    assert reply.value("given") == "yes"
    assert reply.value("free") is None


def test_a_command_that_fails_shows_its_last_lines(tmp_path: Path) -> None:
    with session(tmp_path, RUN + 'exec sh -c "$last"') as connection, pytest.raises(BoardError) as error:
        connection.run("echo tar: no such thing; exit 3", "send")
    assert "tar: no such thing" in error.value.evidence
    assert error.value.found == "exit status 3"


def test_a_full_disk_is_told_as_such(tmp_path: Path) -> None:
    with session(tmp_path, RUN + 'exec sh -c "$last"') as connection, pytest.raises(BoardError) as error:
        connection.run("echo 'tar: write error: No space left on device'; exit 1", "send")
    assert error.value.found == "the board's disk is full"


def test_a_connection_that_breaks_in_the_middle_is_told(tmp_path: Path) -> None:
    with session(tmp_path, RUN + "echo CROSSPYTHON alive; exit 255") as connection, pytest.raises(BoardError) as error:
        connection.run("true", "send")
    assert "the connection was lost" in error.value.what


def test_a_board_that_falls_silent_is_given_up(tmp_path: Path) -> None:
    with session(tmp_path, RUN + "sleep 60") as connection, pytest.raises(BoardError, match="no answer within 1 s"):
        connection.run("true", "ask", seconds=1)
