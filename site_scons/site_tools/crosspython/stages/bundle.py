"""What the user gets: the bundle, which is unpacked on the board, and the sysroot, which firmware links against.

Both are put together from stage archives. The bundle holds Python and the run-time part of each component (`ships` of
its recipe); the sysroot holds everything, below usr/.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from crosspython.run.jobserver import Beside, at_once
from crosspython.stages.audit import BoardNeeds, board_needs
from crosspython.stages.bytecode import remove_orphaned_bytecode, source_of
from crosspython.stages.carry_out import EPOCH
from crosspython.store.disk import write_whole
from crosspython.store.tree import pack_tree, unpack_tree

# What a board does not need, below the prefix. `slim=1` leaves it out.
SLIM = (
    "include",
    "share",
    "lib/pkgconfig",
    "lib/*.a",
    "lib/python3.*/test",
    "lib/python3.*/*/test",
    "lib/python3.*/*/tests",
    "lib/python3.*/idlelib",
    "lib/python3.*/turtledemo",
    "lib/python3.*/turtle.py",
    "lib/python3.*/tkinter",
    "lib/python3.*/pydoc_data",
    "lib/python3.*/pydoc.py",
    "lib/python3.*/lib2to3",
    "lib/python3.*/config-3.*",
    "lib/python3.*/lib-dynload/_test*.so",
    "lib/python3.*/lib-dynload/_ctypes_test*.so",
    "lib/python3.*/lib-dynload/_xxtestfuzz*.so",
    "lib/python3.*/lib-dynload/xxlimited*.so",
    "lib/python3.*/lib-dynload/xxsubtype*.so",
    "bin/2to3*",
    "bin/idle3*",
    "bin/pydoc3*",
    "bin/python3*-config",
)


@dataclass(frozen=True)
class BundleReport:
    """Sizes in bytes: of the archive, of the tree on the board, and what slimming saved of it; what the board must have."""

    archive: int
    unpacked: int
    saved: int
    needs: BoardNeeds


def make_bundle(
    python: Path,
    components: Mapping[Path, tuple[str, ...]],
    product: Path,
    *,
    prefix: str,
    slim: str,
    work: Path,
    beside: Beside = at_once,
) -> BundleReport:
    """Put the bundle together.

    python:     CPython's stage archive
    components: stage archives with the globs of what ships
    slim:       "0" all, "1" without what a board does not need, "pyc" also without the .py beside the .pyc
    beside:     where work is done that can be done side by side
    """
    root = PurePosixPath(prefix).name
    with fresh_folder(work / f"{product.name}.tree") as tree:
        unpack_tree(python, tree)
        for archive, globs in components.items():
            unpack_tree(archive, tree, only=_matches_any(globs))
        before = size_of(tree)
        if slim != "0":
            remove_needless(tree)
        if slim == "pyc":
            keep_only_bytecode(tree)
        after = size_of(tree)
        needs = beside(partial(board_needs, tree))
        pack_tree(tree, product, epoch=EPOCH, root=root, beside=beside)
    return BundleReport(product.stat().st_size, after, before - after, needs.result())


def _matches_any(globs: tuple[str, ...]) -> Callable[[str], bool]:
    return lambda name: any(PurePosixPath(name).match(glob) for glob in globs)


def make_sysroot(archives: Iterable[Path], folder: Path, stamp: Path) -> None:
    """Unpack stage archives below `folder`/usr, and write their names and hashes to `stamp` when all is there.

    Python's own tests stay out: nobody links against them.
    """
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "usr").mkdir(parents=True)
    names = []
    for archive in archives:
        unpack_tree(archive, folder / "usr", only=is_no_test)
        with archive.open("rb") as file:
            names.append(f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {archive.name}")
    write_whole(stamp, "\n".join(names) + "\n")


def is_no_test(name: str) -> bool:
    """Whether a name of a Python's tree is none of its own tests, which are half of it."""
    parts = name.split("/")
    return not ("test" in parts[2:] and parts[0] == "lib" and parts[1].startswith("python"))


def remove_needless(tree: Path) -> None:
    """Leave out what `slim=1` promises, and links that this leaves dangling."""
    for glob in SLIM:
        for path in sorted(tree.glob(glob)):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
    for library in tree.glob("lib/python3.*"):
        remove_orphaned_bytecode(library)
    for path in (*tree.glob("bin/*"), *tree.glob("lib/*.so*")):
        if path.is_symlink() and not path.exists():
            path.unlink()


def keep_only_bytecode(tree: Path) -> None:
    """Move each .pyc from __pycache__ to where an import finds it without its source, and drop the source (PEP 3147)."""
    for cached in sorted(tree.glob("lib/python3.*/**/__pycache__/*.pyc")):
        source = source_of(cached)
        if source.exists():
            shutil.move(cached, source.with_suffix(".pyc"))
            source.unlink()
    for folder in sorted(tree.glob("lib/python3.*/**/__pycache__")):
        if not any(folder.iterdir()):
            folder.rmdir()


def size_of(tree: Path) -> int:
    """The bytes of all files below a folder."""
    return sum(os.lstat(os.path.join(parent, name)).st_size for parent, _, names in os.walk(tree) for name in names)


@contextmanager
def fresh_folder(folder: Path) -> Iterator[Path]:
    """An empty folder that goes when all went well."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    yield folder
    shutil.rmtree(folder)
