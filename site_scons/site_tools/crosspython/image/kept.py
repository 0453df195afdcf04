"""Bytecode that is kept from one image to the next: an image compiles only the packages that are new in it.

Bytecode is found by all that it was made of, and is taken only if its file has the hash that it was written with. All
paths belong to the build machine; names are those below the prefix.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from crosspython.errors import ArchiveError
from crosspython.finish.bytecode import COMPILE_MODULES
from crosspython.image.tree import Package, Tree
from crosspython.store.disk import write_whole
from crosspython.store.fetch import hash_file
from crosspython.store.tree import packing, unpack_tree
from crosspython.workshop import EPOCH


class KeptBytecode:
    """The folder where it is kept: for each package an archive, and a record of what that was made of.

    interpreter: what compiles: an interpreter, or the archive with it
    """

    def __init__(self, folder: Path, interpreter: Path) -> None:
        self._folder = folder
        status = interpreter.stat()
        self._compiler = [interpreter.name, status.st_size, status.st_mtime_ns, hash_file(COMPILE_MODULES)]

    def bring(self, tree: Tree, package: Package, modules: Sequence[str]) -> bool:
        """Put the bytecode of a package's modules into the tree, if it is there."""
        archive, record = self._places(package)
        try:
            told = json.loads(record.read_text())
            if told != {"made_of": self._made_of(tree, modules), "sha256": hash_file(archive)}:
                return False
            unpack_tree(archive, tree.root)
        except (OSError, ValueError, ArchiveError):
            return False
        return True

    def keep(self, tree: Tree, package: Package, modules: Sequence[str], bytecode: Sequence[str]) -> None:
        """Keep the bytecode that was made of a package's modules, instead of an earlier one of this package."""
        archive, record = self._places(package)
        record.unlink(missing_ok=True)
        with packing(archive, epoch=EPOCH) as packer:
            for name in bytecode:
                packer.add_path(name, str(tree.root / name))
        told = {"made_of": self._made_of(tree, modules), "sha256": hash_file(archive)}
        write_whole(record, json.dumps(told) + "\n")

    def _places(self, package: Package) -> tuple[Path, Path]:
        return self._folder / f"{package.name}.tar.zst", self._folder / f"{package.name}.json"

    def _made_of(self, tree: Tree, modules: Sequence[str]) -> str:
        """The prefix stands in bytecode, as the place of the source."""
        sources = [(name, hash_file(tree.root / name)) for name in modules]
        return hashlib.sha256(json.dumps([self._compiler, tree.prefix, sources]).encode()).hexdigest()
