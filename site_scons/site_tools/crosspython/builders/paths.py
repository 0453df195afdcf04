"""Escaping of paths for SCons. In a text that becomes a node, SCons replaces `$NAME` by a variable (its manual,
Variable Substitution), so a product whose path contains a `$` would get a wrong path."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def escape(text: str) -> str:
    """The escaped text: after its substitution, SCons has the given text."""
    return text.replace("$", "$$")


def file_node(env: Any, path: Path) -> Any:
    return env.File(escape(str(path)))


def folder_node(env: Any, path: Path) -> Any:
    return env.Dir(escape(str(path)))
