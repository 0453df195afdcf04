"""The parts of an image, which are the bundle and each package: packed by themselves, and kept for the next image.

A part is a gzip file with members of a tar archive, without the archive's end. Parts one after the other, and an end,
are one archive (RFC 1952, 2.2: a gzip file may have several members). So an image packs only the parts that are new. A
part is found by all that it was made of, and is taken only if its file has the hash that it was written with. All paths
belong to the build machine; names are those below the prefix.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import tarfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from crosspython.errors import ImageError
from crosspython.finish.bytecode import is_cached
from crosspython.run.jobserver import Beside
from crosspython.store.compress import compressing
from crosspython.store.disk import write_whole
from crosspython.store.fetch import hash_file
from crosspython.store.tree import Packer
from crosspython.store.walk import walk_entries
from crosspython.workshop import EPOCH

_END = zlib.compress(bytes(2 * tarfile.BLOCKSIZE), wbits=zlib.MAX_WBITS | 16)  # as gzip
_SHOWN = 20


@dataclass(frozen=True)
class ImageFile:
    """A file or link of a part. content: its SHA-256, or the target of the link; size: in bytes, 0 for a link"""

    name: str
    size: int
    content: str


@dataclass(frozen=True)
class ImagePart:
    """title: of the package with its version, for people; archive: the file that is kept"""

    title: str
    files: tuple[ImageFile, ...]
    archive: Path


class KeptParts:
    """The folder where parts are kept: for each a gzip file, and a record with its files.

    root:   the folder in the archive that all names are put below
    beside: compresses in parallel to the caller
    """

    def __init__(self, folder: Path, root: str, beside: Beside) -> None:
        self._folder, self._root, self._beside = folder, root, beside

    def find(self, name: str, made_of: str) -> ImagePart | None:
        """The part of this name, if one of this identity is there."""
        archive, record = self._places(name)
        try:
            told = json.loads(record.read_text(encoding="utf-8"))
            if (told["made_of"], told["sha256"]) != (made_of, hash_file(archive)):
                return None
            return ImagePart(told["title"], tuple(ImageFile(**each) for each in told["files"]), archive)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def keep(self, name: str, made_of: str, title: str, tree: Path) -> ImagePart:
        """Pack a tree, and keep it instead of an earlier part of this name."""
        archive, record = self._places(name)
        self._folder.mkdir(parents=True, exist_ok=True)
        record.unlink(missing_ok=True)
        with compressing(archive, archive.suffix, self._beside) as stream:
            tar = tarfile.TarFile(fileobj=_Stream(stream), mode="w", format=tarfile.GNU_FORMAT, encoding="utf-8")
            packer = Packer(tar, self._root, EPOCH)
            for entry in walk_entries(tree):
                packer.add_path(os.path.relpath(entry.path, tree), entry.path)
        part = ImagePart(title, tuple(_list_files(tree)), archive)
        files = [asdict(file) for file in part.files]
        told = {"made_of": made_of, "sha256": hash_file(archive), "title": title, "files": files}
        write_whole(record, json.dumps(told) + "\n")
        return part

    def _places(self, name: str) -> tuple[Path, Path]:
        return self._folder / f"{name}.gz", self._folder / f"{name}.json"


class _Stream(io.RawIOBase):
    """What tarfile writes to where nothing follows its members: it asks for a position and never uses it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def tell(self) -> int:
        return 0

    def write(self, data: Any) -> int:
        return self._stream.write(data)


def _list_files(tree: Path) -> list[ImageFile]:
    files = []
    for entry in walk_entries(tree):
        name = os.path.relpath(entry.path, tree)
        if entry.is_symlink():
            files.append(ImageFile(name, 0, f"-> {os.readlink(entry.path)}"))
        elif entry.is_file():
            files.append(ImageFile(name, entry.stat().st_size, hash_file(Path(entry.path))))
    return files


def join_parts(parts: Sequence[ImagePart], archive: Path) -> None:
    """Write the parts as one .tar.gz."""
    with archive.open("wb") as file:
        for part in parts:
            with part.archive.open("rb") as piece:
                shutil.copyfileobj(piece, file)
        file.write(_END)


def require_no_clash(parts: Sequence[ImagePart]) -> None:
    """Raise ImageError that names all parts with a file of the same name. The same content is no clash."""
    if clashes := _find_clashes(parts):
        more = len(clashes) - _SHOWN
        raise ImageError(
            "packages with files of the same name cannot be in one image",
            evidence=[*clashes[:_SHOWN], *([f"and {more} more"] if more > 0 else [])],
            expected="each name once, or with the same content",
            next="leave one of these packages out of pkgs=, or make an image for each",
        )


def _find_clashes(parts: Sequence[ImagePart]) -> list[str]:
    taken = _Names()
    clashes = []
    for part in parts:
        for file in part.files:
            if is_cached(file.name):
                continue  # its source is in the same part
            if rival := taken.find_rival(file):
                what = "the program" if file.name.startswith("bin/") else "the file"
                clashes.append(f"{rival} and {part.title} both have {what} {file.name}")
            else:
                taken.add(file, part.title)
    return clashes


class _Names:
    """The names that are in use: files with their content, folders, and the part that each came from first."""

    def __init__(self) -> None:
        self._files: dict[str, tuple[str, str]] = {}
        self._folders: dict[str, str] = {}

    def find_rival(self, file: ImageFile) -> str | None:
        """The part that has another file of this name, a file where this name needs a folder, or files below it."""
        if file.name in self._files:
            content, title = self._files[file.name]
            return title if content != file.content else None
        above = (self._files.get(folder) for folder in _folders_of(file.name))
        return self._folders.get(file.name) or next((found[1] for found in above if found), None)

    def add(self, file: ImageFile, title: str) -> None:
        self._files.setdefault(file.name, (file.content, title))
        for folder in _folders_of(file.name):
            self._folders.setdefault(folder, title)


def _folders_of(name: str) -> Iterator[str]:
    while name := name.rpartition("/")[0]:
        yield name
