"""Stage archives: a tree as one file, the same bytes for the same tree, whenever and wherever it is packed.

Names are sorted; owner, time and modes do not depend on the machine that packs. The format is GNU's tar: on many boards
BusyBox unpacks the bundle, and it ignores the extended headers that POSIX's format uses for long names. This module
does not know what the files are for. All paths belong to the build machine.
"""

from __future__ import annotations

import os
import posixpath
import stat
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from crosspython.errors import ArchiveError
from crosspython.run.jobserver import Beside, at_once
from crosspython.store.compress import compressing
from crosspython.store.disk import archive_refusal
from crosspython.store.formats import Damaged, damage_told, read_members
from crosspython.store.members import FOLDER, Member, Refused, Unpacker, member_refusal
from crosspython.store.walk import walk_entries

_CHUNK = 1 << 18


def pack_tree(tree: Path, archive: Path, *, epoch: int, root: str = "", beside: Beside = at_once) -> None:
    """Pack the files, links and folders below `tree`, sorted by name. See `packing` for the rest."""
    with packing(archive, epoch=epoch, root=root, beside=beside) as packer:
        for entry in walk_entries(tree):
            packer.add_path(os.path.relpath(entry.path, tree), entry.path)


@contextmanager
def packing(archive: Path, *, epoch: int, root: str = "", beside: Beside = at_once) -> Iterator[Packer]:
    """A new archive to which files are added one by one. All are owned by root and have the same time.

    root:    a folder put before every name
    archive: its name chooses .tar.zst or .tar.gz; it gets this name only when it is complete
    beside:  compresses blocks in parallel, for formats with blocks
    Modes are 755 or 644. Two names of one file become two files. Raises ArchiveError: a device in the tree, disk full.
    """
    part = archive.with_name(archive.name + ".part")
    try:
        archive.parent.mkdir(parents=True, exist_ok=True)
        with (
            compressing(part, archive.suffix, beside) as stream,
            tarfile.open(fileobj=stream, mode="w|", format=tarfile.GNU_FORMAT, encoding="utf-8", bufsize=_CHUNK) as tar,
        ):
            packer = Packer(tar, root, epoch)
            packer.add_folder(root)
            yield packer
        part.replace(archive)
    except OSError as error:
        expected = f"that its files can be read, and {archive.parent} can be written"
        raise archive_refusal(archive, "cannot be packed", error, archive.parent, expected) from error
    finally:
        with suppress(OSError):
            part.unlink()


class Packer:
    """Adds files to an archive, each after its folder."""

    def __init__(self, tar: tarfile.TarFile, root: str, epoch: int) -> None:
        self._tar, self._root, self._epoch = tar, root, epoch
        self._folders = {"."}

    def add_folder(self, name: str) -> None:
        """Add a folder and its parent folders, unless the archive has them."""
        if name not in self._folders and name:
            self.add_folder(posixpath.dirname(name))
            self._folders.add(name)
            self._tar.addfile(self._header(name, tarfile.DIRTYPE, 0o755))

    def add_file(self, name: str, data: IO[bytes], size: int, *, is_program: bool) -> None:
        header = self._header(self._place(name), tarfile.REGTYPE, 0o755 if is_program else 0o644)
        header.size = size
        self._tar.addfile(header, data)

    def add_link(self, name: str, target: str) -> None:
        header = self._header(self._place(name), tarfile.SYMTYPE, 0o777)
        header.linkname = target
        self._tar.addfile(header)

    def add_path(self, name: str, path: str) -> None:
        """Add a file, link or folder of the build machine."""
        status = os.lstat(path)
        if stat.S_ISLNK(status.st_mode):
            self.add_link(name, os.readlink(path))
        elif stat.S_ISDIR(status.st_mode):
            self.add_folder(posixpath.join(self._root, name))
        elif stat.S_ISREG(status.st_mode):
            with open(path, "rb") as file:
                self.add_file(name, file, status.st_size, is_program=bool(status.st_mode & 0o100))
        else:
            raise ArchiveError(
                f"{name}: cannot be packed", expected="files, folders and links", found="a device, a pipe or a socket"
            )

    def _place(self, name: str) -> str:
        """The full name in the archive; its folder is added first."""
        place = posixpath.join(self._root, name)
        self.add_folder(posixpath.dirname(place))
        return place

    def _header(self, name: str, kind: bytes, mode: int) -> tarfile.TarInfo:
        header = tarfile.TarInfo(name)
        header.type, header.mode, header.mtime = kind, mode, self._epoch
        header.uname = header.gname = "root"
        return header


@contextmanager
def reading(archive: Path) -> Iterator[None]:
    """Raise ArchiveError if a stage archive turns out to be damaged while its members are read."""
    try:
        with damage_told():
            yield
    except Damaged as error:
        raise ArchiveError(
            f"{archive}: damaged archive", found=str(error), next="remove the file and build again"
        ) from error


def unpack_tree(
    archive: Path,
    folder: Path,
    *,
    only: Callable[[str], bool] | None = None,
    origins: dict[str, str] | None = None,
) -> None:
    """Unpack a stage archive into a folder that may contain files of other archives.

    only:    chooses the names to unpack; then only the folders of chosen names are made
    origins: the archive of each name; pass the same dict for all archives of a folder, names are added to it
    Raises ArchiveError if another archive has put a different file under the same name.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        unpacker = _StageUnpacker(folder, archive, {} if origins is None else origins)
        with reading(archive):
            for member in read_members(archive):
                if only is None or (member.kind != FOLDER and only(member.name)):
                    unpacker.add(member)
    except Refused as reason:
        raise member_refusal(archive, reason) from reason
    except OSError as error:
        expected = f"that {archive} can be read, and {folder} can be written"
        raise archive_refusal(archive, "cannot be unpacked", error, folder, expected) from error


class _StageUnpacker(Unpacker):
    """Keeps an existing file if the new one is the same. Links are not checked: the stage's audit has done that."""

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
        return conflict(name, self._archive.name, self._origins.get(name, "an archive unpacked before"))


def conflict(name: str, archive: str, other: str) -> ArchiveError:
    """The error for two archives that have different content under the same name."""
    return ArchiveError(
        f"{archive} contains a file that another component has installed with different content",
        expected=f"{name} as in {other}",
        found=f"a different {name} in {archive}",
        next="remove the file in one of the two recipes",
    )


def _has_bytes(path: str, data: IO[bytes]) -> bool:
    with open(path, "rb") as file:
        while True:
            chunk = data.read(_CHUNK)
            if file.read(len(chunk) or 1) != chunk:
                return False
            if not chunk:
                return True
