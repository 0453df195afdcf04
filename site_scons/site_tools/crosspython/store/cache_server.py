"""The artifact cache's server: plain GET and PUT over HTTP, as bazel-remote and nginx's WebDAV module serve them.

The paths are those of Bazel's HTTP cache: `ac/<key>` for records, `cas/<sha256>` for bytes.
It knows how long to wait for a cache. The alternative is a build, so each file is requested only once, and a slow
server counts as a dead one.
"""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import IO

from crosspython.errors import hide_logins
from crosspython.run.interruptible import interruptible
from crosspython.run.signals import STOP
from crosspython.store.artifacts import CacheTrouble, Record
from crosspython.store.cache_trust import CacheTrust
from crosspython.store.download import Downloader, Progress, Unavailable, WriteError, classify_error
from crosspython.store.fetch import hash_file

# Bytes a second. If the server is slower, a build is faster.
_SLOWEST = 16 * 1024


class CacheServer:
    """A layer of the cache. timeout: seconds until a connection is made, and seconds without data; trust: whose
    signatures are accepted, and the key of this run."""

    def __init__(
        self,
        address: str,
        *,
        writes: bool = False,
        timeout: tuple[float, float] = (3.0, 10.0),
        progress: Progress | None = None,
        trust: CacheTrust | None = None,
    ) -> None:
        self.address, self.writes, self.timeout = address.rstrip("/"), writes, timeout
        self.name, self.trust = hide_logins(self.address), trust or CacheTrust()
        self._records = Downloader(timeout, tries=1, slowest=_SLOWEST)
        self._objects = Downloader(timeout, tries=1, slowest=_SLOWEST, progress=progress)

    def take(self, key: str, part: Path) -> bool:
        """Download a product to `part`."""
        part.parent.mkdir(parents=True, exist_ok=True)
        paper = part.with_name(part.name + ".record")
        try:
            if not self._download(self._records, f"ac/{key}", paper, key):
                return False
            record = Record.read(paper.read_text(errors="replace"))
            self.trust.require(key, record)
        finally:
            paper.unlink(missing_ok=True)
        name = part.name.removesuffix(".part")
        if not self._download(self._objects, f"cas/{record.sha256}", part, name):
            return False  # the server has removed the bytes, but not yet the record
        size = part.stat().st_size
        if self._objects.progress is not None:
            self._objects.progress(name, size, size)
        if not record.names(Record(hash_file(part), size)):
            raise CacheTrouble(f"{self.name}/cas/{record.sha256} is damaged", lasting=False)
        return True

    def keep(self, key: str, path: Path) -> None:
        """Upload a product: the bytes, if the server does not have them yet, and then the record."""
        record = self.trust.stamp(key, Record(hash_file(path), path.stat().st_size))
        with path.open("rb") as file:
            self._upload(f"cas/{record.sha256}", _Body(file, record.size, self.timeout[1]))
        self._upload(f"ac/{key}", record.as_text().encode())

    def tidy(self) -> None:
        """A server tidies itself."""

    def _download(self, downloader: Downloader, place: str, part: Path, name: str) -> bool:
        part.unlink(missing_ok=True)  # a part of a killed run: the download would append to it
        try:
            downloader.download(f"{self.address}/{place}", part, name)
        except Unavailable as error:
            if error.missing:
                return False
            raise CacheTrouble(str(error)) from error
        except WriteError as error:
            raise error.error from error
        return True

    def _upload(self, place: str, data: _Body | bytes) -> None:
        interruptible(partial(self._put, place, data))

    def _put(self, place: str, data: _Body | bytes) -> None:
        import requests  # takes 0.1 s; not needed without a server

        try:
            with requests.put(f"{self.address}/{place}", data=data, timeout=self.timeout) as response:
                status, reason = response.status_code, response.reason
        except requests.RequestException as error:
            raise CacheTrouble(f"it accepts no uploads: {classify_error(error).reason}") from error
        if status not in (200, 201, 202, 204):
            raise CacheTrouble(f"it accepts no uploads: it answered {status} {reason}".rstrip())


class _Body:
    """The body of an upload. It ends when the run stops, or when the server is too slow."""

    def __init__(self, file: IO[bytes], size: int, silence: float) -> None:
        self._file, self._size, self._silence = file, size, silence
        self._done, self._mark, self._since = 0, 0, time.monotonic()

    def __len__(self) -> int:
        return self._size

    def read(self, count: int = -1) -> bytes:
        STOP.check()
        now = time.monotonic()
        if now - self._since > self._silence:
            if self._done - self._mark < _SLOWEST * self._silence:
                raise CacheTrouble("it accepts uploads too slowly")
            self._mark, self._since = self._done, now
        chunk = self._file.read(count)
        self._done += len(chunk)
        return chunk
