"""The list of a tree's files as text: one line a file or link. The difference of two lists says which files to send and
which to remove.

On the board the manifest is in the tree that it describes. Files that are in no manifest (what the board's own pip
installed) are left alone.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

NAME = ".crosspython-manifest"


@dataclass(frozen=True)
class Item:
    """A file, or a link where `target` is not empty. `path` is below the tree; size in bytes."""

    path: str
    mode: int
    sha256: str = ""
    size: int = 0
    target: str = ""

    def line(self) -> str:
        return "\t".join((f"{self.mode:o}", self.sha256 or "-", str(self.size), self.target or "-", self.path))


@dataclass(frozen=True)
class TreeDifference:
    """The difference between two manifests: items to send, and paths to remove."""

    send: tuple[Item, ...]
    remove: tuple[str, ...]

    @property
    def size(self) -> int:
        return sum(item.size for item in self.send)


def read_tree(tree: Path) -> dict[str, Item]:
    """The manifest of a tree on the build machine, by path."""
    items = {}
    for parent, folders, files in os.walk(tree):
        for name in sorted([*files, *(folder for folder in folders if os.path.islink(os.path.join(parent, folder)))]):
            place = Path(parent, name)
            path = place.relative_to(tree).as_posix()
            if place.is_symlink():
                items[path] = Item(path, 0o777, target=os.readlink(place))
            else:
                with place.open("rb") as file:
                    digest = hashlib.file_digest(file, "sha256").hexdigest()
                status = place.stat()
                items[path] = Item(path, 0o755 if status.st_mode & 0o100 else 0o644, digest, status.st_size)
    return items


def write_manifest(items: dict[str, Item]) -> str:
    return "".join(f"{items[path].line()}\n" for path in sorted(items))


def read_manifest(lines: Iterable[str]) -> dict[str, Item]:
    """The manifest as it was written. A line that is damaged is left out: its file is then sent again."""
    items = {}
    for line in lines:
        parts = line.split("\t", 4)
        if len(parts) == 5 and parts[2].isdigit():
            mode, digest, size, target, path = parts
            items[path] = Item(path, int(mode, 8), digest.strip("-"), int(size), "" if target == "-" else target)
    return items


def compare(old: dict[str, Item], new: dict[str, Item]) -> TreeDifference:
    return TreeDifference(
        send=tuple(new[path] for path in sorted(new) if old.get(path) != new[path]),
        remove=tuple(sorted(path for path in old if path not in new)),
    )


def name_of(items: dict[str, Item], version: str) -> str:
    """A name for the folder of a tree with this content: the same for the same bytes."""
    return f"{version}-{hashlib.sha256(write_manifest(items).encode()).hexdigest()[:12]}"
