"""The log of one component: every command with its output, and the cost of each step.

It writes a file on the build machine, new for each build, and can show the end of it. It does not know what the
commands mean, and never writes to the console. Output is stored as unchanged bytes.
"""

from __future__ import annotations

import os
import re
import shlex
import time
import weakref
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Self

from crosspython.errors import StepError, hide_logins

_TAIL_BYTES = 64 * 1024
_LONGEST_LINE = 400
_ERROR_LINES = 6
_JOB_LINES = 40  # about the output of one job; lines of other jobs may be between
# The error messages of GCC, ld, CMake, Rust and the shell.
_ERROR = re.compile(
    rb"^\S*:\d+:(?:\d+:)? (?:fatal )?error: |^(?:\S+: )?(?:fatal )?error: |: undefined reference to |: cannot find -l|"
    rb": multiple definition of |No rule to make target|^CMake Error|^error\[E\d+\]: |: (?:command )?not found$"
)
# The messages by which make, ninja and cargo report a failed job. Other jobs may continue.
_JOB_FAILED = re.compile(rb"^\S*make\S*: \*\*\* |^FAILED: |^error: could not compile ")
# Terminal control: CSI and OSC sequences, other escapes, and control characters except for the tabulator.
_CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\].*?(?:\x07|\x1b\\)|\x1b.|[\x00-\x08\x0b-\x1f\x7f]")


@dataclass
class StepCost:
    """The cost of one step of a component: its start in seconds since the epoch, the rest in seconds and bytes.

    command: the pid of the command that it runs now, 0 for none
    compiling, linking: how many running compilers and linkers were counted in it, at equal intervals
    """

    name: str
    started: float
    wall: float = 0.0
    cpu: float = 0.0
    max_rss: int = 0
    command: int = 0
    compiling: int = 0
    linking: int = 0


class Log:
    """A component's log file. Commands write into `descriptor` themselves; one thread at a time uses a log."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.steps: list[StepCost] = []
        self._environment: dict[str, str] = {}
        self._before: tuple[str, ...] = ()
        self._begin: float | None = None
        self._output = 0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Appending, so that our lines and a command's output never overwrite each other.
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC
            self.descriptor = os.open(path, flags, 0o666)
        except OSError as error:
            raise self._unwritable(error) from error
        self._finalize = weakref.finalize(self, os.close, self.descriptor)

    @property
    def component(self) -> str:
        """The component that the log belongs to."""
        return self.path.stem

    @property
    def current(self) -> StepCost | None:
        """The step that runs now."""
        return self.steps[-1] if self.steps and self._begin is not None else None

    def step(self, name: str) -> None:
        """End the current step, and begin a new one. The costs of the following commands are added to it."""
        self._end_step()
        self.steps.append(StepCost(name, time.time()))
        self._begin = time.monotonic()
        self.write(f"=== {self.component}: {name}, {time.strftime('%Y-%m-%d %H:%M:%S')}\n")

    def command(self, argv: Sequence[str], cwd: Path, env: Mapping[str, str], before: Sequence[str] = ()) -> None:
        """Write a command so that a person can run it again: its folder and its words; also the environment and the
        words in front of it (`before`), if they have changed."""
        env = {name: hide_logins(value) for name, value in env.items()}
        if env != self._environment:
            self._environment = dict(env)
            words = "".join(f"    {key}={shlex.quote(value)} \\\n" for key, value in sorted(env.items()))
            self.write(f"$ env -i \\\n{words}    sh\n")
        if tuple(before) != self._before:
            self._before = tuple(before)
            self.write(f"=== contained by: {shlex.join(before) or 'nothing'}\n")
        self.write(f"$ cd {shlex.quote(str(cwd))}\n$ {hide_logins(shlex.join(argv))}\n")
        self._output = os.fstat(self.descriptor).st_size

    def write(self, text: str) -> None:
        """Append text. Raises StepError if it cannot be written because the disk is full."""
        rest = text.encode(errors="surrogateescape")
        try:
            while rest:
                rest = rest[os.write(self.descriptor, rest) :]
        except OSError as error:
            raise self._unwritable(error) from error

    def tail(self, count: int = 20, longest: int | None = _LONGEST_LINE) -> tuple[str, ...]:
        """The last lines of the last command's output, as text that is safe for any terminal:
        no escapes, no control bytes.

        longest: characters of a line that are shown; None: whole lines, for a search in them
        """
        try:
            with self.path.open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                begin = file.seek(max(self._output, size - _TAIL_BYTES))
                text = file.read(max(0, size - begin)).decode(errors="replace")
        except OSError:
            return ()
        lines = [_clean_line(line, longest) for line in text.rstrip().split("\n")[-count:]] if text.strip() else []
        return tuple(lines)

    def first_error(self, count: int = _ERROR_LINES, longest: int | None = _LONGEST_LINE) -> tuple[str, ...]:
        """The part of the last command's output about the first job that failed;
        empty if make or a similar tool reports none.

        Error lines that made no job fail are ignored: configure scripts cause them on purpose.
        """
        before: deque[bytes] = deque(maxlen=_JOB_LINES)
        found: list[bytes] = []
        try:
            with self.path.open("rb") as file:
                file.seek(self._output)
                for line in file:
                    if _JOB_FAILED.search(line):
                        found = [*before, line, *islice(file, count)]
                        break
                    before.append(line)
        except OSError:
            return ()
        start = next((number for number, line in enumerate(found) if _ERROR.search(line)), len(before))
        shown = [line.decode(errors="replace").rstrip("\n") for line in found[start : start + count]]
        return tuple(_clean_line(line, longest) for line in shown)

    def excerpt(self, count: int = 20) -> tuple[str, ...]:
        """The last lines. If parallel jobs wrote more lines after the error, the error comes first."""
        tail, error = self.tail(count), self.first_error()
        if not error or error[0] in tail:
            return tail
        return (*error, "...", *tail[len(error) + 1 :])

    def close(self) -> None:
        """End the last step and close the file; closing again does nothing."""
        if self._finalize.alive:
            self._end_step()
        self._finalize()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _end_step(self) -> None:
        if self.current is not None and self._begin is not None:
            step = self.current
            step.wall, self._begin = time.monotonic() - self._begin, None
            self.write(f"=== {self.component}: {step.name} took {step.wall:.1f} s, {step.cpu:.1f} s of CPU\n\n")

    def _unwritable(self, error: OSError) -> StepError:
        return StepError(
            f"{self.component}: the log cannot be written",
            found=error.strerror,
            log=self.path,
            next="make room on that disk (df shows it), or correct its permissions; then run again",
        )


def find_error(lines: Sequence[str]) -> str | None:
    """The first line that reports an error."""
    return next((line for line in lines if _ERROR.search(line.encode(errors="replace"))), None)


def _clean_line(line: str, longest: int | None) -> str:
    # A progress display overwrites its line after each carriage return: only the last text counts.
    visible = _CONTROL.sub("", line.rstrip("\r").rpartition("\r")[2]).rstrip()
    return visible if longest is None or len(visible) <= longest else visible[:longest] + " ..."
