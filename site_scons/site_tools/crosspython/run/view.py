"""The files of the machine that a build may see: its work folder, its inputs, and the machine's tools.

Knows the options of data/enclose.py, and which folders of a user's home contain tools. The builder of a component or a
wheel adds the files that it needs. Paths belong to the build machine.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

# Folders in a user's home that hold programs beside other things, secrets among them.
_MIXED = (".local", ".cargo", ".config", ".cache")


# A path in an option: --with-x=/path, -I/path.
_PATH = re.compile(r"(?:[=,\s]|^-[A-Za-z])(/[^=:,\s]+)")


@dataclass(frozen=True)
class View:
    """writes: paths that the build may change; reads: other paths that it needs; temporary: the folder that it sees as
    /tmp."""

    temporary: Path
    writes: tuple[Path, ...]
    reads: tuple[Path, ...] = ()

    def words(self) -> tuple[str, ...]:
        """The options of data/enclose.py."""
        words = ["--temporary", str(self.temporary)]
        for path in dict.fromkeys(self.reads):
            if not any(path.is_relative_to(folder) for folder in self.writes):
                words += ["--read", str(path)]
        for path in dict.fromkeys(self.writes):
            words += ["--write", str(path)]
        return tuple(words)


def tools_of_machine(path: str) -> tuple[Path, ...]:
    """The folders outside of the system's that programs on PATH, and this Python, need."""
    found = {Path(sys.prefix), Path(sys.base_prefix)}
    for folder in map(Path, filter(os.path.isabs, path.split(os.pathsep))):
        if is_system(folder) or not folder.is_dir():
            continue
        found |= {folder, *_around(folder)}
        if is_in_home(folder):
            found |= {place for link in folder.iterdir() if link.is_symlink() for place in _behind(link)}
    return tuple(sorted(place for place in found if not is_system(place)))


def named_in(texts: Iterable[str]) -> tuple[Path, ...]:
    """The paths in a build's variables and commands. We pass them to the build, so it may read them."""
    parts = {part for text in texts for part in (*text.split(os.pathsep), *_PATH.findall(text)) if part.startswith("/")}
    return tuple(Path(part) for part in sorted(parts) if _is_own(part) and os.path.exists(part))


def common_folders(paths: Iterable[Path]) -> tuple[Path, ...]:
    """The folders that contain these paths, without system folders. Paths that belong together, as in an SDK, give one
    common folder; a whole home is never returned."""
    folders: list[str] = []
    for path in sorted({os.path.realpath(path) for path in paths}):
        if is_system(Path(path)):
            continue
        shared = os.path.commonpath([folders[-1], path]) if folders else "/"
        if is_broad(shared) or os.path.basename(shared) in _MIXED:
            folders.append(path)
        else:
            folders[-1] = shared
    return tuple(map(Path, folders))


def is_system(path: Path) -> bool:
    """Whether a path belongs to the machine's own software, which data/enclose.py shows to every build."""
    parts = path.parts
    return len(parts) > 1 and (parts[1] in ("usr", "bin", "sbin", "etc", "opt", "nix", "gnu") or parts[1][:3] == "lib")


def is_broad(path: str) -> bool:
    """Whether a folder is too large to belong to one tool: it contains everything, or a user's whole home."""
    home = os.path.expanduser("~")
    return path.count("/") < 2 or os.path.commonpath([home, path]) == path


def _is_own(path: str) -> bool:
    return not is_system(Path(path)) and not is_broad(os.path.normpath(path))


def is_in_home(path: Path) -> bool:
    home = os.path.expanduser("~")
    return home != "/" and path.is_relative_to(home)


def _around(folder: Path) -> Iterator[Path]:
    """The folder above a folder of programs, which contains their libraries and data."""
    above = folder.parent
    if folder.name in ("bin", "sbin") and above.name not in _MIXED and not is_broad(str(above)):
        yield above


def _behind(link: Path) -> Iterator[Path]:
    """The program that a link points to, and the folder with its libraries and data."""
    real = Path(os.path.realpath(link))
    if real.is_file() and not is_system(real):
        yield real
        yield from _around(real.parent)
