"""Carrying out a plan: from a recipe to a finished, audited stage archive.

The order of the work: fetch, unpack, patch, the plan's steps, finish, settle, audit, pack. This module knows only that
order; the recipe knows why a step is needed. It does not know SCons.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from crosspython.hosttools import require_tools
from crosspython.recipes.plan import Step
from crosspython.recipes.recipe import Recipe
from crosspython.run.console import format_seconds
from crosspython.run.log import Log
from crosspython.stages import steps
from crosspython.stages.component_build import ComponentBuild, ComponentOrder
from crosspython.toolchain.recorder import FILE, recorder_environment, write_commands
from crosspython.workshop import Workshop


def build_component(
    order: ComponentOrder, workshop: Workshop, wait_for_build_python: Callable[[], object] | None = None
) -> None:
    """Build one component from its source to its stage archive. An incomplete archive never has the product's name.

    wait_for_build_python: returns when the order's build_python exists; None: it exists already
    The work folder is removed when all went well, and kept after a failure.
    """
    recipe = order.recipe
    source = _source_of(order, workshop)
    work = workshop.work / f"{recipe.name}-{recipe.version}"
    with (
        Log(workshop.logs / f"{recipe.name}-{recipe.version}.log") as log,
        workshop.journal.making(recipe.title, log.steps, order.product),
    ):
        build = ComponentBuild(order, workshop, log, work)
        _make(build, source, wait_for_build_python)
        with workshop.jobserver.token():
            log.step("finish")
            build.finish()
            _carry_out(recipe.plan.settle, build)
            log.step("audit")
            build.audit()
            log.step("pack")
            build.pack()
    longest = ", ".join(f"{step.name} {format_seconds(step.wall)}" for step in log.steps if step.wall >= 1)
    workshop.console.step(recipe.title, "built", sum(step.wall for step in log.steps), longest)
    # Other steps wait for the product, but not for this.
    workshop.jobserver.beside(partial(shutil.rmtree, work, ignore_errors=True))


def record_commands(
    order: ComponentOrder, workshop: Workshop, wait_for_build_python: Callable[[], object] | None = None
) -> tuple[Path, int]:
    """Build one component, and leave its source with a compile_commands.json in it: that file, and the number of its
    entries. What is built becomes no product. Raises what build_component raises."""
    source = _source_of(order, workshop)
    name = f"{order.recipe.name}-{order.recipe.version}"
    notes = workshop.work / "commands" / name
    shutil.rmtree(notes, ignore_errors=True)
    noting = replace(workshop, launcher=recorder_environment(notes))
    with Log(workshop.logs / f"{name}-commands.log") as log:
        build = ComponentBuild(order, noting, log, workshop.work / f"{name}-commands")
        _make(build, source, wait_for_build_python)
    file = build.source / FILE
    return file, write_commands(notes, file)


def _source_of(order: ComponentOrder, workshop: Workshop) -> Path:
    """The archive of the source. Raises HostToolError, ToolchainError, or what Store.get raises."""
    recipe = order.recipe
    require_tools(tools_of(recipe), workshop.path)
    if recipe.fortran:
        order.toolchain.require_fortran(recipe.title)
    if recipe.plan.trains:
        order.toolchain.require_profiles(recipe.title)
    _, source = workshop.store.get(recipe.sources, recipe.title)  # without a job token
    return source


def _make(build: ComponentBuild, source: Path, wait_for_build_python: Callable[[], object] | None) -> None:
    """Do the plan's steps from the source up to what is installed, in a new work folder."""
    order, workshop, recipe = build.order, build.workshop, build.recipe
    shutil.rmtree(build.work, ignore_errors=True)
    with workshop.jobserver.token():
        build.log.step("unpack")
        build.prepare(source)
        _carry_out(recipe.plan.early, build)
    if order.build_python is not None:
        build.log.step("wait for build-python")
        if wait_for_build_python is not None:
            wait_for_build_python()  # without a job token, because build-python may be built now
        build.place_build_python(order.build_python)
    with workshop.jobserver.token():
        _carry_out(recipe.plan.steps, build)


def tools_of(recipe: Recipe) -> tuple[str, ...]:
    """The build machine's programs that a recipe's plan and patches call."""
    return (*recipe.plan.tools, *(("patch",) if recipe.patches else ()))


def _carry_out(plan: Sequence[Step], build: ComponentBuild) -> None:
    """Do steps of a plan, each in the log by its title."""
    for step in plan:
        build.log.step(steps.title(step))
        steps.carry_out(step, build)
