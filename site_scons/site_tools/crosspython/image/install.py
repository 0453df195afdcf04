"""A wheel installed into a tree without an emulator, by the library that installers are made of.

Knows where the parts of a wheel go (PEP 427), and that a script must find its interpreter relative to its own folder.
Nothing of a wheel is run. All paths belong to the build machine; names are those below the prefix.
"""

from __future__ import annotations

import base64
import hashlib
import os
import posixpath
import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from installer import install
from installer.destinations import WheelDestination
from installer.records import Hash, RecordEntry
from installer.scripts import Script
from installer.sources import WheelFile
from installer.utils import Scheme, construct_record_file, fix_shebang
from packaging.utils import canonicalize_name

from crosspython.errors import ImageError
from crosspython.finish.scripts import make_relocatable_script
from crosspython.image.tree import ImageTree, Package
from crosspython.store.tree import reading

if TYPE_CHECKING:
    from installer.scripts import ScriptSection

# A wheel's own scripts should begin with `#!python`, which an installer replaces; those with `env` mean the same here.
_ENV = re.compile(rb"#![ \t]*/usr/bin/env[ \t]+python[0-9.]*[ \t]*(?=\r?\n)")


def install_into_tree(tree: ImageTree, wheel: Path) -> Package:
    """Install a wheel. Raises ArchiveError for a damaged one, ImageError for a name outside of its folder."""
    with reading(wheel), WheelFile.open(wheel) as source, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # installer warns that it skips a wheel's bytecode; we compile our own
        package = Package(canonicalize_name(source.distribution), source.version)
        install(source, _Destination(tree, package), {"INSTALLER": b"crosspython\n"})
    return package


@dataclass
class _Destination(WheelDestination):
    """Where installer's library writes the files of one wheel."""

    tree: ImageTree
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
        """Write a script that finds the interpreter relative to its own folder."""
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
                f"{self.package.title}: one of its files would be outside of its folder",
                expected=f"names below {folder or 'the prefix'}",
                found=path,
            )
        self.tree.put(name, data, is_program=is_program, package=self.package)
        return _entry(path, data)


def _entry(path: str, data: bytes) -> RecordEntry:
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
    return RecordEntry(path, Hash("sha256", digest), len(data))
