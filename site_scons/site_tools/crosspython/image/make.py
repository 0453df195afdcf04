"""Making an image: the bundle's tree, the wheels in it, their bytecode, one file. Reads like a table of contents.

All paths belong to the build machine, except for the prefix.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from crosspython.errors import ArchiveError, ImageError
from crosspython.finish.python_tree import is_no_test
from crosspython.image.bytecode import compile_packages, slim_packages
from crosspython.image.contents import Contents
from crosspython.image.forms import FORMS
from crosspython.image.install import install_into_image
from crosspython.image.kept import KeptBytecode
from crosspython.image.tree import ImageTree, Package, remove_pip
from crosspython.store.tree import unpack_tree
from crosspython.store.walk import find_files
from crosspython.workshop import Workshop

_LARGEST = 3


@dataclass(frozen=True)
class ImageOrder:
    """One image to be made.

    bundle:       the archive with the Python
    wheels:       what is installed into it
    build_python: the stage archive of the Python that runs here, or an interpreter's path; None without wheels
    name, version: those of the image
    python, series: CPython's version, "3.13.5", and "3.13", as its folder is called
    slim:         as the bundle's: "0", "1", "pyc"
    has_pip:      whether pip stays in it
    form:         a key of FORMS
    kept:         the folder where bytecode is kept for the next image
    limit:        the most bytes that it may use on the board; None: no limit
    """

    bundle: Path
    wheels: tuple[Path, ...]
    build_python: Path | None
    name: str
    version: str
    python: str
    series: str
    prefix: str
    slim: str
    has_pip: bool
    form: str
    kept: Path
    limit: int | None
    product: Path


@dataclass(frozen=True)
class ImageReport:
    """Sizes in bytes: of the file, of the tree on the board, and of each part of that tree, largest first."""

    file: int
    unpacked: int
    parts: tuple[tuple[str, int], ...]


def make_image(order: ImageOrder, workshop: Workshop) -> ImageReport:
    """Make an image. The file gets its name only when it is complete, and only if it is not larger than its limit.

    Raises ImageError, ArchiveError, HostToolError: this machine lacks what its form is made with.
    """
    form = FORMS[order.form]
    form.require_tools(workshop.path)
    work = workshop.work / f"{order.product.name}.tree"
    shutil.rmtree(work, ignore_errors=True)
    tree = _unpack(order, work / "board")
    packages = install_into_image(tree, order.wheels)
    if order.build_python is not None:
        python = partial(_find_interpreter, order.build_python, work / "build-python")
        compile_packages(tree, packages, python, KeptBytecode(order.kept, order.build_python), workshop)
    if order.slim != "0":
        slim_packages(tree, packages, without_sources=order.slim == "pyc")
    parts = _weigh(tree, packages, f"Python {order.python}")
    contents = Contents(tree.root, order.prefix, order.name, order.version, parts)
    if not form.is_mounted:
        _require_limit(order, contents.size, parts)
    product = order.product.with_name(f"{order.product.name}.part.{order.form}")
    try:
        form.write(contents, product, workshop)
        if form.is_mounted:
            _require_limit(order, product.stat().st_size, parts)
        product.replace(order.product)
    finally:
        product.unlink(missing_ok=True)
    shutil.rmtree(work)
    return ImageReport(order.product.stat().st_size, contents.size, parts)


def _unpack(order: ImageOrder, folder: Path) -> ImageTree:
    root = folder / order.prefix.lstrip("/")
    unpack_tree(order.bundle, root.parent)
    if not (root / f"lib/python{order.series}").is_dir():
        raise ArchiveError(
            f"{order.bundle}: not a bundle of Python {order.series} for {order.prefix}",
            expected=f"{root.name}/lib/python{order.series} in it",
            next="take what env.Bundle() returns",
        )
    tree = ImageTree(root, order.series, order.prefix)
    if not order.has_pip:
        remove_pip(tree)
    return tree


def _find_interpreter(build_python: Path, folder: Path) -> Path:
    if build_python.suffix != ".zst":
        return build_python
    unpack_tree(build_python, folder, only=is_no_test)
    return folder / "bin/python3"


def _weigh(tree: ImageTree, packages: Sequence[Package], python: str) -> tuple[tuple[str, int], ...]:
    """The size of each package, and of all other files together; largest first."""
    sizes = {package.title: sum(_size(tree.root / name) for name in package.names) for package in packages}
    rest = sum(map(_size, find_files(tree.root))) - sum(sizes.values())
    return tuple(sorted({python: rest, **sizes}.items(), key=lambda part: (-part[1], part[0])))


def _size(path: Path) -> int:
    return path.stat().st_size


def _require_limit(order: ImageOrder, size: int, parts: Sequence[tuple[str, int]]) -> None:
    if order.limit is None or size <= order.limit:
        return
    largest = ", ".join(f"{title} {show_size(each)}" for title, each in parts[:_LARGEST])
    raise ImageError(
        f"{order.product.name} is too large",
        expected=f"at most {show_size(order.limit)} on the board (max_size=)",
        found=f"{show_size(size)}; the largest: {largest}",
        next="slim=pyc pip=0 makes it smaller; image=squashfs is compressed on the board, too",
    )


def show_size(size: int) -> str:
    """A size for people, in MB; small sizes in kB."""
    return f"{size / 1e6:.1f} MB" if size >= 50_000 else f"{size / 1e3:.1f} kB"
