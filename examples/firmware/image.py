"""Root file system images, made without root: owners, modes and devices stand in a list, not on the disk.

An image is a cpio archive, the kernel's own "newc" (Documentation/driver-api/early-userspace/buffer-format.rst), or a
squashfs, for which squashfs-tools must be there; the same bytes for the same list. It knows nothing of SCons and of
what the files are for.
"""

from __future__ import annotations

import io
import os
import stat
import subprocess
import tarfile
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO


@dataclass(frozen=True)
class Entry:
    """One thing in the image. `path` is absolute and the board's; `mode` has the bits of its kind (stat.S_IF...).

    data:   a file's bytes, or where they are on the build machine
    target: what a symbolic link points to
    device: major and minor number
    """

    path: str
    mode: int
    uid: int = 0
    gid: int = 0
    data: bytes | Path = b""
    target: str = ""
    device: tuple[int, int] = (0, 0)

    @property
    def size(self) -> int:
        return self.data.stat().st_size if isinstance(self.data, Path) else len(self.data)

    def line(self) -> str:
        """As the image's file list shows it."""
        kind = {stat.S_IFDIR: "d", stat.S_IFLNK: "l", stat.S_IFCHR: "c"}.get(stat.S_IFMT(self.mode), "-")
        arrow = f" -> {self.target}" if self.target else ""
        return f"{kind}{stat.S_IMODE(self.mode):04o} {self.uid}:{self.gid} {self.path}{arrow}"


def folder(path: str, mode: int = 0o755, uid: int = 0, gid: int = 0) -> Entry:
    return Entry(path, stat.S_IFDIR | mode, uid, gid)


def file(path: str, data: bytes | Path, mode: int = 0o644, uid: int = 0, gid: int = 0) -> Entry:
    return Entry(path, stat.S_IFREG | mode, uid, gid, data=data)


def link(path: str, target: str) -> Entry:
    return Entry(path, stat.S_IFLNK | 0o777, target=target)


def device(path: str, major: int, minor: int, mode: int = 0o600) -> Entry:
    return Entry(path, stat.S_IFCHR | mode, device=(major, minor))


def tree(place: Path, path: str) -> list[Entry]:
    """Everything below a folder of the build machine, to be put below `path` on the board; all of it root's."""
    entries = [folder(path)]
    for parent, names, files in os.walk(place):
        names.sort()
        for name in sorted([*names, *files]):
            here = Path(parent, name)
            there = f"{path}/{here.relative_to(place).as_posix()}"
            status = here.lstat()
            if stat.S_ISLNK(status.st_mode):
                entries.append(link(there, os.readlink(here)))
            elif stat.S_ISDIR(status.st_mode):
                entries.append(folder(there))
            else:
                entries.append(file(there, here, 0o755 if status.st_mode & 0o100 else 0o644))
    return entries


def unpacked(bundle: Path, path: str) -> list[Entry]:
    """A tar archive's entries, to be put below `path` on the board; all are root's. Nothing is unpacked on the way."""
    entries = []
    with tarfile.open(bundle) as archive:
        for member in archive:
            there = f"{path}/{member.name.rstrip('/')}"
            if member.issym():
                entries.append(link(there, member.linkname))
            elif member.isdir():
                entries.append(folder(there))
            elif (data := archive.extractfile(member)) is not None:
                entries.append(file(there, data.read(), 0o755 if member.mode & 0o100 else 0o644))
    return entries


def installed(wheel: Path, site_packages: str) -> list[Entry]:
    """What a wheel without scripts and data of its own holds, in site-packages (PEP 427: it is unpacked there)."""
    with zipfile.ZipFile(wheel) as archive:
        return [file(f"{site_packages}/{name}", archive.read(name)) for name in archive.namelist() if name[-1] != "/"]


def sizes(packages: Mapping[str, Iterable[Entry]]) -> str:
    """A table of what each package brings: files, and bytes."""
    rows = []
    for name, entries in packages.items():
        files = [entry for entry in entries if stat.S_ISREG(entry.mode)]
        rows.append((sum(entry.size for entry in files), len(files), name))
    rows.sort(reverse=True)
    total = (sum(size for size, _, _ in rows), sum(count for _, count, _ in rows), "all")
    return "".join(f"{size / 1e6:9.2f} MB {count:6} files  {name}\n" for size, count, name in [*rows, total])


def write_image(entries: Iterable[Entry], image: Path) -> list[Entry]:
    """Write a cpio archive with these entries. Returns what is in it, in order."""
    ordered = _complete(entries)
    part = image.with_name(image.name + ".part")
    with part.open("wb") as stream:
        for number, entry in enumerate(ordered, start=1):
            _write(stream, entry, number)
        _write(stream, Entry("/TRAILER!!!", 0), 0)
    part.replace(image)
    return ordered


def write_squashfs(entries: Iterable[Entry], image: Path) -> list[Entry]:
    """Write a squashfs with these entries, by squashfs-tools' sqfstar. Returns what is in it, in order."""
    ordered = _complete(entries)
    part = image.with_name(image.name + ".part")
    part.unlink(missing_ok=True)
    command = ["sqfstar", "-quiet", "-no-progress", "-mkfs-time", "0", str(part)]
    with (
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as tool,
        tarfile.open(fileobj=tool.stdin, mode="w|", format=tarfile.GNU_FORMAT) as archive,
    ):
        for entry in ordered:
            _archive(archive, entry)
    if tool.returncode != 0:
        raise OSError(f"sqfstar ended with {tool.returncode}")
    part.replace(image)
    return ordered


def _complete(entries: Iterable[Entry]) -> list[Entry]:
    """Each path once (the last counts), folders that are missing added, in order."""
    wanted = {entry.path: entry for entry in entries}
    for path in list(wanted):
        for parent in Path(path).parents:
            if str(parent) != "/":
                wanted.setdefault(str(parent), folder(str(parent)))
    return [wanted[path] for path in sorted(wanted)]


def _archive(archive: tarfile.TarFile, entry: Entry) -> None:
    kinds = {stat.S_IFDIR: tarfile.DIRTYPE, stat.S_IFLNK: tarfile.SYMTYPE, stat.S_IFCHR: tarfile.CHRTYPE}
    header = tarfile.TarInfo(entry.path.lstrip("/"))
    header.type = kinds.get(stat.S_IFMT(entry.mode), tarfile.REGTYPE)
    header.mode, header.uid, header.gid, header.linkname = stat.S_IMODE(entry.mode), entry.uid, entry.gid, entry.target
    header.devmajor, header.devminor = entry.device
    data = entry.data.read_bytes() if isinstance(entry.data, Path) else entry.data
    header.size = len(data)
    archive.addfile(header, io.BytesIO(data))


def _write(stream: IO[bytes], entry: Entry, number: int) -> None:
    data = entry.data.read_bytes() if isinstance(entry.data, Path) else entry.data or os.fsencode(entry.target)
    name = os.fsencode(entry.path.lstrip("/")) + b"\0"
    links = 2 if stat.S_ISDIR(entry.mode) else 1
    numbers = (number, entry.mode, entry.uid, entry.gid, links, 0, len(data), 0, 0, *entry.device, len(name), 0)
    header = b"070701" + b"".join(b"%08X" % value for value in numbers) + name
    stream.write(header + bytes(-len(header) % 4) + data + bytes(-len(data) % 4))
