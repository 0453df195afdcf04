"""Which component brings a header or a library that a package looks for: the table in libraries.toml.

Knows names, not files, because most components are not built yet.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

_TABLE = Path(__file__).with_name("libraries.toml")
_KINDS = ("headers", "libraries", "packages")


@cache
def read_libraries() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """The contents of each component: shell patterns of headers, libraries and packages."""
    rows = tomllib.loads(_TABLE.read_text(encoding="utf-8"))
    return {name: {kind: tuple(row[kind]) for kind in _KINDS} for name, row in rows.items()}


def component_that_brings(wanted: str) -> str | None:
    """The component that contains a header (`webp/mux.h`), a library (`xml2`, `libxml2.so`), or a package of
    pkg-config, Meson or CMake (`libxml-2.0`, `LibXml2`); None if no component does."""
    names = {wanted, wanted.split(".so")[0].removeprefix("lib"), wanted.lower()}
    for component, row in read_libraries().items():
        patterns = [pattern for kind in _KINDS for pattern in row[kind]]
        if any(fnmatchcase(name, pattern) for name in names for pattern in patterns):
            return component
    return None
