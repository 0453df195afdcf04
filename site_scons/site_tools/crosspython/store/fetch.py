"""The store of sources: a folder addressed by SHA-256 that all builds share, and how files get into it.

Places are asked in this order: the store, the user's mirror (a folder or an address), upstream, the distribution's
source pool. A file is only ever used when its bytes have the hash that the recipe gives.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from crosspython.errors import SourceError
from crosspython.store.sources import Source

Progress = Callable[[str, int, int | None], None]
_CHUNK = 1 << 16
_TRIES = 4


class Store:
    """Sources by hash. `mirror` is a folder or an http(s) address that is asked for files by name."""

    def __init__(
        self,
        folder: Path,
        *,
        mirror: str | None = None,
        offline: bool = False,
        progress: Progress | None = None,
        pools: Callable[[], Sequence[str]] | None = None,
        timeout: tuple[float, float] = (10.0, 60.0),
        pause: float = 1.0,
    ) -> None:
        self.folder = folder
        self.mirror, self.offline, self.progress = mirror, offline, progress
        self.pools = pools or apt_pools
        self.timeout, self.pause = timeout, pause
        self._verified: set[Path] = set()
        self._unreachable: dict[str, str] = {}

    def place(self, source: Source) -> Path:
        """Where a source lies, or would lie."""
        return self.folder / source.sha256[:2] / source.sha256 / source.filename

    def find(self, alternatives: Sequence[Source]) -> tuple[Source, Path] | None:
        """The first alternative that is here already and whole. Touches no network."""
        for source in alternatives:
            path = self.place(source)
            if path in self._verified:
                return source, path
            if path.is_file():
                if hash_file(path) == source.sha256:
                    self._verified.add(path)
                    return source, path
                self._set_aside(path)
        return None

    def is_at_hand(self, alternatives: Sequence[Source]) -> bool:
        """Whether `get` will need no network: it is here, or in a mirror that is a folder."""
        if self.find(alternatives):
            return True
        if self.mirror is None or "://" in self.mirror:
            return False
        return any((Path(self.mirror) / source.filename).is_file() for source in alternatives)

    def get(self, alternatives: Sequence[Source], wanted_by: str) -> tuple[Source, Path]:
        """A verified alternative, fetched if need be. Raises SourceError that names every place and what it said."""
        if found := self.find(alternatives):
            return found
        reasons: list[str] = []
        for source in alternatives:
            with self._lock(source):
                if found := self.find([source]):
                    return found
                for place in self._places(source):
                    if self._fetch_from(place, source, reasons):
                        return source, self.place(source)
        if self.offline and not reasons:
            raise missing_offline([(wanted_by, alternatives)], self.folder)
        raise SourceError(
            f"{wanted_by}: its source could not be had",
            evidence=reasons,
            expected=f"a file with SHA-256 {' or '.join(source.sha256 for source in alternatives)}",
            next=f"mirror=FOLDER-OR-ADDRESS, or put the file to {self.place(alternatives[0])}",
        )

    def _places(self, source: Source) -> Iterator[str]:
        """Addresses and paths to try. Offline, a mirror that is a folder is the only one."""
        if self.mirror is not None and not (self.offline and "://" in self.mirror):
            yield f"{self.mirror.rstrip('/')}/{source.filename}"
        if self.offline:
            return
        if source.url is not None:
            yield source.url
        if source.pool is not None:
            for base in self.pools():
                yield f"{base.rstrip('/')}/pool/main/{source.pool}"

    def _fetch_from(self, place: str, source: Source, reasons: list[str]) -> bool:
        """Try one place; on failure add its reason."""
        part = self.place(source).with_name(source.filename + ".part")
        try:
            if "://" in place:
                self._download(place, part)
            else:
                shutil.copyfile(place, part)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise SourceError(
                    f"{source.filename}: the disk is full",
                    found=str(part.parent),
                    next="free some space, or downloads=FOLDER",
                ) from error
            reasons.append(f"{place}: {describe(error)}")
            return False
        found = hash_file(part)
        if found != source.sha256:
            kept = self._set_aside(part)
            reasons.append(f"{place}: wrong bytes: SHA-256 {found} instead of {source.sha256}; kept as {kept}")
            return False
        part.replace(self.place(source))
        self._verified.add(self.place(source))
        return True

    def _download(self, url: str, part: Path) -> None:
        """Fetch `url`, going on where an earlier try broke off."""
        import requests  # 0.1 s that a build without downloads does not pay

        host = url.split("/")[2]
        if host in self._unreachable:
            raise ConnectionError(self._unreachable[host])
        for attempt in range(_TRIES):
            try:
                return self._download_once(requests, url, part)
            except requests.HTTPError as error:
                part.unlink(missing_ok=True)
                if error.response.status_code < 500 or attempt == _TRIES - 1:
                    raise
            except requests.ConnectTimeout as error:
                self._unreachable[host] = describe(error)
                raise
            except requests.ConnectionError as error:
                if "NewConnectionError" in str(error) or "NameResolution" in str(error) or "ProxyError" in str(error):
                    self._unreachable[host] = describe(error)
                    raise
                if attempt == _TRIES - 1:
                    raise
            except requests.RequestException:
                if attempt == _TRIES - 1:
                    raise
            time.sleep(self.pause * 2**attempt)
        return None

    def _download_once(self, requests: Any, url: str, part: Path) -> None:
        start = part.stat().st_size if part.exists() else 0
        headers = {"Accept-Encoding": "identity", **({"Range": f"bytes={start}-"} if start else {})}
        with requests.get(url, headers=headers, stream=True, timeout=self.timeout) as response:
            if response.status_code == 416:
                part.unlink()
                raise requests.ConnectionError("the server does not go on where we were; starting again")
            response.raise_for_status()
            if response.status_code != 206:
                start = 0
            length = response.headers.get("Content-Length")
            total = start + int(length) if length is not None else None
            done = start
            with part.open("ab" if start else "wb") as file:
                for chunk in response.iter_content(_CHUNK):
                    file.write(chunk)
                    done += len(chunk)
                    if self.progress is not None and done != total:
                        self.progress(part.name.removesuffix(".part"), done, total)
        if total is not None and done < total:
            raise requests.ConnectionError(f"truncated: {done} of {total} bytes came")
        if self.progress is not None:
            self.progress(part.name.removesuffix(".part"), done, done)

    def _set_aside(self, path: Path) -> Path:
        """Move a file with wrong bytes to where it can be looked at and is never used."""
        rejected = self.folder / "rejected" / f"{path.name.removesuffix('.part')}-{hash_file(path)}"
        rejected.parent.mkdir(parents=True, exist_ok=True)
        return path.replace(rejected)

    @contextmanager
    def _lock(self, source: Source) -> Iterator[None]:
        """One process at a time fetches a source; the others wait and then find it here."""
        folder = self.place(source).parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
        except OSError as error:
            raise SourceError(
                f"{folder}: cannot keep sources here", found=error.strerror, next="downloads=FOLDER"
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def missing_offline(wanted: Sequence[tuple[str, Sequence[Source]]], folder: Path) -> SourceError:
    """The error of an offline build: every file that is not here, under any of its names."""
    return SourceError(
        "offline=1, and sources are missing",
        evidence=[
            f"{by}: {' or '.join(dict.fromkeys(source.filename for source in sources))}" for by, sources in wanted
        ],
        expected=f"them in {folder}",
        next="`scons fetch` where there is a network, or mirror=FOLDER",
    )


@cache
def apt_pools() -> tuple[str, ...]:
    """The archives that apt on this machine is configured with, as base addresses; none where there is no apt."""
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"]
    try:
        lines = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False).stdout.split()
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return tuple(dict.fromkeys(line for line in lines if line.startswith(("http://", "https://"))))


def hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def describe(error: BaseException) -> str:
    """A transport's error in few words."""
    response = getattr(error, "response", None)
    if response is not None:
        return f"the server answered {response.status_code} {response.reason}"
    text = str(error)
    for sign, meaning in (
        ("NameResolution", "the host name is not known here"),
        ("Connection refused", "connection refused"),
        ("timed out", "no answer in time"),
        ("Network is unreachable", "no network"),
        ("ProxyError", "the proxy refused"),
    ):
        if sign in text:
            return meaning
    return getattr(error, "strerror", None) or text
