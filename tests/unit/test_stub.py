"""The stub for editors has exactly the methods of an environment."""

from __future__ import annotations

import ast
import os
from pathlib import Path

import crosspython
import pytest
import SCons.Environment

from tests.unit.made_stub import STUB, make_stub


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_stub_is_that_of_the_methods() -> None:
    assert STUB.read_text() == make_stub(), "PYTHONPATH=site_scons/site_tools python -m tests.unit.made_stub writes it"
    [kind] = [node for node in ast.parse(STUB.read_text()).body if isinstance(node, ast.ClassDef)]
    assert {"Autoconf", "Bundle", "Wheels", "Image"} < {node.name for node in kind.body if hasattr(node, "name")}
    assert os.listdir() == []


def test_an_sconstruct_may_name_the_class() -> None:
    assert issubclass(SCons.Environment.Environment, crosspython.Environment)
    with pytest.raises(AttributeError):
        crosspython.Enviroment  # noqa: B018
