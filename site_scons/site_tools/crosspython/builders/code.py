"""The code that decides about a product: the modules that an action's function names, and all that these import.

A key of the artifact cache contains the hash of this code, so runs with other code do not share products with us.
Nothing is listed by hand. Modules are read, not run; an import counts in whatever scope it is.
A data file counts if it is beside a module, or in the folder data there, and the module contains its full name.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

PACKAGE = Path(__file__).resolve().parents[1]
_NAME = PACKAGE.name
_SCONS_LAYER = f"{_NAME}.builders"
_WORD = re.compile(r"\w+")
# Data of a module, in quotes.
_FILE_NAME = re.compile(r"""["']([\w-][\w./-]*\.[a-z]+)["']""")


def code_identity(function: Callable[..., Any]) -> str:
    """The hash of the code and data that a function of the SCons layer runs."""
    return hash_modules(frozenset(modules_named_by(function)))


@cache
def hash_modules(entries: frozenset[str]) -> str:
    """The hash of modules, by their dotted names, with all that they import."""
    digest = hashlib.sha256()
    for file in files_behind(entries):
        digest.update(f"\n{file.relative_to(PACKAGE)}\n".encode() + file.read_bytes())
    return digest.hexdigest()


def files_behind(entries: Iterable[str]) -> list[Path]:
    """The files of modules and of all that they import, with the data that these call by name.

    Imports of modules of the SCons layer are left to modules_named_by, because these modules serve many purposes.
    """
    waiting, seen, found = set(entries), set[str](), set[Path]()
    while waiting:
        name = waiting.pop()
        seen.add(name)
        file = _file_of(name)
        if file is None:
            continue
        found.add(file)
        if not _is_scons_layer(name):
            text = file.read_text(encoding="utf-8")
            folders = (str(file.parent), str(file.parent / "data"))
            names = (os.path.join(at, name) for name in set(_FILE_NAME.findall(text)) for at in folders)
            data = {Path(name) for name in names if os.path.isfile(name)}
            programs = {_name_of(path) for path in data if path.suffix == ".py"}  # run by themselves
            waiting |= (programs | set(own_imports(text))) - seen
            found |= {path for path in data if path.suffix != ".py"}
    return sorted(found)


def modules_named_by(function: Callable[..., Any]) -> set[str]:
    """The modules that a function of the SCons layer imports or takes things from,
    with those of functions there that it calls."""
    found, seen, waiting = set[str](), set[FunctionType](), [function]
    while waiting:
        thing = waiting.pop()
        if not isinstance(thing, FunctionType) or thing in seen:
            continue
        seen.add(thing)
        found.add(thing.__module__)
        if _is_scons_layer(thing.__module__):
            waiting += _closed_over(thing)
            for code in _codes_of(thing.__code__):
                imported = {name for name in code.co_names if "." in name}
                found |= imported
                waiting += _named(thing, code, filter(_is_scons_layer, imported))
                found |= {thing.__globals__[name].__module__ for name in code.co_names if _is_ours(thing, name)}
    return found


def _closed_over(function: FunctionType) -> list[Any]:
    """The functions that an inner function has from those around it."""
    cells = (cell.cell_contents for cell in function.__closure__ or ())
    return [getattr(value, "__func__", value) for value in cells]


def _named(function: FunctionType, code: CodeType, modules: Iterable[str]) -> list[Any]:
    """The objects that a function's code may call: those of its module, and of modules that it imports when it runs."""
    spaces = [function.__globals__, *(vars(import_module(module)) for module in modules)]
    return [space[name] for space in spaces for name in code.co_names if name in space]


def _codes_of(code: CodeType) -> Iterator[CodeType]:
    """A function's code, with that of functions inside it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes_of(constant)


def _is_ours(function: FunctionType, name: str) -> bool:
    return str(getattr(function.__globals__.get(name), "__module__", "")).startswith(f"{_NAME}.")


def _is_scons_layer(name: str) -> bool:
    return name == _SCONS_LAYER or name.startswith(f"{_SCONS_LAYER}.")


def _file_of(name: str) -> Path | None:
    """The file of a module by its dotted name. None if the module is not ours, or is a package: the __init__.py of a
    package only describes it."""
    if not name.startswith(f"{_NAME}."):
        return None
    file = f"{PACKAGE}{name.removeprefix(_NAME).replace('.', os.sep)}.py"
    return Path(file) if os.path.isfile(file) else None


def _name_of(file: Path) -> str:
    return ".".join((_NAME, *file.relative_to(PACKAGE).with_suffix("").parts))


def own_imports(text: str) -> Iterator[str]:
    """The modules of ours that code imports, in any scope. A name that is imported from a package may be a module.

    The code is searched with regular expressions that begin with fixed text, because parsing would delay every run that
    makes a key. A test compares the result with what Python's parser finds.
    """
    for start, names in re.findall(rf"from ({_NAME}\b[\w.]*) import (\([^)]*\)|.*)", text):
        yield from (start, *(f"{start}.{name}" for name in _WORD.findall(names)))
    yield from re.findall(rf"import ({_NAME}\.[\w.]+)", text)
