"""The artifact cache's folder on the build machine: shared by all builds of all users who may write it.

It knows atomic writes, verification, and how to stay below its limit by removing the least recently used products. An
incomplete file is never used: it has another name until it is complete.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from msgspec.structs import replace

from crosspython.store.artifacts import CacheTrouble, Record, copy_hashed
from crosspython.store.disk import describe_refusal

# How much below the limit an eviction goes, so that the next product does not evict again.
_ROOM = 0.9


class CacheFolder:
    """A layer of the cache: `ac/<key>` holds records, `cas/<sha256>` the bytes. limit is in bytes.

    maker: who makes the stored products, and with what
    """

    def __init__(self, folder: Path, *, limit: int, writes: bool = True, maker: str = "") -> None:
        self.folder, self.limit, self.writes = folder, limit, writes
        self.name, self.maker = str(folder), maker
        self._has_grown = False

    def take(self, key: str, part: Path) -> bool:
        """Copy a product to `part`. A damaged one is removed, and CacheTrouble is raised."""
        place = self._record(key)
        try:
            record = Record.read(place.read_text(errors="replace"))
            part.parent.mkdir(parents=True, exist_ok=True)
            with self.object_place(record.sha256).open("rb") as source, part.open("wb") as file:
                found = copy_hashed(source, file)
        except FileNotFoundError:
            return False
        except CacheTrouble:
            self._forget(place)
            raise
        if not record.names(found):
            self._forget(place, self.object_place(record.sha256))
            raise CacheTrouble(f"{self.object_place(record.sha256)} was damaged, and was removed", lasting=False)
        for used in (place, self.object_place(record.sha256)):
            with suppress(OSError):  # another user's file, or removed meanwhile
                os.utime(used)
        return True

    def keep(self, key: str, path: Path) -> None:
        """Copy a product into the folder, unless it is larger than the folder's limit."""
        if path.stat().st_size > self.limit:
            return
        try:
            with self._writing() as (file, part), path.open("rb") as source:
                record = copy_hashed(source, file)
                file.close()
                self._place(part, self.object_place(record.sha256))
            with self._writing() as (file, part):
                file.write(replace(record, maker=self.maker).as_text().encode())
                file.close()
                self._place(part, self._record(key))
            self._has_grown = True
        except OSError as error:
            raise CacheTrouble(describe_refusal(error, self.folder)) from error

    def tidy(self) -> None:
        """Remove the least recently used files until the folder is below its limit, if this run has stored anything."""
        if not self._has_grown:
            return
        found = sorted(self._files())
        total = sum(size for _, size, _ in found)
        if total <= self.limit:
            return
        for _, size, path in found:
            if total <= self.limit * _ROOM:
                break
            with suppress(OSError):
                os.unlink(path)
                total -= size

    def _files(self) -> Iterator[tuple[float, int, str]]:
        """Time of last use, size and path of every file, including incomplete files of killed processes."""
        for parent, _, names in os.walk(self.folder):
            for name in names:
                path = os.path.join(parent, name)
                with suppress(OSError):
                    status = os.stat(path)
                    yield status.st_mtime, status.st_size, path

    @contextmanager
    def _writing(self) -> Iterator[tuple[IO[bytes], Path]]:
        """A new file below the folder. It is removed at the end, unless it was moved to its final name."""
        self.folder.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix="part-", dir=self.folder)
        try:
            with open(descriptor, "wb") as file:
                os.fchmod(descriptor, 0o644)
                yield file, Path(name)
        finally:
            with suppress(OSError):
                os.unlink(name)

    def _place(self, part: Path, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.replace(path)

    def _forget(self, *paths: Path) -> None:
        for path in paths:
            with suppress(OSError):
                path.unlink()

    def _record(self, key: str) -> Path:
        return self.folder / "ac" / key[:2] / key

    def object_place(self, sha256: str) -> Path:
        """Where the bytes with this hash are, if they are there."""
        return self.folder / "cas" / sha256[:2] / sha256
