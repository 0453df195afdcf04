"""Compressed streams: one ordinary gzip member, with the same bytes for any number of free cores."""

from __future__ import annotations

import gzip
import random
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from crosspython.run.jobserver import Beside, Jobserver, at_once
from crosspython.run.signals import Stop
from crosspython.store import compress as module
from crosspython.store.compress import compressing

MEBI = 1 << 20
BLOCK = 1 << 16  # larger than the window that one block shares with the next


def compress(path: Path, content: bytes, sizes: list[int], beside: Beside = at_once) -> bytes:
    """The content written in pieces of these sizes in turn."""
    rest, turn = memoryview(content), 0
    with compressing(path, ".gz", beside) as stream:
        while rest:
            size = sizes[turn % len(sizes)]
            stream.write(rest[:size])
            rest, turn = rest[size:], turn + 1
    return path.read_bytes()


def texts(size: int) -> bytes:
    chance = random.Random(size)
    words = [bytes(chance.choices(range(97, 123), k=chance.randint(1, 12))) for _ in range(500)]
    return b" ".join(chance.choices(words, k=size // 6 + 1))[:size]


CONTENT = texts(4 * BLOCK + 7)


@pytest.fixture(scope="module")
def small_blocks() -> Iterator[None]:
    """Many blocks, though the content is small."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_BLOCK", BLOCK)
        yield


@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 5 * BLOCK + 12345])
def test_one_member_that_every_reader_knows(small_blocks: None, tmp_path: Path, size: int) -> None:
    content = texts(size)
    packed = compress(tmp_path / "x.gz", content, [BLOCK // 3])
    reader = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    assert reader.decompress(packed) == content
    assert reader.eof
    assert reader.unused_data == b""
    assert gzip.decompress(packed) == content
    assert len(packed) <= 1.01 * len(gzip.compress(content, 6)) + 20


def require_same_bytes(folder: Path, sizes: list[int], jobs: int) -> None:
    """Several threads write the same bytes as one, whatever the sizes of the pieces."""
    stop = Stop()
    with Jobserver(jobs, folder, makeflags="", stop=stop) as pool, pool.token():
        several = compress(folder / "several", CONTENT, sizes, pool.beside)
    stop.close()
    assert several == compress(folder / "alone", CONTENT, [BLOCK // 3])


@pytest.mark.parametrize(("sizes", "jobs"), [([1, 3 * BLOCK], 1), ([BLOCK], 3), ([7777, 100_000], 5)])
def test_neither_pieces_nor_cores_show(small_blocks: None, tmp_path: Path, sizes: list[int], jobs: int) -> None:
    require_same_bytes(tmp_path, sizes, jobs)


def test_an_error_beside_is_raised(tmp_path: Path) -> None:
    def full(work: object) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"), compressing(tmp_path / "x.gz", ".gz", full) as stream:  # type: ignore[arg-type]
        stream.write(bytes(2 * MEBI))
