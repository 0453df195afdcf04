"""The content of an image, before it is written in one of the forms."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from crosspython.store.walk import walk_entries


@dataclass(frozen=True)
class Contents:
    """A complete tree, and the facts about it for a package manager.

    tree:    the folder that takes the prefix's place; it belongs to the build machine
    prefix:  where it is on the board, if not elsewhere
    name, version: what the image is called
    parts:   titles with their sizes in bytes, largest first
    """

    tree: Path
    prefix: str
    name: str
    version: str
    parts: tuple[tuple[str, int], ...]

    @property
    def size(self) -> int:
        return sum(size for _, size in self.parts)

    @property
    def titles(self) -> str:
        """What is in it, in one line."""
        return ", ".join(sorted(title for title, _ in self.parts))


@contextmanager
def folder_for_parts(product: Path) -> Iterator[Path]:
    """A new folder beside a file that is put together from parts. It is removed at the end."""
    folder = product.with_name(f"{product.name}.parts")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def set_modes(tree: Path) -> None:
    """755 or 644, as archives have it: what the umask of this machine's user allowed shows in no product."""
    tree.chmod(0o755)
    for entry in walk_entries(tree):
        if not entry.is_symlink():
            is_open = entry.is_dir() or entry.stat().st_mode & 0o100
            Path(entry.path).chmod(0o755 if is_open else 0o644)
