"""The files that a local project is built from. The same walk is used to hash them and to copy them.

So the hashed files are exactly the copied files, and a wheel can contain no others. Only files that are never part of a
wheel are left out: caches, virtual environments, folders of earlier builds, version control. Paths belong to the build
machine.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from packaging.utils import canonicalize_name

from crosspython.errors import ConfigurationError
from crosspython.run.signals import STOP
from crosspython.wheels.version_control import Repository

_CHUNK = 1 << 20
_SHOWN = 20  # names in a message
# Names that only caches and environments have; version_control.py handles version control.
_TRACES = frozenset(("__pycache__", ".git", ".tox", ".nox"))
# Cache Directory Tagging Specification: mypy, pytest, ruff, cargo and others tag their folders so.
_CACHE_TAG, _CACHE_SIGNATURE = "CACHEDIR.TAG", b"Signature: 8a477f597d28d172789f06886806bc55"
# Files at the top of a virtual environment (PEP 405), and of CMake's and Meson's build folders, and nowhere else.
_MARKS = ("pyvenv.cfg", "CMakeCache.txt", "meson-private")
# Folders in a project's build/ in which setuptools works. A wheel would contain old files of an earlier build's lib/.
_SETUPTOOLS_WORK = re.compile(r"lib|(?:lib|temp|bdist)[.-].+")


@dataclass(frozen=True)
class Entry:
    """A file, folder or link to be hashed and copied. `path` is its path before links in it are resolved."""

    path: Path
    kind: int  # of stat.S_IFMT: a folder, a file or a link
    status: os.stat_result


@dataclass
class ProjectFiles:
    """The files of a local project, and of neighbouring folders that its build reads.

    name:      the project's, normalized
    project:   its folder, without links in its path
    beside:    further files and folders that its build reads
    leave_out: a folder that is skipped, such as the build folder, which may be inside the project
    repository: the git repository that its build reads; None: it reads none
    remarks:   remarks for the user; filled by a walk
    notes:     remarks for the user, from the search for neighbours
    """

    name: str
    project: Path
    beside: tuple[Path, ...] = ()
    leave_out: Path | None = None
    repository: Repository | None = None
    remarks: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def top(self) -> Path:
        """The folder that holds all of it."""
        tree = [self.repository.top] if self.repository else []
        return Path(os.path.commonpath([self.project, *tree, *(path.parent for path in self.beside)]))

    def regular_files(self, root: Path) -> Iterator[Path]:
        """The files below one of its folders that are hashed and copied, without unreadable ones."""
        return (entry.path for entry in _Walk(self, []).entries(root) if entry.kind == stat.S_IFREG)

    def hash(self) -> str:
        """The SHA-256 of all files, with their names. Raises ConfigurationError that names what cannot be read."""
        return self._go_through(None)

    def copy(self, place: Path) -> tuple[Path, str]:
        """Copy all of it to a new folder. Returns the project's folder in there, and the hash of what was copied."""
        place.mkdir(parents=True)
        digest = self._go_through(place)
        if self.repository is not None:
            self.repository.copy(place / self.repository.top.relative_to(self.top))
        return place / self.project.relative_to(self.top), digest

    def _go_through(self, place: Path | None) -> str:
        digest = hashlib.sha256(self.repository.identify(self.project) if self.repository else b"")
        unreadable: list[str] = []
        self.remarks[:] = self.notes
        for root in (self.project, *self.beside):
            for entry in _Walk(self, unreadable).entries(root):
                name = os.fsencode(os.path.relpath(entry.path, self.project))
                try:
                    content = _take(entry, place / entry.path.relative_to(self.top) if place else None)
                except PermissionError:
                    unreadable.append(str(entry.path))
                    continue
                digest.update(name + b"\0" + content + b"\0")
        if unreadable:
            raise ConfigurationError(
                f"{self.project}: some files cannot be read, so changes in them would not be seen",
                evidence=unreadable[:_SHOWN],
                next="give this user the right to read them, or move them out of the project",
            )
        return digest.hexdigest()


class _Walk:
    """One walk through a file or a folder, always in the same order."""

    def __init__(self, files: ProjectFiles, unreadable: list[str]) -> None:
        self.files, self.unreadable = files, unreadable
        self.roots = (files.project, *files.beside)

    def entries(self, root: Path) -> Iterator[Entry]:
        status = os.stat(root)
        if stat.S_ISDIR(status.st_mode):
            yield Entry(root, stat.S_IFDIR, status)
            yield from self._below(root, (os.path.realpath(root),))
        else:
            yield Entry(root, stat.S_IFREG, status)

    def _below(self, folder: Path, within: tuple[str, ...]) -> Iterator[Entry]:
        """The content of a folder. `within`: the real paths of the folders on the way to it."""
        try:
            names = sorted(os.listdir(folder), key=os.fsencode)
        except PermissionError:
            self.unreadable.append(str(folder))
            return
        for name in names:
            STOP.check()
            path = folder / name
            try:
                status = os.lstat(path)
            except FileNotFoundError:
                continue  # removed during the walk
            except PermissionError:
                self.unreadable.append(str(path))
                continue
            if stat.S_ISLNK(status.st_mode):
                if self._stays(path):
                    yield Entry(path, stat.S_IFLNK, status)
                    continue
                real = os.path.realpath(path)
                if not os.path.exists(real) or any(_holds(real, each) for each in within):
                    self._remark(path, real)
                    yield Entry(path, stat.S_IFLNK, status)
                    continue
                status = os.stat(path)
            if stat.S_ISDIR(status.st_mode):
                if path not in self.roots and not self._is_trace(path):
                    yield Entry(path, stat.S_IFDIR, status)
                    yield from self._below(path, (*within, os.path.realpath(path)))
            elif stat.S_ISREG(status.st_mode) and name != ".git":
                yield Entry(path, stat.S_IFREG, status)

    def _stays(self, link: Path) -> bool:
        """Whether a link's target is copied, too, so that the copied link works."""
        text = os.readlink(link)
        if os.path.isabs(text) or not (os.path.isdir(link) or os.path.isfile(link)):
            return False
        real = os.path.realpath(link)
        places = (os.path.normpath(link.parent / text), real)
        return all(any(_holds(root, place) for root in self.roots) for place in places)

    def _remark(self, link: Path, real: str) -> None:
        what = (
            "leads to a file that does not exist"
            if not os.path.exists(real)
            else "leads to a folder that contains the link"
        )
        self.files.remarks.append(f"{self.files.name}: the link {link} {what}, and is copied as it is")

    def _is_trace(self, folder: Path) -> bool:
        """Whether the content of a folder is never part of a wheel."""
        if folder.name in _TRACES or folder == self.files.leave_out:
            return True
        if any(os.path.exists(folder / mark) for mark in _MARKS) or _is_tagged_cache(folder):
            return True
        if folder.name.endswith(".egg-info") and os.path.exists(
            folder / "SOURCES.txt"
        ):  # made by `pip install -e` and by uv
            beside_project = any(os.path.exists(folder.parent / file) for file in ("pyproject.toml", "setup.py"))
            name = canonicalize_name(folder.name.removesuffix(".egg-info").partition("-")[0])
            return beside_project or name == self.files.name
        is_in_build = folder.parent.name == "build" and folder.parent.parent in self.roots
        is_package = os.path.exists(folder.parent / "__init__.py")
        return is_in_build and not is_package and _SETUPTOOLS_WORK.fullmatch(folder.name) is not None


def _holds(root: Path | str, place: str) -> bool:
    return place == str(root) or place.startswith(os.path.join(root, ""))


def _is_tagged_cache(folder: Path) -> bool:
    try:
        with (folder / _CACHE_TAG).open("rb") as file:
            return file.read(len(_CACHE_SIGNATURE)) == _CACHE_SIGNATURE
    except OSError:
        return False


def _take(entry: Entry, copy: Path | None) -> bytes:
    """The bytes that identify an entry's content. If `copy` is given, the content is also written to it."""
    if entry.kind == stat.S_IFDIR:
        if copy is not None:
            copy.mkdir(parents=True, exist_ok=True)
        return b"folder"
    if entry.kind == stat.S_IFLNK:
        text = os.readlink(entry.path)
        if copy is not None:
            copy.symlink_to(text)
        return b"link " + os.fsencode(text)
    digest, is_program = hashlib.sha256(), bool(entry.status.st_mode & 0o100)
    with entry.path.open("rb") as file:
        if copy is None:
            digest = hashlib.file_digest(file, "sha256")
        else:
            copy.parent.mkdir(parents=True, exist_ok=True)
            with copy.open("wb") as out:
                while chunk := file.read(_CHUNK):
                    digest.update(chunk)
                    out.write(chunk)
            copy.chmod(0o755 if is_program else 0o644)
            os.utime(copy, ns=(entry.status.st_atime_ns, entry.status.st_mtime_ns))
    return b"program " + digest.digest() if is_program else b"file " + digest.digest()
