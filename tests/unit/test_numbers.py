"""The abilities of a Python are named facts in its series' file: no code compares a Python's number."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import crosspython
import pytest

PACKAGE = Path(crosspython.__file__).parent
NUMBERS = {"version_info", "hexversion", "python_version", "python_version_tuple", "PY_VERSION_HEX"}
# Only files that match are parsed, which takes a while.
MAY_HAVE_ONE = re.compile("|".join((r"\b3\s*,", r"3\.\d", *NUMBERS)))


def compared(tree: ast.AST) -> Iterator[ast.expr]:
    """Values that are compared: by an operator, or by min() and max()."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            yield from (node.left, *node.comparators)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("min", "max"):
            yield from node.args


def is_number(part: ast.expr) -> bool:
    """A Python's number, as it is written: (3, 12), "3.12", sys.version_info[:2]."""
    return any(map(_is_number, ast.walk(part)))


def _is_number(node: ast.AST) -> bool:
    match node:
        case ast.Attribute(attr=name):
            return name in NUMBERS
        case ast.Tuple(elts=[ast.Constant(value=3), _, *_]):
            return True
        case ast.Constant(value=str(text)):
            return re.fullmatch(r"3\.\d+(\.\d+)?", text) is not None
    return False


@pytest.mark.parametrize("text", ["number >= (3, 12)", "'3.13' == x", "sys.version_info < x", "min(x, (3, 9))"])
def test_a_comparison_is_found(text: str) -> None:
    assert MAY_HAVE_ONE.search(text)
    assert any(map(is_number, compared(ast.parse(text))))


@pytest.mark.parametrize("text", ["x[:3] == (2106, 2, 7)", "sides == 3", "name == '3 of 4'", "x = (3, 12)"])
def test_another_comparison_is_none_of_a_python(text: str) -> None:
    assert not any(map(is_number, compared(ast.parse(text))))


def test_no_code_compares_a_pythons_number() -> None:
    guilty = [
        f"{path.relative_to(PACKAGE)}:{part.lineno}: {ast.unparse(part)}"
        for path in PACKAGE.rglob("*.py")
        if MAY_HAVE_ONE.search(text := path.read_text())
        for part in compared(ast.parse(text))
        if is_number(part)
    ]
    assert guilty == []
