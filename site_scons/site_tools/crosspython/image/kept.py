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
from crosspython.image.tree import ImageTree
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

    def identify(self, tree: ImageTree, modules: Sequence[str]) -> str:
        """The hash of all that the bytecode of modules is made of. The prefix is in it, as the place of the sources."""
        sources = [(name, hash_file(tree.root / name)) for name in modules]
        return hashlib.sha256(json.dumps([self._compiler, tree.prefix, sources]).encode()).hexdigest()

    def bring(self, tree: ImageTree, package: str, identity: str) -> bool:
        """Put a package's bytecode of this identity into the tree, if it is there."""
        archive, record = self._places(package)
        try:
            told = json.loads(record.read_text())
            if told != {"made_of": identity, "sha256": hash_file(archive)}:
                return False
            unpack_tree(archive, tree.root)
        except (OSError, ValueError, ArchiveError):
            return False
        return True

    def keep(self, tree: ImageTree, package: str, identity: str, bytecode: Sequence[str]) -> None:
        """Keep a package's bytecode of this identity, instead of an earlier one of this package."""
        archive, record = self._places(package)
        record.unlink(missing_ok=True)
        with packing(archive, epoch=EPOCH) as packer:
            for name in bytecode:
                packer.add_path(name, str(tree.root / name))
        write_whole(record, json.dumps({"made_of": identity, "sha256": hash_file(archive)}) + "\n")

    def _places(self, package: str) -> tuple[Path, Path]:
        return self._folder / f"{package}.tar.zst", self._folder / f"{package}.json"
