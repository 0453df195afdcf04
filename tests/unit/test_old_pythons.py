"""Code for a Python of the target's series uses the language of Python 3.5, as far as this Python can tell."""

from __future__ import annotations

import ast
from pathlib import Path

import crosspython
import pytest

PACKAGE = Path(crosspython.__file__).parent
SCRIPTS = (
    "checks/data/imports.py",
    "checks/data/selftest.py",
    "components/cpython/training.py",
    "finish/compile_modules.py",
    "stages/data/guarded_ctypes.py",
    "wheels/building/data/crosspython_find_library.py",
)


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_for_old_pythons_can_be_parsed_by_them(script: str) -> None:
    ast.parse((PACKAGE / script).read_text(), feature_version=(3, 5))


def test_what_they_cannot_parse_is_found() -> None:
    for text in ('f"{x}"', "while (x := 1): pass", "x: int = 1"):
        with pytest.raises(SyntaxError):
            ast.parse(text, feature_version=(3, 5))
