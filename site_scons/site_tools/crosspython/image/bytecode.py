"""Compiles the modules of installed packages, and removes the files that slim= leaves out.

build-python compiles each package in a process of its own: a .pyc can depend on the modules that the same process has
compiled before. So the bytes do not depend on the other packages of the image. Paths belong to the build machine.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from crosspython.finish.bytecode import COMPILE_MODULES, source_of_bytecode
from crosspython.finish.python_tree import slimmed
from crosspython.image.tree import ImageTree, Package
from crosspython.run.log import Log
from crosspython.run.process import run_command
from crosspython.workshop import Workshop


def compile_packages(
    installed: Sequence[tuple[ImageTree, Package]], python: Callable[[], Path], workshop: Workshop
) -> None:
    """Byte-compile the modules of packages, each in its tree, in parallel if cores are free.

    python: brings an interpreter of the same X.Y that runs here
    """
    waiting = [(tree, package, modules) for tree, package in installed if (modules := _modules(tree, package))]
    if waiting:
        compile_it = partial(_compile, python(), workshop)
        running = [workshop.jobserver.beside(partial(compile_it, *each)) for each in waiting]
        for each in running:
            each.result()
    for tree, package, modules in waiting:
        package.names += _find_bytecode(tree, modules)


def slim_package(tree: ImageTree, package: Package, *, without_sources: bool) -> None:
    """Remove files from a package by the rules that the same slim= has for a bundle."""
    places = slimmed(dict.fromkeys(package.names, ""), without_sources=without_sources)
    for name in package.names:
        if name not in places:
            tree.root.joinpath(name).unlink()
    for name, place in places.items():
        if name != place:
            tree.root.joinpath(name).replace(tree.root / place)
    package.names = sorted(places.values())
    for folder, _, _ in os.walk(tree.root, topdown=False):
        if not os.listdir(folder):
            os.rmdir(folder)


def _modules(tree: ImageTree, package: Package) -> list[str]:
    return sorted(name for name in package.names if name.startswith(f"{tree.site}/") and name.endswith(".py"))


def _compile(python: Path, workshop: Workshop, tree: ImageTree, package: Package, modules: Sequence[str]) -> None:
    root = str(tree.root).removesuffix(tree.prefix)
    listing = Path(f"{root}-modules")
    listing.write_text("".join(f"{tree.root / each}\t{tree.root / each}\n" for each in modules), encoding="utf-8")
    with Log(workshop.logs / f"image-{package.name}.log") as log:
        run_command(
            [str(python), "-S", "-B", str(COMPILE_MODULES), str(listing), root, "checked"],
            cwd=tree.root,
            env={"PATH": workshop.path, "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0", "PYTHONNOUSERSITE": "1"},
            log=log,
        )


def _find_bytecode(tree: ImageTree, modules: Sequence[str]) -> list[str]:
    """The .pyc files of modules, in folders that other packages may share."""
    folders = sorted({os.path.dirname(name) for name in modules})
    found = [
        f"{folder}/__pycache__/{path.name}"
        for folder in folders
        for path in sorted((tree.root / folder / "__pycache__").glob("*.pyc"))
    ]
    own = frozenset(modules)
    return [name for name in found if source_of_bytecode(name) in own]
