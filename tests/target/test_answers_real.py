"""Shared answers change nothing but the time: real configure scripts, with and without, leave the same files."""

from __future__ import annotations

import dataclasses
import os
import shutil
from pathlib import Path

import msgspec
import pytest
from crosspython.recipes.cpython import plan_build_python, plan_cpython
from crosspython.recipes.plan import Answers, Plan, Run
from crosspython.recipes.recipe import NATIVE, TARGET, Recipe
from crosspython.recipes.release import read_release
from crosspython.run.log import Log
from crosspython.stages import steps
from crosspython.stages.component_build import ComponentBuild, ComponentOrder
from crosspython.toolchain.facts import Toolchain
from crosspython.toolchain.native import make_native_toolchain, native_target

from tests.conftest import REPOSITORY
from tests.target.test_rv1126 import BUILD, built
from tests.target.workshop import open_workshop, stage_archives
from tests.unit.test_components import read

pytestmark = pytest.mark.slow

CPYTHON = REPOSITORY / "components" / "cpython"
NEEDS = {"readline": ("ncurses",)}
__all__ = ["built"]


@pytest.mark.parametrize("name", ["xz", "readline", "cpython", "build-python"])
def test_configure_leaves_the_same_files_with_and_without(built: Path, tmp_path: Path, name: str) -> None:
    recipe = recipe_of(name)
    without = msgspec.structs.replace(recipe, plan=leave_out_answers(recipe.plan))
    alone, shared = (configure(each, tmp_path) for each in (without, recipe))
    assert shared.keys() == alone.keys()
    assert [path for path in alone if alone[path] != shared[path]] == []
    log = (tmp_path / "logs" / f"{name}.log").read_text(errors="replace")
    assert log.count("(cached)") > 10


def recipe_of(name: str) -> Recipe:
    """A recipe of ours, as the builders make it."""
    if name not in ("cpython", "build-python"):
        return read(name)
    release = read_release(CPYTHON, "3.13")
    plan = plan_cpython(release, shared=False) if name == "cpython" else plan_build_python(release)
    depends, machine = (release.depends, TARGET) if name == "cpython" else ((), NATIVE)
    return Recipe(name, release.version, release.sources, plan, depends=depends, folder=CPYTHON, machine=machine)


def leave_out_answers(plan: Plan) -> Plan:
    early, steps = (tuple(s for s in each if not isinstance(s, Answers)) for each in (plan.early, plan.steps))
    return msgspec.structs.replace(plan, early=early, steps=steps)


def configure(recipe: Recipe, folder: Path) -> dict[str, bytes]:
    """Carry a plan out up to its configure; what that left, by path. Twice in the same place:
    scripts write down where."""
    shutil.rmtree(folder / "work", ignore_errors=True)
    workshop = open_workshop(folder)
    if recipe.machine == NATIVE:
        workshop = dataclasses.replace(workshop, target=native_target())
    with Log(folder / "logs" / f"{recipe.name}.log") as log:
        build = ComponentBuild(order_of(recipe, folder), workshop, log, folder / "work" / recipe.name)
        build.prepare(workshop.store.get(recipe.sources, recipe.title)[1])
        there = {path for path in build.source.rglob("*") if path.is_file()}
        for step in (*recipe.plan.early, *recipe.plan.steps):
            steps.carry_out(step, build)
            if isinstance(step, Run):
                break
        left = {path for path in build.source.rglob("*") if path.is_file()} - there
        return {str(path.relative_to(build.source)): path.read_bytes() for path in left if path.name != "config.log"}


def order_of(recipe: Recipe, folder: Path) -> ComponentOrder:
    if recipe.machine == NATIVE:  # its libraries change nothing: what is compared are two configures
        toolchain = make_native_toolchain(folder / "native", native_target(), os.environ["PATH"])
        return ComponentOrder(recipe=recipe, toolchain=toolchain, dependencies={}, product=folder / "none.tar.zst")
    needs = (*recipe.depends, *NEEDS.get(recipe.name, ()))
    return ComponentOrder(
        recipe=recipe,
        toolchain=Toolchain.read(BUILD / "toolchain.json"),
        dependencies=stage_archives(BUILD, needs),
        product=BUILD / "none.tar.zst",
        build_python=BUILD if recipe.plan.needs_build_python else None,  # a stand-in will do
    )
