"""Writes a compressed file: the same bytes for the same content, on every machine and with any number of cores.

gzip takes most of the time of packing, so its blocks are compressed in parallel on all free cores. Each block uses the
end of the block before as its dictionary. Together they are one ordinary gzip member, as pigz makes it (RFC 1951, 2.3;
RFC 1952).
"""

from __future__ import annotations

import io
import struct
import zlib
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any, cast

import zstandard

from crosspython.run.jobserver import Beside

_ZSTD_LEVEL, _GZIP_LEVEL = 3, 6
_BLOCK, _WINDOW = 1 << 20, 1 << 15
_MOST_PENDING = 16  # blocks in memory
_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"  # deflate, no name, no time, made on Unix


@contextmanager
def compressing(path: Path, suffix: str, beside: Beside) -> Iterator[IO[bytes]]:
    """A stream into a new file, compressed as a ".zst" or a ".gz"; blocks of the latter `beside` the caller."""
    with path.open("wb") as file:
        if suffix == ".zst":
            compressor = zstandard.ZstdCompressor(level=_ZSTD_LEVEL, write_checksum=True)
            with compressor.stream_writer(file, closefd=False) as stream:
                yield cast(IO[bytes], stream)
        else:
            gzip = _GzipBlocks(file, beside)
            yield cast(IO[bytes], gzip)
            gzip.finish()


class _GzipBlocks(io.RawIOBase):
    """Collects blocks, has each compressed, and writes them in their order."""

    def __init__(self, file: IO[bytes], beside: Beside) -> None:
        self._file, self._beside = file, beside
        self._block, self._before = bytearray(), b""
        self._pending: deque[Future[bytes]] = deque()
        self._checksum = self._size = 0
        file.write(_HEAD)

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._block += data
        while len(self._block) >= _BLOCK:
            self._compress(bytes(self._block[:_BLOCK]), zlib.Z_SYNC_FLUSH)
            del self._block[:_BLOCK]
        return len(data)

    def finish(self) -> None:
        self._compress(bytes(self._block), zlib.Z_FINISH)
        while self._pending:
            self._file.write(self._pending.popleft().result())
        self._file.write(struct.pack("<LL", self._checksum, self._size & 0xFFFFFFFF))

    def _compress(self, block: bytes, end: int) -> None:
        self._checksum = zlib.crc32(block, self._checksum)
        self._size += len(block)
        self._pending.append(self._beside(partial(_deflate, block, self._before, end)))
        self._before = block[-_WINDOW:]
        while self._pending and (self._pending[0].done() or len(self._pending) > _MOST_PENDING):
            self._file.write(self._pending.popleft().result())


def _deflate(block: bytes, before: bytes, end: int) -> bytes:
    compressor = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL, zdict=before)
    return compressor.compress(block) + compressor.flush(end)
