"""Downloads one file over HTTP. The server may be dead or slow, send wrong bytes, or close the connection early.

It knows when another try makes sense, how to resume an interrupted download (RFC 9110, 14 Range Requests), and which
hosts are not worth another request. The callers verify the bytes.
"""

from __future__ import annotations

import os
import re
import select
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from crosspython.run.interruptible import interruptible
from crosspython.run.signals import STOP
from crosspython.store.access import OPEN, Access

if TYPE_CHECKING:
    from requests import Response

Progress = Callable[[str, int, int | None], None]

_CHUNK = 1 << 18
_HEADWAY = 1 << 20  # bytes: a try that has downloaded so many does not count as a failed one
_TRY_AGAIN = (408, 425, 429, 500, 502, 503, 504)
_CONTENT_RANGE = re.compile(r"bytes (\d+)-")


class Unavailable(Exception):
    """A place does not have the file (`missing`), or does not answer. The text says why, in few words."""

    def __init__(self, reason: str, *, missing: bool = False) -> None:
        super().__init__(reason)
        self.missing = missing


class WriteError(Exception):
    """The file could not be written. needed: the missing bytes, None if unknown."""

    def __init__(self, error: OSError, needed: int | None) -> None:
        super().__init__(str(error))
        self.error, self.needed = error, needed


@dataclass(eq=False)
class Failure(Exception):
    """One try has failed. again: another try may succeed; cost: how many tries this one counts for; host: no file can
    be downloaded from this host; missing: the server says that it does not have the file."""

    reason: str
    again: bool = False
    cost: int = 1
    host: bool = False
    missing: bool = False


@dataclass
class Downloader:
    """Downloads for one process.

    timeout: seconds until a connection must be made, and seconds without data until a try is ended
    pause:   seconds before the second try, doubled for each following one
    tries:   the number of temporary failures after which the download fails
    slowest: bytes a second: if a transfer is slower than this for the time of `timeout`, it is ended, too
    unreachable: why a host could not be reached; such a host is not asked again
    """

    timeout: tuple[float, float] = (10.0, 30.0)
    pause: float = 1.0
    tries: int = 4
    slowest: int = 256
    progress: Progress | None = None
    unreachable: dict[str, str] = field(default_factory=dict)

    def download(self, url: str, part: Path, name: str, access: Access = OPEN) -> bool:
        """Download a file to `part`, and resume after the bytes that it has already. Return whether such bytes were
        used.

        name:   the name under which progress is reported
        access: the settings for this server
        Raises Unavailable, WriteError, Interrupted.
        """
        host = urlsplit(url).netloc
        if host in self.unreachable:
            raise Unavailable(self.unreachable[host])
        spent, furthest, validator = 0, _size(part), ""
        while True:
            try:
                transfer = Transfer(self, part, name, validator, access)
                interruptible(partial(transfer.run, url))
                return transfer.start > 0
            except Failure as failure:
                reached = _size(part)
                spent = failure.cost + (0 if reached >= furthest + _HEADWAY else spent)
                furthest, validator = max(furthest, reached), transfer.validator
                if failure.host and (not failure.again or spent >= self.tries):
                    self.unreachable[host] = failure.reason
                if not failure.again or spent >= self.tries:
                    raise Unavailable(failure.reason, missing=failure.missing) from failure
            wait(self.pause * 2 ** (spent - 1))


class Transfer:
    """One try. `validator` is the ETag of the bytes in `part` (empty: unknown), and afterwards that of the response."""

    def __init__(self, downloader: Downloader, part: Path, name: str, validator: str, access: Access) -> None:
        self.downloader, self.part, self.name = downloader, part, name
        self.validator, self.access = validator, access
        self.start = _size(part)

    def run(self, url: str) -> None:
        """Get the rest of the file, or all of it. Raises Failure, WriteError, Interrupted."""
        import requests  # takes 0.1 s; not needed without downloads
        from urllib3.exceptions import HTTPError

        headers = {"Accept-Encoding": "identity"}
        if self.start:
            headers["Range"] = f"bytes={self.start}-"
            if self.validator:
                headers["If-Range"] = self.validator
        try:
            options: dict[str, Any] = {"timeout": self.downloader.timeout, **self.access.options(url)}
            with requests.get(url, headers=headers, stream=True, **options) as response:
                total = self._read_head(response)
                self._write(response, total)
        except (requests.RequestException, HTTPError) as error:
            raise classify_error(error) from error

    def _read_head(self, response: Response) -> int | None:
        """Check the response's status and headers. Return the size of the whole file, None if the server does not tell
        it."""
        status = response.status_code
        length = response.headers.get("Content-Length", "")
        if status == 416:  # our part is longer than the server's file, or that file has changed
            self._forget()
            raise Failure("the server refuses to continue where an earlier try ended", again=True)
        if status not in (200, 206):
            answer = f"the server answered {status} {response.reason}".rstrip()
            raise Failure(answer, again=status in _TRY_AGAIN, missing=status in (404, 410))
        if status == 200:
            self.start = 0
        match = _CONTENT_RANGE.match(response.headers.get("Content-Range", ""))
        if status == 206 and match and int(match[1]) != self.start:
            self._forget()
            raise Failure("the server continues at a different place than requested", again=True)
        etag = response.headers.get("ETag", "")
        self.validator = "" if etag.startswith("W/") else etag
        return self.start + int(length) if length.isdigit() else None

    def _write(self, response: Response, total: int | None) -> None:
        # Do not decode the bytes: some servers declare a .tar.gz to be a gzip-encoded tar. read1 returns the bytes that
        # have arrived.
        read = getattr(response.raw, "read1", response.raw.read)
        done, progress = self.start, self.downloader.progress
        silence = self.downloader.timeout[1]
        mark, told, since = done, 0.0, time.monotonic()
        with _Part(self.part, self.start) as part:
            while chunk := read(_CHUNK, decode_content=False):
                STOP.check()
                part.write(chunk, total)
                done += len(chunk)
                now = time.monotonic()
                if progress is not None and done != total and now - told > 0.1:
                    progress(self.name, done, total)
                    told = now
                if now - since > silence:
                    if done - mark < self.downloader.slowest * silence:
                        raise Failure("the server sends almost nothing", again=True, cost=2)
                    mark, since = done, now
        if total is not None and done != total:
            raise Failure(f"truncated: {done} of {total} bytes arrived", again=True)

    def _forget(self) -> None:
        self.part.unlink(missing_ok=True)
        self.start, self.validator = 0, ""


class _Part:
    """The file that is written. It is unbuffered, so that counted bytes are really written, and errors of the disk are
    raised at once."""

    def __init__(self, path: Path, start: int) -> None:
        self._path, self._done = path, start

    def __enter__(self) -> _Part:
        flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | (os.O_APPEND if self._done else os.O_TRUNC)
        try:
            self._descriptor = os.open(self._path, flags, 0o666)
        except OSError as error:
            raise WriteError(error, None) from error
        return self

    def write(self, chunk: bytes, total: int | None) -> None:
        rest = memoryview(chunk)
        while rest:
            try:
                written = os.write(self._descriptor, rest)
            except OSError as error:
                raise WriteError(error, None if total is None else total - self._done) from error
            self._done += written
            rest = rest[written:]

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)


def classify_error(error: Exception) -> Failure:
    """Classify an error of requests or urllib3: whether to try again, and whether to ask the host again at all."""
    import requests
    from urllib3.exceptions import NewConnectionError, ReadTimeoutError

    cause = getattr(error.args[0] if error.args else None, "reason", None)
    if isinstance(error, requests.ConnectTimeout):
        return Failure("the connection was not made in time", host=True)
    if isinstance(error, requests.exceptions.SSLError):
        return Failure(f"no secure connection: {cause or error}", host=True)
    if isinstance(error, requests.exceptions.ProxyError):
        return Failure(
            f"the proxy refuses the connection: {getattr(cause, 'original_error', None) or cause or error}", host=True
        )
    if isinstance(error, requests.ReadTimeout):
        return Failure("no answer in time", again=True, cost=2, host=True)
    if isinstance(cause, NewConnectionError):
        text = str(cause)
        is_name = "resolve" in text or "getaddrinfo" in text or "Name or service" in text
        return Failure(
            "this machine cannot find the address of the host" if is_name else text.rpartition("] ")[2].lower(),
            host=True,
        )
    if isinstance(error, ReadTimeoutError):
        return Failure("the server stopped answering", again=True, cost=2)
    if isinstance(error, requests.RequestException) and not isinstance(error, requests.ConnectionError):
        return Failure(str(error))
    return Failure("the connection broke off", again=True)


def wait(seconds: float) -> None:
    """Sleep. Raises Interrupted if the run stops meanwhile."""
    select.select([STOP], [], [], seconds)
    STOP.check()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
