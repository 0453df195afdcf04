"""Wheels installed into a bundle's tree without an emulator, by the library that installers are made of.

Knows where the parts of a wheel go (PEP 427), that a script finds its interpreter from where it lies, and who has put
which file there: two packages with a file of the same name are told, and neither wins. Nothing of a wheel is run. All
paths belong to the build machine; names are those below the prefix.
"""

from __future__ import annotations

import base64
import hashlib
import os
import posixpath
import re
import shutil
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO

from installer import install
from installer.destinations import WheelDestination
from installer.records import Hash, RecordEntry, parse_record_file
from installer.scripts import Script
from installer.sources import WheelFile
from installer.utils import Scheme, construct_record_file, fix_shebang
from packaging.utils import canonicalize_name

from crosspython.errors import ImageError
from crosspython.finish.scripts import make_relocatable_script
from crosspython.store.tree import reading
from crosspython.store.walk import walk_entries
from crosspython.workshop import EPOCH

if TYPE_CHECKING:
    from installer.scripts import ScriptSection

BUNDLE = "the bundle"
# What ensurepip puts into site-packages, and what `pip=0` leaves out.
PIP = ("pip", "setuptools")

_SHOWN = 20
# A wheel's own scripts should begin with `#!python`, which an installer replaces; those with `env` mean the same here.
_ENV = re.compile(rb"#![ \t]*/usr/bin/env[ \t]+python[0-9.]*[ \t]*(?=\r?\n)")


@dataclass
class Package:
    """An installed wheel: the names that it has brought, below the prefix."""

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


class Tree:
    """A Python as it lies on the board, below its prefix, and who has put which file there.

    root:   the folder that takes the prefix's place
    series: CPython's, "3.13"
    prefix: where the board has it
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
        """Where the parts of a wheel go, as pip has it for a prefix."""
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
        os.utime(path, (EPOCH, EPOCH))  # which the bytecode of a Python before 3.7 notes
        if other is None:
            self.owners[name] = package.title
            package.names.append(name)

    def _find_owner(self, name: str) -> str | None:
        """Who has this name, a file in the place of its folder, or files below it."""
        above = (self.owners.get(str(parent)) for parent in PurePosixPath(name).parents)
        owner = self.owners.get(name) or next(filter(None, above), None)
        if owner is None and (self.root / name).is_dir():
            owner = next((owner for each, owner in self.owners.items() if each.startswith(f"{name}/")), BUNDLE)
        return owner

    def remove(self, name: str) -> None:
        """Take away a file or link, its bytecode, and the folders that are then empty."""
        path = self.root / name
        cached = sorted((path.parent / "__pycache__").glob(f"{path.stem}.*.pyc")) if path.suffix == ".py" else []
        for each in (path, path.with_suffix(".pyc"), *cached) if path.suffix == ".py" else (path,):
            each.unlink(missing_ok=True)
            self.owners.pop(os.path.relpath(each, self.root), None)
            _remove_empty(each.parent, self.root)


def install_wheels(tree: Tree, wheels: Sequence[Path]) -> list[Package]:
    """Install wheels, in their order. What the bundle has of a package itself gives way.

    Raises ImageError that names all packages with a file of the same name, ArchiveError for a damaged wheel.
    """
    packages = [_install(tree, wheel) for wheel in wheels]
    if tree.clashes:
        shown = [str(clash) for clash in tree.clashes[:_SHOWN]]
        more = len(tree.clashes) - len(shown)
        raise ImageError(
            "packages with files of the same name cannot lie in one image",
            evidence=[*shown, *([f"and {more} more"] if more else [])],
            expected="each name once, or with the same bytes",
            next="leave one of these packages out of pkgs=, or make an image for each",
        )
    return packages


def remove_distribution(tree: Tree, name: str) -> None:
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


def remove_pip(tree: Tree) -> None:
    """Leave nothing of pip: neither itself nor what would install it."""
    for name in PIP:
        remove_distribution(tree, name)
    for each in [each for each in tree.owners if each.startswith(f"lib/{tree.python}/ensurepip/")]:
        tree.remove(each)


def _install(tree: Tree, wheel: Path) -> Package:
    with reading(wheel), WheelFile.open(wheel) as source, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that bytecode which a wheel brings is left out: here it is compiled
        package = Package(canonicalize_name(source.distribution), source.version)
        remove_distribution(tree, package.name)
        install(source, _Destination(tree, package), {"INSTALLER": b"crosspython\n"})
    return package


@dataclass
class _Destination(WheelDestination):
    """Where installer's library writes the files of one wheel."""

    tree: Tree
    package: Package

    @property
    def _interpreter(self) -> str:
        return f"{self.tree.prefix}/bin/{self.tree.python}"

    def write_script(self, name: str, module: str, attr: str, section: ScriptSection) -> RecordEntry:
        _, data = Script(name, module, attr, section).generate(self._interpreter, "posix")
        return self._write_program(name, data)

    def write_file(
        self, scheme: Scheme, path: str | os.PathLike[str], stream: BinaryIO, is_executable: bool
    ) -> RecordEntry:
        if scheme != "scripts":
            return self._write(scheme, os.fspath(path), stream.read(), is_executable)
        with fix_shebang(stream, self._interpreter) as fixed:
            return self._write_program(os.fspath(path), fixed.read())

    def finalize_installation(
        self, scheme: Scheme, record_file_path: str, records: Iterable[tuple[Scheme, RecordEntry]]
    ) -> None:
        places = self.tree.schemes(self.package.name)

        def way(other: Scheme) -> str | None:
            return None if other == scheme else f"{posixpath.relpath(places[other] or '.', places[scheme])}/"

        with construct_record_file(records, way) as stream:
            self._write(scheme, record_file_path, stream.read(), False)

    def _write_program(self, path: str, data: bytes) -> RecordEntry:
        """Let a script look for the interpreter from where it lies."""
        head = f"#!{self._interpreter}".encode()
        data = _ENV.sub(lambda _: head, data, count=1) if _ENV.match(data) else data
        to_bin = posixpath.relpath("bin", posixpath.dirname(f"bin/{path}"))
        relocated = make_relocatable_script(
            data, prefix=self.tree.prefix, build_folders=(), to_bin=to_bin, is_executable=True
        )
        return self._write(Scheme("scripts"), path, data if relocated is None else relocated, True)

    def _write(self, scheme: Scheme, path: str, data: bytes, is_program: bool) -> RecordEntry:
        folder = self.tree.schemes(self.package.name)[scheme]
        name = posixpath.normpath(posixpath.join(folder, path))
        if path.startswith("/") or name.startswith("../") or (folder and not name.startswith(f"{folder}/")):
            raise ImageError(
                f"{self.package.title}: a file of it would lie outside of its folder",
                expected=f"names below {folder or 'the prefix'}",
                found=path,
            )
        self.tree.put(name, data, is_program=is_program, package=self.package)
        return _entry(path, data)


def _entry(path: str, data: bytes) -> RecordEntry:
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
    return RecordEntry(path, Hash("sha256", digest), len(data))


def _has_bytes(path: Path, data: bytes) -> bool:
    return path.is_file() and not path.is_symlink() and path.read_bytes() == data


def _remove_empty(folder: Path, root: Path) -> None:
    while folder != root and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
