"""Reads archives: their members, and whether they are complete. The format is recognized by the content.

It reads tar in any compression, zip, and the files of a Debian package. It is stricter than tarfile: tarfile takes a
damaged header, or a truncated file, for the end of the archive. This module writes nothing.
"""

from __future__ import annotations

import bz2
import calendar
import gzip
import io
import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any, Self, cast

import zstandard

from crosspython.run.signals import STOP
from crosspython.store.ar import ARCHIVE_MAGIC, read_ar
from crosspython.store.members import FILE, FOLDER, HARDLINK, SYMLINK, Member

_CHUNK = 1 << 18
_End: type[Exception] = tarfile.EOFHeaderError  # type: ignore[attr-defined]
_WINDOW = 1 << 31  # `zstd --long=31` needs it
_DAMAGED = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    zstandard.ZstdError,
    EOFError,
    ValueError,
    OverflowError,
    NotImplementedError,  # zipfile raises it for an unknown compression
    RuntimeError,
)


class Damaged(Exception):
    """The archive is truncated, corrupt, or of no known kind. The text says what was found."""


@contextmanager
def damage_told() -> Iterator[None]:
    """Convert the exceptions that libraries raise for a damaged archive, or a damaged file in it, into Damaged."""
    try:
        yield
    except _DAMAGED as error:
        raise Damaged(str(error) or type(error).__name__) from error
    except OSError as error:
        if error.errno is None:  # gzip and bz2 raise such errors for damaged data
            raise Damaged(str(error)) from error
        raise


def read_members(archive: Path) -> Iterator[Member]:
    """The members of an archive, in its order. A file's bytes can be read until the next member is asked for.

    Read them within `damage_told`, and to the end: only then the archive is known to be complete. Raises Interrupted.
    """
    with archive.open("rb") as file:
        magic = file.read(6)
        file.seek(0)
        if magic == ARCHIVE_MAGIC[:6]:
            members = _read_package(file)
        else:
            members = _read_zip(file) if magic[:4] in (b"PK\x03\x04", b"PK\x05\x06") else _read_tar(file, magic)
        for member in members:
            STOP.check()
            yield member


def _read_package(file: IO[bytes]) -> Iterator[Member]:
    """The files of a Debian package: a tar archive that is a member of an ar archive. Source: deb(5)."""
    for member in read_ar(file):
        if member.name.startswith("data.tar"):
            file.seek(member.start)
            magic = file.read(6)
            file.seek(member.start)
            yield from _read_tar(io.BufferedReader(_Slice(file, member.size), _CHUNK), magic)
            return
    raise ValueError("an ar archive, but not a Debian package")


class _Slice(io.RawIOBase):
    """A limited number of the next bytes of a file."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file, self._left = file, size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._file.read(min(len(buffer), self._left))
        buffer[: len(data)] = data
        self._left -= len(data)
        return len(data)


def decompress(file: IO[bytes], magic: bytes) -> IO[bytes]:
    """The bytes within a compressed file, by its first six bytes; the file itself where it is not compressed."""
    if magic[:2] == b"\x1f\x8b":
        return cast(IO[bytes], gzip.GzipFile(fileobj=file))
    if magic[:3] == b"BZh":
        return bz2.BZ2File(file)
    if magic == b"\xfd7zXZ\x00":
        return lzma.LZMAFile(file)
    if magic[:4] == b"\x28\xb5\x2f\xfd" or (magic[1:4] == b"\x2a\x4d\x18" and magic[0] >> 4 == 5):
        return io.BufferedReader(_ZstdFile(file), _CHUNK)
    return file


class _ZstdFile(io.RawIOBase):
    """All frames of a zstd file. The library's own reader takes a truncated frame for a whole one."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._ready, self._input = file, memoryview(b""), b""
        self._frame: Any = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready:
            self._input = self._input or self._file.read(_CHUNK)
            if not self._input:
                if self._frame is not None:
                    raise EOFError("the file ended in the middle of a zstd frame")
                return 0
            if self._frame is None:
                self._frame = zstandard.ZstdDecompressor(max_window_size=_WINDOW).decompressobj()
            self._ready = memoryview(self._frame.decompress(self._input))
            self._input = self._frame.unused_data if self._frame.eof else b""
            if self._frame.eof:
                self._frame = None
        size = min(len(buffer), len(self._ready))
        buffer[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        return size


class _StrictTarInfo(tarfile.TarInfo):
    """A stricter TarInfo: an unreadable header is an error, and only two blocks of zeros end the archive. tarfile reads
    only one of them."""

    @classmethod
    def fromtarfile(cls, tarfile_: tarfile.TarFile) -> Self:
        try:
            return super().fromtarfile(tarfile_)
        except _End:
            raise
        except tarfile.HeaderError as error:
            raise tarfile.ReadError(f"{error} where the next member, or the end of the archive, should be") from error


def _read_tar(file: IO[bytes], magic: bytes) -> Iterator[Member]:
    with ExitStack() as stack:
        stream = decompress(file, magic)
        if stream is not file:
            stack.enter_context(stream)
        tar = stack.enter_context(
            tarfile.open(fileobj=stream, mode="r|", tarinfo=_StrictTarInfo, encoding="utf-8", bufsize=_CHUNK)
        )
        for info in tar:
            yield _tar_member(tar, info)
        while stream.read(_CHUNK):  # the checksum is at the very end
            pass


def _tar_member(tar: tarfile.TarFile, info: tarfile.TarInfo) -> Member:
    kind = "device"
    if info.isreg():
        kind = FILE
    elif info.isdir():
        kind = FOLDER
    elif info.issym():
        kind = SYMLINK
    elif info.islnk():
        kind = HARDLINK
    elif info.isfifo():
        kind = "named pipe"
    return Member(
        info.name,
        kind,
        mode=info.mode,
        mtime=max(0, info.mtime),
        target=info.linkname,
        open=lambda: cast(IO[bytes], tar.extractfile(info)),
    )


def _read_zip(file: IO[bytes]) -> Iterator[Member]:
    with zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            yield _zip_member(archive, info)


def _zip_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Member:
    """A member of a zip archive. If it was made on Unix, its mode is in the upper half of the external attributes
    (APPNOTE.TXT, 4.4.15)."""
    mode = info.external_attr >> 16
    kind, target = FOLDER if info.is_dir() else FILE, ""
    if stat.S_ISLNK(mode):
        kind, target = SYMLINK, archive.read(info).decode("utf-8", "surrogateescape")
    elif stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        kind = "device"
    return Member(info.filename, kind, mode=mode, mtime=_zip_time(info), target=target, open=lambda: archive.open(info))


def _zip_time(info: zipfile.ZipInfo) -> float:
    """A member's time. A date of 0, as Go and others write it, has no month and no day: 1980 begins with it."""
    year, month, day, *clock = info.date_time
    return max(0, calendar.timegm((year, min(max(month, 1), 12), max(day, 1), *clock, 0, 0, 0)))
