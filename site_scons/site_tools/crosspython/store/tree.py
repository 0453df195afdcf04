"""Stage archives: a tree as one file, the same bytes for the same tree, whenever and wherever it is packed.

Names are in one order; owner, time and modes say nothing of the machine that packed; GNU's tar format, since BusyBox,
which unpacks the bundle on many a board, skips the extended headers that long names get in POSIX's. What the files
mean is others' business. All paths belong to the build machine.
"""

from __future__ import annotations

import os
import stat
import tarfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import IO

from crosspython.errors import ArchiveError
from crosspython.run.jobserver import Beside, at_once
from crosspython.store.compress import compressing
from crosspython.store.disk import describe_refusal, is_full
from crosspython.store.formats import Damaged, damage_told, read_members
from crosspython.store.members import FOLDER, Member, Refused, Unpacker, refuse
from crosspython.store.walk import walk_entries

_CHUNK = 1 << 18


def pack_tree(tree: Path, archive: Path, *, epoch: int, root: str = "", beside: Beside = at_once) -> None:
    """Pack the files, links and folders below `tree`, sorted by name, all owned by root and of one time.

    root:    a folder put before every name
    archive: by its name a .tar.zst or a .tar.gz; it appears when it is whole
    beside:  where blocks of it are compressed, if that is done block by block
    Modes are 755 or 644. Two names of one file become two files. Raises ArchiveError: a device in the tree, disk full.
    """
    part = archive.with_name(archive.name + ".part")
    try:
        archive.parent.mkdir(parents=True, exist_ok=True)
        with (
            compressing(part, archive.suffix, beside) as stream,
            tarfile.open(fileobj=stream, mode="w|", format=tarfile.GNU_FORMAT, encoding="utf-8", bufsize=_CHUNK) as tar,
        ):
            for parent in reversed(PurePosixPath(root, "x").parents[:-1]):
                tar.addfile(_header(str(parent), tarfile.DIRTYPE, 0o755, epoch))
            for entry in walk_entries(tree):
                _add(tar, entry.path, os.path.join(root, os.path.relpath(entry.path, tree)), epoch)
        part.replace(archive)
    except OSError as error:
        raise ArchiveError(
            f"{archive.name}: cannot be packed" + (": the disk is full" if is_full(error) else ""),
            expected=f"{tree} can be read, and {archive.parent} written",
            found=describe_refusal(error, archive.parent),
            next="free some space there" if is_full(error) else None,
        ) from error
    finally:
        with suppress(OSError):
            part.unlink()


def unpack_tree(
    archive: Path,
    folder: Path,
    *,
    only: Callable[[str], bool] | None = None,
    origins: dict[str, str] | None = None,
) -> None:
    """Unpack a stage archive into a folder that may hold others.

    only:    chooses names, as they stand in the archive; folders are then made where a chosen name needs one
    origins: which archive each name came from; pass the same dict for all archives of a folder, it is added to
    Raises ArchiveError when a name is there already as something else: two components install the same name.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        unpacker = _StageUnpacker(folder, archive, {} if origins is None else origins)
        with damage_told():
            for member in read_members(archive):
                if only is None or (member.kind != FOLDER and only(member.name)):
                    unpacker.add(member)
    except Refused as reason:
        raise refuse(archive, reason) from reason
    except Damaged as error:
        raise ArchiveError(
            f"{archive}: damaged archive", found=str(error), next="remove the file and build again"
        ) from error
    except OSError as error:
        raise ArchiveError(
            f"{archive.name}: cannot be unpacked" + (": the disk is full" if is_full(error) else ""),
            expected=f"{archive} can be read, and {folder} written",
            found=describe_refusal(error, folder),
            next="free some space there" if is_full(error) else None,
        ) from error


class _StageUnpacker(Unpacker):
    """Keeps what is there, if it is the same. Links are made as they are: they were judged when the stage was."""

    def __init__(self, folder: Path, archive: Path, origins: dict[str, str]) -> None:
        super().__init__(folder)
        self._archive, self._origins = archive, origins

    def add_file(self, path: str, member: Member, data: IO[bytes]) -> None:
        if not os.path.lexists(path):
            super().add_file(path, member, data)
        elif os.path.islink(path) or not os.path.isfile(path) or not _has_bytes(path, data):
            raise self._conflict(path)
        self._origins.setdefault(self.name_of(path), self._archive.name)

    def add_link(self, path: str, member: Member) -> None:
        if not os.path.lexists(path):
            super().add_link(path, member)
        elif not os.path.islink(path) or os.readlink(path) != member.target:
            raise self._conflict(path)
        self._origins.setdefault(self.name_of(path), self._archive.name)

    def check_target(self, path: str, member: Member) -> None:
        pass

    def _conflict(self, path: str) -> ArchiveError:
        name = self.name_of(path)
        return ArchiveError(
            f"{self._archive.name} holds a file that another component has installed with other bytes",
            expected=f"{name} as it came from {self._origins.get(name, 'an archive unpacked before')}",
            found=f"another {name} in {self._archive.name}",
            next="let one of the two recipes remove it",
        )


def _add(tar: tarfile.TarFile, path: str, name: str, epoch: int) -> None:
    status = os.lstat(path)
    if stat.S_ISLNK(status.st_mode):
        header = _header(name, tarfile.SYMTYPE, 0o777, epoch)
        header.linkname = os.readlink(path)
        tar.addfile(header)
    elif stat.S_ISDIR(status.st_mode):
        tar.addfile(_header(name, tarfile.DIRTYPE, 0o755, epoch))
    elif stat.S_ISREG(status.st_mode):
        header = _header(name, tarfile.REGTYPE, 0o755 if status.st_mode & 0o100 else 0o644, epoch)
        header.size = status.st_size
        with open(path, "rb") as file:
            tar.addfile(header, file)
    else:
        raise ArchiveError(
            f"{name}: cannot be packed", expected="files, folders and links", found="a device, a pipe or a socket"
        )


def _header(name: str, kind: bytes, mode: int, epoch: int) -> tarfile.TarInfo:
    header = tarfile.TarInfo(name)
    header.type, header.mode, header.mtime = kind, mode, epoch
    header.uname = header.gname = "root"
    return header


def _has_bytes(path: str, data: IO[bytes]) -> bool:
    with open(path, "rb") as file:
        while True:
            chunk = data.read(_CHUNK)
            if file.read(len(chunk) or 1) != chunk:
                return False
            if not chunk:
                return True
