"""Build-python: the interpreter that runs here, brought by the first thing that needs it.

SCons brings what a node depends on before it asks the cache for the node itself. So CPython does not depend on this node,
but on what build-python is made of; its action brings the archive, from the cache or by building it while CPython's own
configure runs. The archive's name holds the hash of what it is made of: one that is there is the right one. Wheels, which
are built one by one, depend on the node. All paths belong to the build machine.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from crosspython.builders.action import ENGINE, Shared, fact, make_action
from crosspython.builders.build import Build, Component
from crosspython.builders.cache import build_machine, code_identity, keep, take
from crosspython.builders.guest import declare
from crosspython.recipes.recipe import Recipe
from crosspython.store.disk import write_whole
from crosspython.toolchain.find import describe_file

BUILD_PYTHON = "build-python"


def recipe_facts(env: Any, recipe: Recipe) -> list[Any]:
    """What a component is made of by its recipe, as sources of its node. Raises as Recipe.facts does."""
    return [fact(env, f"{topic} of {recipe.name}", value) for topic, value in recipe.facts().items() if value]


def add_build_python(env: Any, recipe: Recipe) -> Any:
    """Make the node of build-python's archive."""
    build: Build = env["CROSSPYTHON"]
    text = f"{ENGINE} {build_machine()}\n{recipe.facts()}"
    name = f"{recipe.name}-{recipe.version}-{hashlib.sha256(text.encode()).hexdigest()[:12]}.tar.zst"
    product = build.settings.build / "build-machine" / "stages" / name

    def build_it(target: list[Any], source: list[Any], env: Any) -> None:
        _bring(build, recipe, product)

    sources = recipe_facts(env, recipe)
    action = make_action("build-python", build_it, f"building {recipe.title}")
    [node] = declare(env, [product], sources, action)
    env.Precious(node)  # SCons would remove what an action of CPython's brought
    node.attributes.identity = name  # in keys of the cache: its bytes tell the folder that it was made in
    build.add(Component(recipe, node))
    return node


def sources_for(env: Any) -> list[Any]:
    """What CPython depends on in build-python's stead: what that is made of, or a description of the user's own.

    The user's is asked what it is before anything is built.
    """
    build: Build = env["CROSSPYTHON"]
    settings = build.settings
    given, series = settings.build_python, settings.release.series
    if given is None:
        recipe = build.component(BUILD_PYTHON, "cpython").recipe
        return recipe_facts(env, recipe)
    text = settings.folder / f"build-python-{series}.txt"

    def look(target: list[Any], source: list[Any], env: Any) -> None:
        from crosspython.stages.interpreter import require_interpreter

        write_whole(text, f"{require_interpreter(given, series)}\n")

    action = make_action("look at build_python", look, f"looking at {given}")
    return list(declare(env, [text], [fact(env, "build_python", describe_file(given))], action))


def start_bringing(build: Build) -> Callable[[], Path]:
    """Begin to bring build-python, beside whatever its caller does; call the result to wait for it and get its place."""
    from concurrent.futures import ThreadPoolExecutor  # which a run that builds nothing need not import

    given = build.settings.build_python
    if given is not None:
        return lambda: given
    component = build.components[BUILD_PYTHON]
    worker = ThreadPoolExecutor(1, thread_name_prefix=BUILD_PYTHON)
    wanted = worker.submit(_bring, build, component.recipe, Path(component.node.abspath))
    worker.shutdown(wait=False)  # nobody waits for it where the caller fails: that stops the run, and so its commands
    return wanted.result


def _bring(build: Build, recipe: Recipe, product: Path) -> Path:
    with _lock(product):
        if not product.exists():
            key = hashlib.sha256(f"{product.name} {code_identity(Shared.rooms)}".encode()).hexdigest()
            if not take(build, key, recipe.title, product):
                _make(build, recipe, product)
                keep(build, key, product)
    return product


def _make(build: Build, recipe: Recipe, product: Path) -> None:
    from crosspython.stages.bench import Order
    from crosspython.stages.carry_out import build_component

    build.require_sources()
    build_component(Order(recipe=recipe, toolchain=None, dependencies={}, product=product), build.workshop)
    for older in product.parent.glob(f"{recipe.name}-{recipe.version}-*"):
        if older != product:
            older.unlink()


@cache
def _lock(product: Path) -> threading.Lock:
    """Two targets of one run need the same one."""
    return threading.Lock()
