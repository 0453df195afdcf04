"""Finds the members of a wheel that the files of its tree still are, so that they need not be compressed again.

Compressing takes most of the time of making a wheel. A member is taken only if it is a plain DEFLATE stream that ends
where the archive says, and inflates to the file's bytes as they are now. Its headers are not taken: pack.py writes new
ones. The wheel was unpacked before, so damage has been found. All paths belong to the build machine.
"""

from __future__ import annotations

import hashlib
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

# The last fields of a local header, which are the lengths of the name and of the extra field (APPNOTE.TXT, 4.3.7).
_LOCAL = struct.Struct("<26xHH")
_PIECE = 1 << 15  # compressed bytes; DEFLATE makes at most 1032 bytes of one


@dataclass(frozen=True)
class Unchanged:
    """The DEFLATE stream of a member, and what it inflates to. sha256: of a file's bytes; start: in the wheel"""

    start: int
    compressed: int
    size: int
    crc: int
    sha256: bytes


class Members:
    """The members of a wheel, which is open for reading."""

    def __init__(self, wheel: IO[bytes]) -> None:
        self._wheel = wheel
        with zipfile.ZipFile(wheel) as archive:
            members = archive.infolist()
        times = Counter(info.filename for info in members)
        deflated = [info for info in members if info.compress_type == zipfile.ZIP_DEFLATED]
        self._deflated = {info.filename: info for info in deflated if times[info.filename] == 1}

    def find(self, name: str, path: Path) -> Unchanged | None:
        """The member of this name, if the file is what it inflates to."""
        info = self._deflated.get(name)
        if info is None or info.file_size != path.stat().st_size:
            return None
        self._wheel.seek(info.header_offset)
        start = info.header_offset + _LOCAL.size + sum(_LOCAL.unpack(self._wheel.read(_LOCAL.size)))
        sum_, inflater = hashlib.sha256(), zlib.decompressobj(-zlib.MAX_WBITS)
        with path.open("rb") as file:
            for piece in self._read(start, info.compress_size):
                data = inflater.decompress(piece)
                if inflater.unused_data or file.read(len(data)) != data:
                    return None
                sum_.update(data)
        return Unchanged(start, info.compress_size, info.file_size, info.CRC, sum_.digest()) if inflater.eof else None

    def read(self, member: Unchanged) -> Iterator[bytes]:
        """The compressed bytes of a member."""
        return self._read(member.start, member.compressed)

    def _read(self, start: int, size: int) -> Iterator[bytes]:
        self._wheel.seek(start)
        for begin in range(0, size, _PIECE):
            yield self._wheel.read(min(_PIECE, size - begin))
