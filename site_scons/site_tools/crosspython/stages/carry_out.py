"""Carrying out a plan: from a recipe to a finished, audited stage archive.

Reads like the life of a component: fetch, unpack, patch, the plan's steps, finish, settle, audit, pack. It knows their
order and nothing of SCons; why a step is there is the recipe's business.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from functools import partial

from crosspython.hosttools import require_tools
from crosspython.recipes.plan import Step
from crosspython.recipes.recipe import Recipe
from crosspython.run.console import format_seconds
from crosspython.run.log import Log
from crosspython.stages import steps
from crosspython.stages.bench import Bench, Order
from crosspython.workshop import Workshop


def build_component(order: Order, shop: Workshop) -> None:
    """Build one component from its source to its stage archive; what is half done never bears the product's name.

    The work folder goes when all went well and stays for a look when not.
    """
    recipe = order.recipe
    require_tools(tools_of(recipe), shop.path)
    if recipe.fortran:
        order.toolchain.require_fortran(recipe.title)
    _, source = shop.store.get(recipe.sources, recipe.title)  # holds no job token
    work = shop.work / f"{recipe.name}-{recipe.version}"
    shutil.rmtree(work, ignore_errors=True)
    with (
        Log(shop.logs / f"{recipe.name}-{recipe.version}.log") as log,
        shop.journal.making(recipe.title, log.steps, order.product),
    ):
        bench = Bench(order, shop, log, work)
        with shop.jobserver.token():
            log.step("unpack")
            bench.prepare(source)
            _carry_out(recipe.plan.early, bench)
        if order.build_python is not None:
            log.step("wait for build-python")
            bench.place_build_python(order.build_python())  # holds no job token: it may be built only now
        with shop.jobserver.token():
            _carry_out(recipe.plan.steps, bench)
            log.step("finish")
            bench.finish()
            _carry_out(recipe.plan.settle, bench)
            log.step("audit")
            bench.audit()
            log.step("pack")
            bench.pack()
    longest = ", ".join(f"{step.name} {format_seconds(step.wall)}" for step in log.steps if step.wall >= 1)
    shop.console.step(recipe.title, "built", sum(step.wall for step in log.steps), longest)
    # Others wait for the product, nobody for this.
    shop.jobserver.beside(partial(shutil.rmtree, work, ignore_errors=True))


def tools_of(recipe: Recipe) -> tuple[str, ...]:
    """The build machine's programs that a recipe's plan and patches call."""
    return (*recipe.plan.tools, *(("patch",) if recipe.patches else ()))


def _carry_out(plan: Sequence[Step], bench: Bench) -> None:
    """Do steps of a plan, each in the log by its title."""
    for step in plan:
        bench.log.step(steps.title(step))
        steps.carry_out(step, bench)
