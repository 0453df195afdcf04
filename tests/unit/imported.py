"""The modules that a file imports, in any scope, as Python's own parser finds them."""

from __future__ import annotations

import ast
import functools
from pathlib import Path


@functools.cache
def imports_of(path: Path) -> frozenset[str]:
    """Dotted names. A name that is imported from a package may be a module."""
    found = set[str]()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(found)
