"""The user's call of one of our methods: its file, and the lines of its arguments.

A method that is lent to an environment is called from an SConscript, or from a function of the user's. The stack frames
say from which file, and the frame's position says which call in it (PEP 657).
"""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from types import FrameType

import SCons.Node.FS

from crosspython.builders.settings import COMPONENTS
from crosspython.reading import Keys

_PACKAGE = f"{Path(__file__).resolve().parents[1]}{os.sep}"
_RECIPES = f"{COMPONENTS}{os.sep}"
_SCONS = f"{Path(SCons.Node.FS.__file__).resolve().parents[1]}{os.sep}"


def users_frame() -> FrameType | None:
    """The stack frame of the user's code that called us; None if there is none.

    The recipes that come with crosspython count as the user's code if SCons was started in their repository.
    """
    top = f"{os.path.realpath(SCons.Node.FS.get_default_fs().Top.get_abspath())}{os.sep}"
    ours = (_PACKAGE, _SCONS) if _RECIPES.startswith(top) else (_PACKAGE, _SCONS, _RECIPES)
    frame: FrameType | None = sys._getframe()
    while frame is not None and os.path.realpath(frame.f_code.co_filename).startswith(ours):
        frame = frame.f_back
    return frame


def find_line_in_call(keys: Keys, positional: Sequence[str] = ()) -> int | None:
    """The line of an argument, or of a part of it, in the user's call; if that is not found, the line of the call.

    positional: names of the arguments that may be given without a name
    """
    frame = users_frame()
    if frame is None:
        return None
    call = _find_call(frame)
    if call is None:
        return frame.f_lineno
    node: ast.expr | None = call
    line = call.lineno
    for number, key in enumerate(keys):
        node = _part(node, key, positional if number == 0 else ())
        if node is None:
            break
        line = node.lineno
    return line


def _find_call(frame: FrameType) -> ast.Call | None:
    """The call that a frame is at, in its file's text."""
    position = next(islice(frame.f_code.co_positions(), frame.f_lasti // 2, None), None)
    try:
        tree = ast.parse(Path(frame.f_code.co_filename).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return None
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    return next((call for call in calls if _position(call) == position), None)


def _position(node: ast.expr) -> tuple[int | None, int | None, int | None, int | None]:
    """The position of a part of the call, in the form of code.co_positions."""
    return node.lineno, node.end_lineno, node.col_offset, node.end_col_offset


def _part(node: ast.expr | None, key: str | int, positional: Sequence[str]) -> ast.expr | None:
    """The part of a call, a dict or a list that belongs to a key; None if there is no such part."""
    if isinstance(node, (ast.List, ast.Tuple)):
        items = node.elts[: key + 1] if isinstance(key, int) else []
        is_counted = not any(isinstance(item, ast.Starred) for item in items)
        return items[-1] if items and is_counted else None
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        return next((value for name, value in pairs if isinstance(name, ast.Constant) and name.value == key), None)
    if isinstance(node, ast.Call):
        named = {keyword.arg: keyword.value for keyword in node.keywords}
        return named.get(str(key)) or dict(zip(positional, node.args, strict=False)).get(str(key))
    return None
