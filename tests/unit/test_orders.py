"""Orders are plain data: what an action needs to make a product could be sent to another machine."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from crosspython.recipes.kind import Choices
from crosspython.recipes.kinds import KINDS
from crosspython.recipes.recipe import Recipe
from crosspython.stages.component_build import ComponentOrder
from crosspython.wheels.commits import Commit
from crosspython.wheels.known.overrides import SHIPPED, find_override
from crosspython.wheels.model import LockedFile, LockedPackage, LockedTools, Toolset, WheelOrder
from crosspython.wheels.project_files import ProjectFiles
from crosspython.wheels.version_control import Repository
from packaging.requirements import Requirement

from tests.conftest import REPOSITORY
from tests.unit.declared import RELEASE, board
from tests.unit.made_toolchain import VENDORS
from tests.unit.test_components import NAMES, read

HERE = Path("/build/stages")
SDIST = LockedFile("toy-1.0.tar.gz", "0" * 64, url="https://index.invalid/toy-1.0.tar.gz", size=1)
TOY = LockedPackage("toy", "1.0", sdist=SDIST, depends=("other",), build_requires=(Requirement("setuptools>=61"),))


def sent(order: object) -> object:
    return pickle.loads(pickle.dumps(order))


def order_of(recipe: Recipe) -> ComponentOrder:
    archives = {name: HERE / f"{name}.tar.zst" for name in recipe.depends}
    build_python = HERE / "build-python.tar.zst" if recipe.plan.needs_build_python else None
    return ComponentOrder(recipe, VENDORS, archives, HERE / "x.tar.zst", HERE / "x.debug.tar.zst", build_python)


@pytest.mark.parametrize("name", NAMES)
def test_a_components_order_arrives_as_it_was(name: str) -> None:
    order = order_of(read(name))
    assert sent(order) == order


@pytest.mark.parametrize("kind", ["CPython", "BuildPython"])
def test_a_pythons_order_arrives_as_it_was(kind: str) -> None:
    recipe = KINDS[kind]().recipe(Choices(board(), RELEASE, shared=False), REPOSITORY / "components/cpython")
    order = order_of(recipe)
    assert sent(order) == order


def wheel_order(source: Path | ProjectFiles, package: LockedPackage = TOY, override: str = "toy") -> WheelOrder:
    archives, wheels = {"zlib": HERE / "zlib.tar.zst"}, {"numpy": HERE / "numpy-2.0-cp313.whl"}
    tools = LockedTools(Toolset("x86_64", ("toy",), (), (TOY,)), {SDIST.name: HERE / "0" / "0"})
    return WheelOrder(package, find_override(override), source, archives, wheels, HERE / "toy.whl", "0" * 64, tools)


@pytest.mark.parametrize("name", sorted(file.stem for file in SHIPPED.glob("*.toml")))
def test_a_wheels_order_arrives_as_it_was(name: str) -> None:
    order = wheel_order(HERE / "toy-1.0.tar.gz", override=name)
    assert sent(order) == order


def test_the_order_of_a_local_projects_wheel_arrives_as_it_was() -> None:
    project = Path("/home/user/toy")
    commit = Commit("https://git.invalid/toy.git", "0" * 40)
    files = ProjectFiles("toy", project, (Path("/home/user/src"),), HERE, Repository(project, "/usr/bin/git"), ["hm"])
    order = wheel_order(files, LockedPackage("toy", "", folder=project, commit=commit))
    assert sent(order) == order
