"""Folders with `$` in their names, which SCons takes for variables wherever a text becomes a node."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Project
from tests.scons.test_verified import DECLARED


@pytest.fixture
def weird(tmp_path: Path) -> Project:
    project = Project(tmp_path / "we$ird ${x}" / "$PATH")
    project.add("base")
    project.add("cpython", options='depends=["base"]')
    host = 'print("sysroot:", env.subst("-I$CROSSPYTHON_SYSROOT/usr"))\n'
    project.declare(DECLARED + host)
    return project


def entries(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_products_land_where_they_belong(weird: Project) -> None:
    output = weird.scons("cache=none")
    assert weird.stage("cpython").is_file()
    assert (weird.folder / "build/rv1126/python-1.0-rv1126.tar.gz").is_file()
    assert f"sysroot: -I{weird.folder}/build/rv1126/sysroot/usr" in output
    assert entries(weird.folder.parents[1]) == {weird.folder.parent.name}
    assert entries(weird.folder) == {"SConstruct", "recipes", "mirror", "downloads", "build", "home"}
    assert "is up to date" in weird.scons("cache=none")
    weird.scons("-c")
    assert not weird.stage("cpython").exists()
    assert not (weird.folder / "build/rv1126/sysroot").exists()


def test_a_build_folder_may_have_such_a_name(weird: Project) -> None:
    weird.scons("cache=none", "build=$out/${TARGET}")
    assert (weird.folder / "$out/${TARGET}/rv1126/stages/base-1.0.tar.zst").is_file()
    assert "is up to date" in weird.scons("cache=none", "build=$out/${TARGET}")
    assert entries(weird.folder) == {"SConstruct", "recipes", "mirror", "downloads", "$out", "home"}
