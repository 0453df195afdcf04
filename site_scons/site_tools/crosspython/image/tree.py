"""The tree of one part of an image: the bundle, or a package that is installed into an empty one.

Knows how to remove a package by its RECORD. install.py adds packages. All paths belong to the build machine; names are
those below the prefix.
"""

from __future__ import annotations

import os
import posixpath
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from installer.records import parse_record_file
from packaging.utils import canonicalize_name

from crosspython.workshop import EPOCH

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


class ImageTree:
    """A folder that stands for the prefix on the board.

    root:   the folder of the build machine that stands for the prefix
    series: CPython's, "3.13"
    prefix: the path on the board
    """

    def __init__(self, root: Path, series: str, prefix: str) -> None:
        self.root, self.prefix, self.python = root, prefix, f"python{series}"
        self.site = f"lib/{self.python}/site-packages"

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
        """Write a file of a package."""
        path = self.root / name
        if not path.exists():
            package.names.append(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        path.chmod(0o755 if is_program else 0o644)
        os.utime(path, (EPOCH, EPOCH))  # bytecode of Python before 3.7 contains this time

    def remove(self, name: str) -> None:
        """Remove a file or link, its bytecode, and the folders that are then empty."""
        path = self.root / name
        cached = sorted((path.parent / "__pycache__").glob(f"{path.stem}.*.pyc")) if path.suffix == ".py" else []
        for each in (path, path.with_suffix(".pyc"), *cached) if path.suffix == ".py" else (path,):
            each.unlink(missing_ok=True)
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
    shutil.rmtree(tree.root / f"lib/{tree.python}/ensurepip", ignore_errors=True)


def _remove_empty(folder: Path, root: Path) -> None:
    while folder != root and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
