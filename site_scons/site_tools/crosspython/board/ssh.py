"""A connection to a board, made by OpenSSH's client: one login, then any number of commands over it.

It never asks a question (BatchMode), and nothing waits for ever: connecting, a silent line and each command have a time
limit. Host keys, identities and jump hosts come from the user's own configuration. This module does not know what a
command is for.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import tempfile
import threading
import tomllib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from crosspython.board.address import Address
from crosspython.errors import BoardError, CrosspythonError, StepError
from crosspython.hosttools import require_tools
from crosspython.run.log import Log
from crosspython.run.process import run_command

MARK = "CROSSPYTHON "
_CONNECT_SECONDS = 20
_LOST = 255  # ssh(1): "exits with the exit status of the remote command or with 255 if an error occurred"
_OPTIONS = {
    "BatchMode": "yes",
    "ConnectTimeout": str(_CONNECT_SECONDS),
    "ServerAliveInterval": "5",
    "ServerAliveCountMax": "4",
    "Compression": "yes",
    "LogLevel": "ERROR",
}


@dataclass(frozen=True)
class Reply:
    """How a command on the board ended, and what it said. `told` holds its lines `CROSSPYTHON KEY VALUE`, by key."""

    status: int
    text: str
    told: dict[str, list[str]]

    def value(self, key: str) -> str | None:
        return self.told[key][-1] if key in self.told else None


class Session:
    """A connection that is open as long as the `with` block. Logs of all its commands are in `logs`."""

    def __init__(self, address: Address, *, config: Path | None, path: str, logs: Path) -> None:
        self.address, self._path, self._logs = address, path, logs
        self._config = ["-F", str(config)] if config else []
        self._socket = Path()
        self._count = 0
        self._ended: CrosspythonError | None = None

    def __enter__(self) -> Self:
        require_tools(["ssh"], self._path)
        shutil.rmtree(self._logs, ignore_errors=True)
        self._logs.mkdir(parents=True)
        # The path of a socket has at most 107 characters (unix(7)), and a build folder, where the other temporary files
        # are, may be deep.
        self._folder = Path(tempfile.mkdtemp(prefix="crosspython-ssh-", dir=os.environ.get("TMPDIR", "/tmp")))
        self._socket = self._folder / "s"
        self._master = threading.Thread(target=self._hold, daemon=True)
        self._master.start()
        while self._master.is_alive() and not self._socket.exists():
            self._master.join(0.02)
        if self._ended is not None:
            shutil.rmtree(self._folder)
            raise self._ended
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(BoardError):  # the connection may be lost already
            self._ssh(["-O", "exit"], [], b"", "disconnect", _CONNECT_SECONDS)
        self._master.join()
        shutil.rmtree(self._folder, ignore_errors=True)

    def run(self, script: str, what: str, *, data: bytes = b"", seconds: float = 120, may_fail: bool = False) -> Reply:
        """Run a POSIX shell script on the board, with `data` on its standard input. Raises BoardError.

        what: in a few words, for messages and the log's name
        """
        status, text, log = self._ssh([], [f"echo {MARK}alive\n{script}"], data, what, seconds)
        told = _read_told(text)
        if "alive" not in told:
            raise self._explain(text, log)
        if status == _LOST:
            raise BoardError(f"{self.address}: {what}: the connection was lost", evidence=_last(text), log=log)
        if status != 0 and not may_fail:
            raise BoardError(
                f"{self.address}: {what} failed",
                found="the board's disk is full" if "No space left" in text else f"exit status {status}",
                evidence=_last(text),
                log=log,
            )
        return Reply(status, text, told)

    def _hold(self) -> None:
        """Hold the connection that all commands share, in a thread:
        a process like any other of ours, so a stop ends it."""
        try:
            status, text, log = self._ssh(["-M", "-N"], [], b"", "connect", None)
            if status != 0:
                self._ended = self._explain(text, log)
        except CrosspythonError as error:
            self._ended = error

    def _ssh(
        self, mode: Sequence[str], command: Sequence[str], data: bytes, what: str, seconds: float | None
    ) -> tuple[int, str, Path]:
        """Start ssh once: its exit status, all that it printed, and the log."""
        self._count += 1
        options = [word for name, value in _OPTIONS.items() for word in ("-o", f"{name}={value}")]
        words = [
            "ssh",
            "-T",
            *self._config,
            *options,
            "-S",
            str(self._socket),
            *mode,
            *self.address.arguments,
            *command,
        ]
        place = self._logs / f"{self._count:02}-{what.replace(' ', '-')}.log"
        kept = {name: os.environ[name] for name in ("HOME", "SSH_AUTH_SOCK") if name in os.environ}
        with Log(place) as log:
            try:
                finished = run_command(
                    words,
                    cwd=self._folder,
                    env={"PATH": self._path, "LC_ALL": "C", **kept},
                    log=log,
                    input=data,
                    timeout=seconds,
                    may_fail=True,
                )
            except StepError as error:
                raise BoardError(
                    f"{self.address}: {what}: no answer within {seconds or 0:g} s", evidence=log.tail(5), log=place
                ) from error
        # The log begins with the command itself.
        said = place.read_text(errors="replace").partition(f"$ {shlex.join(words)}\n")[2]
        return finished.status, said, place

    def _explain(self, text: str, log: Path) -> BoardError:
        """Why there is no connection, in the user's words."""
        port = self.address.port or 22
        words = {
            "ssh": " ".join(["ssh", *self._config, *self.address.arguments]),
            "host_and_port": f"'[{self.address.host}]:{port}'" if port != 22 else self.address.host,
            "user_and_host": self.address.user_and_host,
            "port": port,
        }
        for cause in tomllib.loads(Path(__file__).with_name("causes.toml").read_text())["cause"]:
            if re.search(cause["pattern"], text):
                found, next_step = cause["what"].format(**words), cause["next"].format(**words)
                break
        else:
            found, next_step = "ssh failed", f"try by hand: {words['ssh']}"
        said = [line for line in _last(text, 3) if not line.startswith("@")]
        return BoardError(
            f"{self.address}: no connection to the board", found=found, evidence=said, log=log, next=next_step
        )


def _read_told(text: str) -> dict[str, list[str]]:
    told: dict[str, list[str]] = defaultdict(list)
    for line in text.splitlines():
        if line.startswith(MARK):
            key, _, value = line.removeprefix(MARK).partition(" ")
            told[key].append(value)
    return dict(told)


def _last(text: str, count: int = 8) -> list[str]:
    lines = [line for line in text.strip().splitlines() if not line.startswith(MARK)]
    return [line[:200] for line in lines[-count:]]
