"""Paths for SCons, escaped: in every text that becomes a node SCons replaces `$NAME` as a variable (its manual,
Variable Substitution), so products would get a wrong path."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def escape(text: str) -> str:
    """The text that SCons reads as the given one."""
    return text.replace("$", "$$")


def file_node(env: Any, path: Path) -> Any:
    return env.File(escape(str(path)))


def folder_node(env: Any, path: Path) -> Any:
    return env.Dir(escape(str(path)))
