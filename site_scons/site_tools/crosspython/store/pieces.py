"""Reads files in pieces, to limit the memory: a wheel may contain a library of a gigabyte."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

_PIECE = 1 << 24


def read_pieces(path: Path, overlap: int) -> Iterator[tuple[bytes, bool]]:
    """A file's bytes, and whether they are the last. Each piece begins with the end of the one before: `overlap` bytes,
    in which something may be that is looked for."""
    kept = b""
    with path.open("rb") as file:
        chunk = file.read(_PIECE)
        while True:
            following = file.read(_PIECE) if len(chunk) == _PIECE else b""
            piece = kept + chunk
            yield piece, not following
            if not following:
                return
            kept, chunk = piece[max(0, len(piece) - overlap) :], following
