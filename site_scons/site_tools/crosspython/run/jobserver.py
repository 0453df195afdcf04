"""The pool of job tokens, one for each core that may be busy. All steps, and all tools that they start, share it.

It implements GNU make's protocol (manual, "POSIX Jobserver Interaction") in both styles, on one FIFO of the build
machine: each byte in the FIFO is a free core. Every step takes its first token here. A make or ninja that the step
starts uses this token without asking, and reads further tokens itself. This module starts no process, and does not know
the purpose of the tokens.

If an outer make passes its jobserver to us, we use that one. Our process already owns one slot there, which the first
step uses. The other steps read tokens of the outer make, and return exactly the bytes that they have read.
"""

from __future__ import annotations

import array
import contextlib
import fcntl
import os
import re
import select
import stat
import tempfile
import termios
import threading
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, Self, TypeVar

from crosspython.errors import ConfigurationError
from crosspython.run.signals import STOP, Stop

if TYPE_CHECKING:
    from concurrent.futures import Future

_TOKEN = b"+"
_PLAIN = re.compile(r"[\w./+,:@~-]+", re.ASCII)
_OUTER = re.compile(r"--jobserver-(?:auth|fds)=(\S+)")


JobStyle = Literal["pipe", "fifo"]

T = TypeVar("T")


class Beside(Protocol):
    """A function that runs some Python code, either in parallel to its caller or before it returns."""

    def __call__(self, work: Callable[[], T]) -> Future[T]: ...


def at_once(work: Callable[[], T]) -> Future[T]:
    """Run the work before returning."""
    from concurrent.futures import Future  # slow to import; not needed by a run that builds nothing

    done: Future[T] = Future()
    done.set_result(work())
    return done


class _Token(NamedTuple):
    """A byte that was read from a pool, and the descriptor of the pool to which it has to be returned."""

    pool: int
    byte: bytes


class Jobserver:
    """A pool of `jobs` tokens, or our share of an outer make's.

    The FIFO is in a new folder below `folder`. If that path has characters that MAKEFLAGS cannot contain, it is
    below the system's folder for temporary files. `makeflags` is the MAKEFLAGS that we were started with (default: from
    our environment).
    """

    def __init__(
        self, jobs: int, folder: Path | None = None, *, makeflags: str | None = None, stop: Stop = STOP
    ) -> None:
        self.jobs = jobs
        self._stop = stop
        self._lock = threading.Lock()
        self._held = 0
        outer = _join_outer(os.environ.get("MAKEFLAGS", "") if makeflags is None else makeflags)
        self.is_joined = outer is not None
        if outer is not None:
            self._pool, self._path = outer
            # The slot that our process owns in the outer make, as a separate pool of one token.
            self._pools = [_open_slot(), self._pool]
            self._remove = contextlib.ExitStack()
        else:
            self._path, self._remove = _make_fifo(folder)
            self._pool = os.open(self._path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
            self._pools = [self._pool]
            os.write(self._pool, _TOKEN * jobs)
        # The children get descriptors of their own: make 4.3 sets its reading end to non-blocking, and that affects all
        # processes that share it.
        self.pass_fds = (os.open(self._path, os.O_RDONLY), os.open(self._path, os.O_WRONLY))
        self._finalize = weakref.finalize(self, _close, [*self._pools, *self.pass_fds], self._remove)

    @property
    def free(self) -> int:
        """The number of unused tokens."""
        return sum(_count(pool) for pool in self._pools)

    @contextlib.contextmanager
    def token(self) -> Iterator[None]:
        """Hold a token while the block runs; waits for one. Raises Interrupted. Must not be nested."""
        token = self._acquire()
        try:
            yield
        finally:
            self._release(token)

    def beside(self, work: Callable[[], T]) -> Future[T]:
        """Run work in parallel to the caller, which holds a token, if another core is free now; else run it at once."""
        from concurrent.futures import ThreadPoolExecutor

        token = self._take()
        if token is None:
            return at_once(work)

        def do() -> T:
            try:
                return work()
            finally:
                self._release(token)

        worker = ThreadPoolExecutor(1, thread_name_prefix="beside")
        begun = worker.submit(do)
        worker.shutdown(wait=False)
        return begun

    @property
    def path(self) -> Path:
        """Where children find the pool: a FIFO."""
        return Path(self._path)

    def environment(self, style: JobStyle) -> dict[str, str]:
        """The variables that hand the pool to a child that holds a token. The command must get `pass_fds`.

        "pipe" is for make of any version. "fifo" is for ninja >= 1.13, cargo and
        what runs behind Python's subprocess, which closes descriptors; make before 4.4 dies of it.
        """
        # An outer make's pipe has a path only below /proc of a process that has it open, and an isolated command sees
        # only its own processes: so the path is that of the command itself.
        path = f"/proc/self/fd/{self.pass_fds[0]}" if self._path.startswith("/proc/") else self._path
        auth = f"fifo:{path}" if style == "fifo" else "{},{}".format(*self.pass_fds)
        # make itself passes the pool in this form. Never add -jN to make's command line: then it makes its own pool.
        return {"MAKEFLAGS": f" -j{self.jobs} --jobserver-auth={auth}"}

    def close(self) -> None:
        """Remove the FIFO. Closing again does nothing, and it happens by itself at the process's end."""
        self._finalize()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _acquire(self) -> _Token:
        poll = select.poll()
        for descriptor in (self._stop.fileno(), *self._pools):
            poll.register(descriptor, select.POLLIN)
        while True:
            self._stop.check()
            if token := self._take():
                return token
            poll.poll()

    def _take(self) -> _Token | None:
        with self._lock:  # reading and counting must not be separated when _make_whole compares the numbers
            for pool in self._pools:
                with contextlib.suppress(BlockingIOError):
                    token = _Token(pool, os.read(pool, 1))
                    self._held += 1
                    return token
        return None

    def _release(self, token: _Token) -> None:
        with self._lock:
            self._held -= 1
            os.write(token.pool, token.byte)
            if self._held == 0 and not self.is_joined:
                self._make_whole()

    def _make_whole(self) -> None:
        """Restore the number of tokens that the pool must have when no step runs.

        If a child dies by SIGKILL, the tokens that it had read are lost. This can only be found when no step runs:
        before that, a missing token may be in use. There can also be too many tokens, if a child returns one late that
        was already counted as lost.
        """
        missing = self.jobs - _count(self._pool)
        with contextlib.suppress(BlockingIOError):
            if missing > 0:
                os.write(self._pool, _TOKEN * missing)
            elif missing < 0:
                os.read(self._pool, -missing)


def _make_fifo(folder: Path | None) -> tuple[str, contextlib.ExitStack]:
    # make splits MAKEFLAGS at blanks and expands it, so only plain characters are safe.
    wanted = [*([folder.absolute()] if folder is not None else []), tempfile.gettempdir(), "/tmp"]
    places = [place for place in map(str, wanted) if _PLAIN.fullmatch(place)]
    failures = []
    for place in places:
        remove = contextlib.ExitStack()
        try:
            Path(place).mkdir(parents=True, exist_ok=True)
            path = Path(remove.enter_context(tempfile.TemporaryDirectory(prefix="crosspython-", dir=place))) / "jobs"
            os.mkfifo(path, 0o600)
            return str(path), remove
        except OSError as error:  # read-only, full, or a file system that has no FIFOs
            remove.close()
            failures.append(f"{place}: {error.strerror}")
    raise ConfigurationError(
        "the FIFO of the job pool cannot be made",
        evidence=failures,
        next="set TMPDIR to a folder that can be written",
    )


def _join_outer(makeflags: str) -> tuple[int, str] | None:
    """A descriptor of the outer make's pool, and a path that also opens it; None if there is no usable pool."""
    found = _OUTER.findall(makeflags.partition(" -- ")[0])
    if not found:
        return None
    path = found[-1].removeprefix("fifo:")
    if path == found[-1]:
        # make passes the option to every recipe, but it closes the descriptors for recipes that are not marked as a
        # make (by `+` or $(MAKE)). Then these numbers belong to files of our own, which Python makes not inheritable.
        ends = re.fullmatch(r"(\d+),(\d+)", path)
        if ends is None or not all(_is_fifo(int(end)) and os.get_inheritable(int(end)) for end in ends.groups()):
            return None
        path = f"/proc/{os.getpid()}/fd/{ends[1]}"
    try:
        # We open the pool ourselves, so its blocking mode affects no other process.
        pool = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    if _is_fifo(pool):
        return pool, path
    os.close(pool)
    return None


def _is_fifo(descriptor: int) -> bool:
    try:
        return stat.S_ISFIFO(os.fstat(descriptor).st_mode)
    except OSError:
        return False


def _open_slot() -> int:
    reader, writer = os.pipe()
    slot = os.open(f"/proc/self/fd/{reader}", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    os.close(reader)
    os.close(writer)
    os.write(slot, _TOKEN)
    return slot


def _count(pool: int) -> int:
    size = array.array("i", [0])
    fcntl.ioctl(pool, termios.FIONREAD, size)
    return size[0]


def _close(descriptors: list[int], remove: contextlib.ExitStack) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
    remove.close()
