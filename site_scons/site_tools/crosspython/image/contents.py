"""What goes into an image's file, in whatever form."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Contents:
    """A tree that is complete, and what a package manager is told of it.

    tree:    the folder that takes the prefix's place; it belongs to the build machine
    prefix:  where it lies on the board, if not elsewhere
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
