"""Making an image: a part of the bundle and one of each wheel, with bytecode, one file. Reads like a table of contents.

All paths belong to the build machine, except for the prefix.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from packaging.utils import canonicalize_name

from crosspython.errors import ArchiveError, ImageError
from crosspython.finish.python_tree import is_no_test
from crosspython.image.bytecode import compile_packages, slim_package
from crosspython.image.contents import Contents
from crosspython.image.forms import FORMS
from crosspython.image.install import install_into_tree
from crosspython.image.parts import ImagePart, KeptParts, join_parts, require_no_clash
from crosspython.image.tree import PIP, ImageTree, remove_distribution, remove_pip
from crosspython.store.fetch import hash_file
from crosspython.store.tree import unpack_tree
from crosspython.workshop import Workshop

_BUNDLE = "_bundle"  # no package's name
_ARCHIVE = "image.tar.gz"
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
    kept:         the folder where parts are kept for the next image
    code:         the hash of the code that makes them
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
    code: str
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
    work.mkdir(parents=True)
    parts = _Maker(order, workshop, work).make_parts()
    require_no_clash(parts)
    sizes = _weigh(parts)
    size = sum(each for _, each in sizes)
    if not form.is_mounted:
        _require_limit(order, size, sizes)
    product = order.product.with_name(f"{order.product.name}.part.{order.form}")
    try:
        join_parts(parts, product if form.write is None else work / _ARCHIVE)
        if form.write is not None:
            unpack_tree(work / _ARCHIVE, work / "whole")
            root = work / "whole" / PurePosixPath(order.prefix).name
            form.write(Contents(root, order.prefix, order.name, order.version, sizes), product, workshop)
        if form.is_mounted:
            _require_limit(order, product.stat().st_size, sizes)
        product.replace(order.product)
    finally:
        product.unlink(missing_ok=True)
    shutil.rmtree(work)
    return ImageReport(order.product.stat().st_size, size, sizes)


class _Maker:
    """Makes the parts of one image, or takes those that were kept."""

    def __init__(self, order: ImageOrder, workshop: Workshop, work: Path) -> None:
        self._order, self._workshop, self._work = order, workshop, work
        root = PurePosixPath(order.prefix).name
        self._kept = KeptParts(order.kept, root, workshop.jobserver.beside)

    def make_parts(self) -> list[ImagePart]:
        """The bundle's part, and those of the wheels, sorted by name."""
        named = {_name_of(wheel): wheel for wheel in sorted(self._order.wheels)}
        parts = {name: self._kept.find(name, self._identify(wheel)) for name, wheel in named.items()}
        new = {name: wheel for name, wheel in named.items() if parts[name] is None}
        parts |= self._make_packages(new)
        return [self._take_bundle(named), *(part for part in parts.values() if part)]

    def _make_packages(self, wheels: Mapping[str, Path]) -> dict[str, ImagePart]:
        order = self._order
        trees = {name: self._lay_tree(name) for name in wheels}
        packages = {name: install_into_tree(trees[name], wheel) for name, wheel in wheels.items()}
        if order.build_python is not None:
            python = partial(_find_interpreter, order.build_python, self._work / "build-python")
            compile_packages([(trees[name], packages[name]) for name in wheels], python, self._workshop)
        if order.slim != "0":
            for name, package in packages.items():
                slim_package(trees[name], package, without_sources=order.slim == "pyc")
        return {
            name: self._kept.keep(name, self._identify(wheel), packages[name].title, trees[name].root)
            for name, wheel in wheels.items()
        }

    def _take_bundle(self, replaced: Iterable[str]) -> ImagePart:
        """The bundle without packages that wheels bring. Raises ArchiveError: it is no bundle of this Python."""
        order = self._order
        removed = sorted({*PIP} & {*replaced})
        made_of = _hash([hash_file(order.bundle), order.python, order.has_pip, removed, *self._common])
        if part := self._kept.find(_BUNDLE, made_of):
            return part
        tree = self._lay_tree(_BUNDLE)
        _unpack_bundle(order, tree)
        if not order.has_pip:
            remove_pip(tree)
        for name in removed:
            remove_distribution(tree, name)
        return self._kept.keep(_BUNDLE, made_of, f"Python {order.python}", tree.root)

    def _lay_tree(self, name: str) -> ImageTree:
        root = self._work / name / self._order.prefix.lstrip("/")
        root.mkdir(parents=True)
        return ImageTree(root, self._order.series, self._order.prefix)

    def _identify(self, wheel: Path) -> str:
        """The hash of all that a package's part is made of. Bytecode contains the prefix, as the place of the
        sources."""
        python = self._order.build_python
        status = python.stat() if python else None
        compiler = [python.name, status.st_size, status.st_mtime_ns] if python and status else []
        return _hash([hash_file(wheel), compiler, self._order.slim, *self._common])

    @property
    def _common(self) -> list[str]:
        return [self._order.prefix, self._order.series, self._order.code]


def _name_of(wheel: Path) -> str:
    return canonicalize_name(wheel.name.partition("-")[0])


def _hash(facts: list[object]) -> str:
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def _unpack_bundle(order: ImageOrder, tree: ImageTree) -> None:
    unpack_tree(order.bundle, tree.root.parent)
    if not (tree.root / f"lib/python{order.series}").is_dir():
        raise ArchiveError(
            f"{order.bundle}: not a bundle of Python {order.series} for {order.prefix}",
            expected=f"{tree.root.name}/lib/python{order.series} in it",
            next="take what env.Bundle() returns",
        )


def _find_interpreter(build_python: Path, folder: Path) -> Path:
    if build_python.suffix != ".zst":
        return build_python
    unpack_tree(build_python, folder, only=is_no_test)
    return folder / "bin/python3"


def _weigh(parts: Sequence[ImagePart]) -> tuple[tuple[str, int], ...]:
    """The size of each part, largest first. A file that several parts have counts for the first of them."""
    sizes, seen = {}, set[str]()
    for part in parts:
        sizes[part.title] = sum(file.size for file in part.files if file.name not in seen)
        seen.update(file.name for file in part.files)
    return tuple(sorted(sizes.items(), key=lambda part: (-part[1], part[0])))


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
