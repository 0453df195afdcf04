"""Unpacks members of other people's archives, one by one, into a folder, and never outside of it.

The rules are those of tarfile's `data` filter (PEP 706), in our own code: the Python of Debian 12, 3.11.2, has no such
filter. Nothing is ever written through a link, so no link of an archive can lead a later member outside. This module
does not know the archive's format, or when the folder is complete. All paths belong to the build machine.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from crosspython.errors import ArchiveError

FILE, FOLDER, SYMLINK, HARDLINK = "file", "folder", "symbolic link", "hard link"
_CHUNK = 1 << 18
_LONGEST_TARGET = 1024


@dataclass(frozen=True)
class Member:
    """One thing in an archive. `kind` is one of the above, or words for what is not unpacked ("device").

    mtime:  seconds since 1970
    target: what a link points to, as it stands in the archive
    open:   gives a file's bytes
    """

    name: str
    kind: str
    mode: int = 0o644
    mtime: float = 0
    target: str = ""
    open: Callable[[], IO[bytes]] | None = None


class Refused(Exception):
    """A member must not be unpacked. The text says which and why."""


class Unpacker:
    """A folder into which members are unpacked. If a name occurs twice, the second member wins, as in tar.

    keep_absolute_links: an SDK's sysroot may hold links such as etc/mtab -> /proc/mounts; they are made as they are.
    left_out: a list that gets the skipped members and the reasons: devices, pipes and links that lead outside. Without
              this list such members are refused
    """

    def __init__(self, folder: Path, *, keep_absolute_links: bool = False, left_out: list[str] | None = None) -> None:
        self.left_out = left_out
        self.root = os.path.abspath(folder)
        self.keep_absolute_links = keep_absolute_links
        self._folders = {self.root}
        self._winding: list[tuple[str, str]] = []

    def add(self, member: Member) -> None:
        """Unpack one member. Raises Refused; OSError with an errno for the disk, without one for a damaged archive."""
        try:
            self._add(member)
        except Refused as reason:
            if self.left_out is None or member.kind in (FILE, FOLDER):
                raise
            self.left_out.append(str(reason))

    def _add(self, member: Member) -> None:
        parts = self._split(member.name, member.name)
        if not parts:
            return
        if member.kind == FOLDER:
            self._enter(parts, member.name)
            return
        path = os.path.join(self._enter(parts[:-1], member.name), parts[-1])
        if member.kind == FILE and member.open is not None:
            with member.open() as data:
                self.add_file(path, member, data)
        elif member.kind == SYMLINK:
            self.add_link(path, member)
        elif member.kind == HARDLINK:
            self._add_hardlink(path, member)
        else:
            raise Refused(f"{member.name!r} is a {member.kind}")

    def close(self) -> None:
        """Check links whose target leads through other links, now that all links exist. Raises Refused."""
        root = os.path.realpath(self.root)
        for name, path in self._winding:
            if os.path.lexists(path) and not (os.path.realpath(path) + "/").startswith(root + "/"):
                reason = Refused(f"{name!r} is a link that leaves the folder")
                if self.left_out is None:
                    raise reason
                self.left_out.append(str(reason))
                os.unlink(path)

    def add_file(self, path: str, member: Member, data: IO[bytes]) -> None:
        """Write a new file, with mode 755 if its owner may execute it, else 644."""
        self.make_room(path)
        mode = 0o755 if member.mode & 0o100 else 0o644
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, mode)
        with open(descriptor, "wb") as file:
            shutil.copyfileobj(data, file, _CHUNK)
            file.flush()
            os.fchmod(descriptor, mode)
            os.utime(descriptor, (member.mtime, member.mtime))

    def add_link(self, path: str, member: Member) -> None:
        """Make a symbolic link that stays inside."""
        self.check_target(path, member)
        self.make_room(path)
        os.symlink(member.target, path)
        os.utime(path, (member.mtime, member.mtime), follow_symlinks=False)

    def check_target(self, path: str, member: Member) -> None:
        """Raise Refused for a link that leads, or might lead, outside."""
        target = member.target
        if target.startswith("/"):
            if self.keep_absolute_links:
                return
            raise Refused(f"{member.name!r} is a link to the absolute path {target!r}")
        parts = [part for part in target.split("/") if part not in ("", ".")]
        up = next((index for index, part in enumerate(parts) if part != ".."), len(parts))
        if up > self.name_of(path).count("/") or len(target) > _LONGEST_TARGET:
            raise Refused(f"{member.name!r} is a link that leaves the folder: {target[:80]!r}")
        if ".." in parts[up:]:  # the target depends on links that may be unpacked later
            self._winding.append((member.name, path))

    def make_room(self, path: str) -> None:
        """Remove an earlier member of this name. Raises Refused if it is a folder."""
        try:
            status = os.lstat(path)
        except FileNotFoundError:
            return
        if stat.S_ISDIR(status.st_mode):
            raise Refused(f"{self.name_of(path)!r} is a folder, and is also something else")
        os.unlink(path)

    def name_of(self, path: str) -> str:
        """A path below the folder as the archive names it."""
        return path.removeprefix(self.root + "/")

    def _split(self, name: str, member: str) -> list[str]:
        """The parts of a name below the folder. A leading slash is removed, as in tar."""
        parts = [part for part in name.split("/") if part not in ("", ".")]
        if ".." in parts:
            raise Refused(f"{member!r} leaves the folder")
        return parts

    def _enter(self, parts: list[str], member: str) -> str:
        """The path of a folder below ours; it is made if needed. Raises Refused if a part of the path is a link."""
        path = self.root
        for part in parts:
            path = f"{path}/{part}"
            if path in self._folders:
                continue
            try:
                os.mkdir(path, 0o755)
            except FileExistsError:
                if not stat.S_ISDIR(os.lstat(path).st_mode):
                    what = f"{member!r} is below {self.name_of(path)!r}, which is not a folder but a file or a link"
                    raise Refused(what) from None
            self._folders.add(path)
        return path

    def _add_hardlink(self, path: str, member: Member) -> None:
        parts = self._split(member.target, member.name)
        first = os.path.join(self.root, *parts)
        if any(os.path.islink(os.path.join(self.root, *parts[:count])) for count in range(1, len(parts))):
            raise Refused(f"{member.name!r} is a link through a link: {member.target!r}")
        if os.path.islink(first):
            self.add_link(path, Member(member.name, SYMLINK, mtime=member.mtime, target=os.readlink(first)))
        elif not os.path.isfile(first):
            raise Refused(
                f"{member.name!r} is a link to {member.target!r}, which does not come before it in the archive"
            )
        elif first != path:
            self.make_room(path)
            os.link(first, path)


def member_refusal(archive: Path, reason: Refused) -> ArchiveError:
    """The error for an archive with a member that must not be unpacked."""
    return ArchiveError(f"{archive.name}: refused to unpack", found=str(reason), next="get the archive from its author")
