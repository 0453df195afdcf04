"""Stage archives: a tree as one file, the same bytes for the same tree, whenever and wherever it is packed."""

from __future__ import annotations

import gzip
import os
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import zstandard

from crosspython.errors import ArchiveError

_ZSTD_LEVEL, _GZIP_LEVEL = 3, 6


def pack_tree(tree: Path, archive: Path, *, epoch: int, root: str = "") -> None:
    """Pack the files, links and folders below `tree`, sorted by name, all owned by root and of one time.

    `root` is a folder put before every name. Modes are 755 or 644. By its name, `archive` is a .tar.zst or a .tar.gz;
    it appears when it is whole.
    """
    archive.parent.mkdir(parents=True, exist_ok=True)
    part = archive.with_name(archive.name + ".part")
    with (
        _writing(part, archive.suffix) as stream,
        tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT) as tar,
    ):
        for name in _names(tree):
            path = tree / name
            info = tar.gettarinfo(str(path), arcname=f"{root}/{name}" if root else name)
            info.uid = info.gid = 0
            info.uname = info.gname = "root"
            info.mtime = epoch
            info.mode = 0o755 if info.isdir() or info.mode & 0o100 or info.issym() else 0o644
            if info.islnk():
                info.type, info.linkname, info.size = tarfile.REGTYPE, "", path.stat().st_size
            if info.isreg():
                with path.open("rb") as file:
                    tar.addfile(info, file)
            else:
                tar.addfile(info)
    part.replace(archive)


def unpack_tree(archive: Path, folder: Path, *, only: Callable[[str], bool] | None = None) -> None:
    """Unpack a stage archive into a folder that may hold others. `only` chooses names below the root.

    Raises ArchiveError when a file is there already with other bytes: two components install the same name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with _reading(archive) as stream, tarfile.open(fileobj=stream, mode="r|") as tar:
            for member in tar:
                if only is None or (not member.isdir() and only(member.name)):
                    _unpack_member(tar, member, folder, archive)
    except (tarfile.TarError, zstandard.ZstdError, EOFError, gzip.BadGzipFile) as error:
        raise ArchiveError(
            f"{archive}: damaged archive", found=str(error), next="remove the file and build again"
        ) from error


def _unpack_member(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path, archive: Path) -> None:
    path = folder / member.name
    if path.is_symlink() or path.is_file():
        stream = tar.extractfile(member) if member.isreg() else None
        same = (
            (path.is_symlink() and str(path.readlink()) == member.linkname)
            if stream is None
            else not path.is_symlink() and path.read_bytes() == stream.read()
        )
        if not same:
            raise ArchiveError(
                f"{archive.name} holds a file that another component has installed with other bytes",
                found=member.name,
                next="let one of the two recipes remove it",
            )
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    tar.extract(member, folder, set_attrs=True, filter="tar")


def _names(tree: Path) -> Iterator[str]:
    names = []
    for parent, folders, files in os.walk(tree):
        names += [os.path.relpath(os.path.join(parent, name), tree) for name in (*folders, *files)]
    return iter(sorted(names))


@contextmanager
def _writing(path: Path, suffix: str) -> Iterator[IO[bytes]]:
    with path.open("wb") as file:
        if suffix == ".zst":
            with zstandard.ZstdCompressor(level=_ZSTD_LEVEL).stream_writer(file, closefd=False) as stream:
                yield stream
        else:
            with gzip.GzipFile(filename="", mode="wb", compresslevel=_GZIP_LEVEL, fileobj=file, mtime=0) as stream:
                yield stream


@contextmanager
def _reading(path: Path) -> Iterator[IO[bytes]]:
    with path.open("rb") as file:
        if path.suffix == ".zst":
            with zstandard.ZstdDecompressor().stream_reader(file, closefd=False) as stream:
                yield stream
        else:
            with gzip.GzipFile(fileobj=file) as stream:
                yield stream
