"""The modules of a wheel, read from its file alone.

Knows which names in a wheel are modules, and which of them a user would import first. Nothing is unpacked or run: the
check of wheels tests whether the modules can be imported.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

_ELF = b"\x7fELF"


@dataclass(frozen=True)
class Modules:
    """The dotted names of modules and packages at the top, and of all extension modules."""

    top: tuple[str, ...]
    extensions: tuple[str, ...]


def read_modules(wheel: Path) -> Modules:
    """List the modules that Python can import from a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        members = {way: name for name in archive.namelist() if (way := _way_of(name)) is not None}
        extensions = [
            module
            for way, name in members.items()
            if name.endswith(".so") and (module := _module_of(way)) and defines_module(archive.read(name), module)
        ]
    modules = {_module_of(way) for way in members if way.suffix == ".py"} | set(extensions)
    return Modules(_top_of(filter(None, modules)), tuple(sorted(extensions)))


def defines_module(data: bytes, module: str) -> bool:
    """Whether a file is an extension module of that dotted name: it then has a function PyInit_<last part>."""
    return data.startswith(_ELF) and init_symbol(module) in data


def init_symbol(module: str) -> bytes:
    """The symbol of an extension module's init function, which Python calls first."""
    return f"\0PyInit_{module.rpartition('.')[2]}\0".encode()


def _way_of(name: str) -> PurePosixPath | None:
    """A member's path below site-packages; None if it is not installed there (PEP 427)."""
    parts = PurePosixPath(name).parts
    if parts[0].endswith(".data"):
        return PurePosixPath(*parts[2:]) if parts[1] in ("purelib", "platlib") else None
    return None if parts[0].endswith(".dist-info") else PurePosixPath(name)


def _module_of(way: PurePosixPath) -> str | None:
    """The dotted name of a module's file, None where Python could never import it under that name."""
    parts = [*way.parts[:-1], way.name.partition(".")[0]]
    if parts[-1] == "__init__":
        parts.pop()
    return ".".join(parts) if parts and all(part.isidentifier() for part in parts) else None


def _top_of(modules: Iterable[str]) -> tuple[str, ...]:
    """The modules that are not inside another one. In a namespace package (PEP 420) they are not at the top level."""
    found = set(modules)
    parents = {module: [module[:index] for index, letter in enumerate(module) if letter == "."] for module in found}
    return tuple(sorted(module for module in found if not found.intersection(parents[module])))
