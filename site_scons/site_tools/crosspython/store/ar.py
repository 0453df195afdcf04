"""Members of an `ar` archive: a static library, or a Debian package.

Knows the common format, and for reading, the long names of GNU and of BSD (ar(5)). It does not look into the members.
Nothing is unpacked.
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, NamedTuple

ARCHIVE_MAGIC = b"!<arch>\n"

_HEADER = 60


class ArMember(NamedTuple):
    """name: as its author knows it; start, size: where its own bytes are in the archive."""

    name: str
    start: int
    size: int


def read_ar(file: IO[bytes]) -> Iterator[ArMember]:
    """The members of a seekable archive, in its order. The caller may read from the file between two members.

    Raises ValueError that says at which byte it is damaged.
    """
    end, position, long_names = file.seek(0, io.SEEK_END), len(ARCHIVE_MAGIC), b""
    file.seek(0)
    if file.read(len(ARCHIVE_MAGIC)) != ARCHIVE_MAGIC:
        raise ValueError("not an ar archive")
    while position < end:
        file.seek(position)
        header = file.read(_HEADER)
        raw_name, size_field = header[:16].rstrip(), header[48:58].strip()
        if len(header) < _HEADER or header[58:] != b"`\n" or not size_field.isdigit():
            raise ValueError(f"no member header at byte {position}")
        start, size = position + _HEADER, int(size_field)
        if start + size > end:
            raise ValueError(f"it ends inside the member at byte {start}")
        position = start + size + size % 2
        if raw_name == b"//":
            long_names = file.read(size)
        else:
            yield _name(file, raw_name, start, size, long_names)


def _name(file: IO[bytes], raw_name: bytes, start: int, size: int, long_names: bytes) -> ArMember:
    """The name of a member. GNU stores long names in a table, BSD in front of the member's bytes."""
    if raw_name.startswith(b"#1/") and raw_name[3:].isdigit():
        length = int(raw_name[3:])
        return ArMember(file.read(length).rstrip(b"\0").decode(errors="replace"), start + length, size - length)
    if raw_name.startswith(b"/") and raw_name[1:].isdigit():
        raw_name = long_names[int(raw_name[1:]) :].partition(b"\n")[0]
    return ArMember(raw_name.removesuffix(b"/").decode(errors="replace"), start, size)


def write_ar(archive: Path, files: Sequence[Path], epoch: int) -> None:
    """Write files under their own names, of up to 16 characters, all owned by root and of one time (seconds)."""
    with archive.open("wb") as stream:
        stream.write(ARCHIVE_MAGIC)
        for path in files:
            size = path.stat().st_size
            stream.write(f"{path.name:<16}{epoch:<12}{0:<6}{0:<6}{100644:<8}{size:<10}`\n".encode())
            with path.open("rb") as file:
                shutil.copyfileobj(file, stream)
            stream.write(b"\n" * (size % 2))
