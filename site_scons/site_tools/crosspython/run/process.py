"""Running one command of a plan on the build machine, with its output in a log.

It knows how a command starts (a session and process group of its own, nothing on stdin, only the environment that was
given), how it ends, what it cost, and how to tell the user that it failed.
It does not know the purpose of the command. The caller takes the job token.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from crosspython.errors import CrosspythonError, HostToolError, Interrupted, StepError
from crosspython.run.log import Log
from crosspython.run.signals import STOP, Stop

_EVIDENCE_LINES = 20
_SHORT_COMMAND = 100
_DISK_FULL = 1024 * 1024
# A longer grace time after a time limit: no user is waiting, and a make that can clean up returns its tokens.
_TIMEOUT_GRACE = 2.0


@dataclass(frozen=True)
class Finished:
    """The cost of a command and of all children that it waited for: seconds, and the bytes of the largest process.

    status: its exit status; the negative number of the signal that ended it
    """

    wall: float
    cpu_user: float
    cpu_system: float
    max_rss: int
    status: int = 0


def run_command(
    argv: Sequence[str],
    *,
    before: Sequence[str] = (),
    cwd: Path,
    env: Mapping[str, str],
    log: Log,
    pass_fds: Collection[int] = (),
    timeout: float | None = None,
    input: bytes | None = None,
    may_fail: bool = False,
    stop: Stop = STOP,
) -> Finished:
    """Run a command to its end, its output in the log.

    before:   words in front of the command, from run/isolation.py; messages do not show them
    may_fail: the caller checks the exit status; a status other than 0 raises no StepError

    Raises StepError when it fails, HostToolError when its program is not there, Interrupted when the run was stopped.
    No process of its group is alive afterwards. `timeout` is in seconds; `input` is what it finds on stdin.
    """
    stop.check()
    words = [*before, *argv]
    log.command(argv, cwd, env, before)
    stop.groups.guard()
    begin = time.monotonic()
    with _input_file(input) as stdin:
        leader = _start(words, cwd, env, log, pass_fds, stdin)
    timed_out = threading.Event()
    step = log.current
    try:
        stop.groups.add(leader)
        if step is not None:
            step.command = leader
        if stop.requested:  # it was requested after the check above, so the command has to be ended here
            stop.groups.end(leader)
        with _time_limit(leader, timeout, stop, timed_out):
            status, usage = stop.groups.reap(leader)
    except BaseException:  # KeyboardInterrupt, in the main thread, before SCons has set its handlers
        stop.groups.end(leader)
        with contextlib.suppress(ChildProcessError):  # already reaped
            stop.groups.reap(leader)
        raise
    finally:
        if step is not None:
            step.command = 0
    # ru_maxrss is in KiB on Linux, getrusage(2).
    code = os.waitstatus_to_exitcode(status)
    if before and 128 < code < 128 + signal.NSIG:  # data/supervise.py reports a signal in this way
        code = 128 - code
    finished = Finished(time.monotonic() - begin, usage.ru_utime, usage.ru_stime, usage.ru_maxrss * 1024, code)
    _record(finished, log)
    if stop.requested:  # independent of the status: a script may catch TERM and still end with 0
        raise Interrupted(f"{_where(log)}: stopped: {stop.reason}", log=log.path)
    if timed_out.is_set():
        raise _failure(argv, cwd, log, f"did not end within {timeout:g} s and was stopped")
    if code != 0 and not may_fail:
        raise _failure(argv, cwd, log, *_describe(code))
    return finished


@contextlib.contextmanager
def _input_file(data: bytes | None) -> Iterator[int | IO[bytes]]:
    if data is None:
        yield subprocess.DEVNULL
        return
    # A file, not a pipe: no thread has to feed it, and a command that does not read it cannot block us.
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        yield file


def _start(
    argv: Sequence[str],
    cwd: Path,
    env: Mapping[str, str],
    log: Log,
    pass_fds: Collection[int],
    stdin: int | IO[bytes],
) -> int:
    try:
        child = subprocess.Popen(
            argv,
            cwd=cwd,
            env=dict(env),
            stdin=stdin,
            stdout=log.descriptor,
            stderr=log.descriptor,
            pass_fds=tuple(pass_fds),
            start_new_session=True,
        )
    except OSError as error:
        raise _unstartable(argv[0], cwd, env, log, error) from error
    child.returncode = 0  # we reap it ourselves, to get its rusage; so Popen must not try
    return child.pid


def _unstartable(program: str, cwd: Path, env: Mapping[str, str], log: Log, error: OSError) -> CrosspythonError:
    where = _where(log)
    if not cwd.is_dir():
        return StepError(f"{where}: {program} cannot start", found=f"no folder {cwd}", log=log.path)
    path = env.get("PATH", os.defpath)
    place = shutil.which(program, path=path) if "/" not in program else str(cwd / program)
    if place is None:
        return HostToolError(
            f"{where}: the build machine has no program {program}",
            expected=f"{program} on PATH={path}",
            log=log.path,
            next="`scons doctor` names its package",
        )
    if (interpreter := _interpreter(Path(place))) and not Path(interpreter).exists():
        return HostToolError(
            f"{where}: the build machine has no {interpreter}", expected=f"the interpreter of {place}", log=log.path
        )
    return StepError(f"{where}: {program} cannot start", found=f"{place}: {error.strerror}", log=log.path)


def _interpreter(script: Path) -> str | None:
    try:
        with script.open("rb") as file:
            words = file.readline(256).decode(errors="replace").removeprefix("#!").split()
            file.seek(0)
            return words[0] if file.read(2) == b"#!" and words else None
    except OSError:
        return None


@contextlib.contextmanager
def _time_limit(leader: int, seconds: float | None, stop: Stop, passed: threading.Event) -> Iterator[None]:
    if seconds is None:
        yield
        return

    def end() -> None:
        passed.set()
        stop.groups.end(leader, _TIMEOUT_GRACE)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _describe(status: int) -> tuple[str, str | None]:
    """How a command ended, and what that may mean; a status below zero is minus a signal."""
    if status == -signal.SIGKILL:
        return "was killed by SIGKILL", "the kernel does this when memory runs out: see `dmesg`"
    return f"was killed by {_signal_name(-status)}" if status < 0 else f"ended with exit status {status}", None


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # the real-time signals have no names of their own
        return f"signal {number}"


def _failure(argv: Sequence[str], cwd: Path, log: Log, how: str, found: str | None = None) -> StepError:
    evidence = log.excerpt(_EVIDENCE_LINES)
    for folder in (cwd, log.path.parent):
        with contextlib.suppress(OSError):
            if shutil.disk_usage(folder).free < _DISK_FULL:
                found = f"the disk of {folder} is full"
    with contextlib.suppress(StepError):  # the command's failure is what matters, not the log's
        log.write(f"=== {how}\n")
    return StepError(f"{_where(log)}: {_shorten(argv)} {how}", found=found, evidence=evidence, log=log.path)


def _record(finished: Finished, log: Log) -> None:
    if log.current is not None:
        log.current.cpu += finished.cpu_user + finished.cpu_system
        log.current.max_rss = max(log.current.max_rss, finished.max_rss)


def _where(log: Log) -> str:
    return f"{log.component}: {log.current.name}" if log.current else log.component


def _shorten(argv: Sequence[str]) -> str:
    words = shlex.join([Path(argv[0]).name if argv[0].startswith("/") else argv[0], *argv[1:]])
    return f"`{words}`" if len(words) <= _SHORT_COMMAND else f"`{words[:_SHORT_COMMAND].rstrip()} ...`"
