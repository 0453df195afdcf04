"""The files of a tree, in one fixed order.

Names are sorted, and symbolic links are reported but never followed, so all modules get the same files in the same
order on every build machine. The walk ends when the run is stopped. All paths belong to the build machine.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from crosspython.run.signals import STOP


def walk_entries(tree: Path) -> Iterator[os.DirEntry[str]]:
    """Yield everything below a folder, each folder before its content, sorted by the bytes of the names at each level.

    Raises Interrupted.
    """
    with os.scandir(tree) as entries:
        ordered = sorted(entries, key=lambda entry: os.fsencode(entry.name))
    for entry in ordered:
        STOP.check()
        yield entry
        if entry.is_dir(follow_symlinks=False):
            yield from walk_entries(Path(entry.path))


def find_files(tree: Path) -> Iterator[Path]:
    """Yield the regular files below a folder; symbolic links are left out."""
    for entry in walk_entries(tree):
        if entry.is_file(follow_symlinks=False):
            yield Path(entry.path)
