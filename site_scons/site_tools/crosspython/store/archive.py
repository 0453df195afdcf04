"""Unpacking other people's archives: sources and vendor SDKs. Nothing of theirs is trusted.

It knows the formats by their content, refuses members that leave the folder or are no files, folders or links, and
never leaves half an archive behind under the final name.
"""

from __future__ import annotations

import lzma
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from pathlib import Path

import zstandard

from crosspython.errors import ArchiveError

_ZSTD_MAGIC, _ZIP_MAGIC = b"\x28\xb5\x2f\xfd", b"PK\x03\x04"
_DAMAGED = (tarfile.ReadError, EOFError, lzma.LZMAError, zlib.error, zstandard.ZstdError, zipfile.BadZipFile)


def unpack_archive(archive: Path, folder: Path, *, strip: int = 0) -> None:
    """Unpack a tar (plain, gz, bz2, xz, zst) or zip archive into a new folder, with modes and times.

    strip: leading folders of every name to leave out, as sources come in one of their own
    Raises ArchiveError: damaged, truncated, of an unknown kind, or with a member that must not be unpacked.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        _unpack(archive, temporary)
        whole = temporary
        for _ in range(strip):
            whole = _only_folder(whole, archive)
        shutil.rmtree(folder, ignore_errors=True)
        whole.rename(folder)
        folder.chmod(0o755)
    except (tarfile.FilterError, ValueError) as error:
        raise ArchiveError(
            f"{archive.name}: refused to unpack", found=str(error), next="get the archive from its author"
        ) from error
    except _DAMAGED as error:
        raise ArchiveError(
            f"{archive.name}: the archive is damaged, truncated or of an unknown kind",
            expected="a .tar, .tar.gz, .tar.bz2, .tar.xz, .tar.zst or .zip file",
            found=str(error) or type(error).__name__,
            next="get it again",
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _unpack(archive: Path, folder: Path) -> None:
    with archive.open("rb") as file:
        magic = file.read(4)
        file.seek(0)
        if magic == _ZSTD_MAGIC:
            with (
                zstandard.ZstdDecompressor().stream_reader(file) as stream,
                tarfile.open(fileobj=stream, mode="r|") as tar,
            ):
                tar.extractall(folder, filter="data")
        elif magic == _ZIP_MAGIC:
            _unzip(file.name, folder)
        else:
            with tarfile.open(fileobj=file, mode="r:*") as tar:
                tar.extractall(folder, filter="data")


def _unzip(name: str, folder: Path) -> None:
    with zipfile.ZipFile(name) as archive:
        for member in archive.infolist():
            if member.filename.startswith("/") or ".." in Path(member.filename).parts:
                raise ValueError(f"{member.filename!r} would be written outside of the folder")
            path = Path(archive.extract(member, folder))
            if mode := (member.external_attr >> 16) & 0o777:
                path.chmod(mode | 0o600)


def _only_folder(folder: Path, archive: Path) -> Path:
    entries = list(folder.iterdir())
    if len(entries) != 1 or not entries[0].is_dir():
        raise ArchiveError(
            f"{archive.name}: not laid out as sources are",
            expected="one folder at the top",
            found=", ".join(sorted(entry.name for entry in entries)[:5]) or "nothing",
        )
    return entries[0]
