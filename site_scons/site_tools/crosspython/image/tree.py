"""The tree of an image: a Python as on the board, and the package that each file came from.

Knows which names are in use, and how to remove a package by its RECORD. install.py adds packages.
All paths belong to the build machine; names are those below the prefix.
"""

from __future__ import annotations

import os
import posixpath
import shutil
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from installer.records import parse_record_file
from packaging.utils import canonicalize_name

from crosspython.store.walk import walk_entries
from crosspython.workshop import EPOCH

BUNDLE = "the bundle"
# The packages that ensurepip installs, and that `pip=0` leaves out.
PIP = ("pip", "setuptools")


@dataclass
class Package:
    """An installed wheel. names: its files, as paths below the prefix"""

    name: str
    version: str
    names: list[str] = field(default_factory=list)

    @property
    def title(self) -> str:
        return f"{self.name} {self.version}"


@dataclass(frozen=True)
class Clash:
    """A name that two packages have, with different content."""

    name: str
    first: str
    second: str

    def __str__(self) -> str:
        what = "the program" if self.name.startswith("bin/") else "the file"
        return f"{self.first} and {self.second} both have {what} {self.name}"


class ImageTree:
    """A Python as on the board, below its prefix, and the package that each file came from.

    root:   the folder of the build machine that stands for the prefix
    series: CPython's, "3.13"
    prefix: the path on the board
    """

    def __init__(self, root: Path, series: str, prefix: str) -> None:
        self.root, self.prefix, self.python = root, prefix, f"python{series}"
        self.site = f"lib/{self.python}/site-packages"
        self.owners: dict[str, str] = {}
        self.clashes: list[Clash] = []
        for entry in walk_entries(root):
            if entry.is_symlink() or not entry.is_dir():
                self.owners[os.path.relpath(entry.path, root)] = BUNDLE

    def schemes(self, distribution: str) -> dict[str, str]:
        """The folders for the parts of a wheel, as pip chooses them for a prefix."""
        return {
            "purelib": self.site,
            "platlib": self.site,
            "scripts": "bin",
            "data": "",
            "headers": f"include/site/{self.python}/{distribution}",
        }

    def put(self, name: str, data: bytes, *, is_program: bool, package: Package) -> None:
        """Write a file of a package, unless another one has the name. The same bytes are no clash."""
        path, other = self.root / name, self._find_owner(name)
        if other not in (None, package.title):
            if not _has_bytes(path, data):
                self.clashes.append(Clash(name, str(other), package.title))
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        path.chmod(0o755 if is_program else 0o644)
        os.utime(path, (EPOCH, EPOCH))  # bytecode of Python before 3.7 contains this time
        if other is None:
            self.owners[name] = package.title
            package.names.append(name)

    def _find_owner(self, name: str) -> str | None:
        """The package that has a file of this name, a file where this name needs a folder, or files below this name."""
        above = (self.owners.get(str(parent)) for parent in PurePosixPath(name).parents)
        owner = self.owners.get(name) or next(filter(None, above), None)
        if owner is None and (self.root / name).is_dir():
            owner = next((owner for each, owner in self.owners.items() if each.startswith(f"{name}/")), BUNDLE)
        return owner

    def remove(self, name: str) -> None:
        """Remove a file or link, its bytecode, and the folders that are then empty."""
        path = self.root / name
        cached = sorted((path.parent / "__pycache__").glob(f"{path.stem}.*.pyc")) if path.suffix == ".py" else []
        for each in (path, path.with_suffix(".pyc"), *cached) if path.suffix == ".py" else (path,):
            each.unlink(missing_ok=True)
            self.owners.pop(os.path.relpath(each, self.root), None)
            _remove_empty(each.parent, self.root)


def remove_distribution(tree: ImageTree, name: str) -> None:
    """Remove what the RECORD of an installed package names, if there is one. name: normalized (PEP 503)."""
    site = tree.root / tree.site
    for folder in sorted(site.glob("*.dist-info")):
        if canonicalize_name(folder.name.partition("-")[0]) != name:
            continue
        with (folder / "RECORD").open(newline="", encoding="utf-8") as record:
            names = [posixpath.normpath(posixpath.join(tree.site, row[0])) for row in parse_record_file(record)]
        for each in names:
            if not each.startswith(("../", "/")):
                tree.remove(each)
        shutil.rmtree(folder, ignore_errors=True)


def remove_pip(tree: ImageTree) -> None:
    """Remove pip, and also ensurepip, which could install it again."""
    for name in PIP:
        remove_distribution(tree, name)
    for each in [each for each in tree.owners if each.startswith(f"lib/{tree.python}/ensurepip/")]:
        tree.remove(each)


def _has_bytes(path: Path, data: bytes) -> bool:
    return path.is_file() and not path.is_symlink() and path.read_bytes() == data


def _remove_empty(folder: Path, root: Path) -> None:
    while folder != root and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
