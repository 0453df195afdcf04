"""Build-python: the interpreter that runs on the build machine. It is built, or taken from the cache, when it is first
needed.

SCons makes a node's dependencies before it asks the cache for the node itself. So CPython does not depend on the node
of build-python, but on the sources of build-python. CPython's action gets the archive from the cache, or builds it
while CPython's configure runs. The archive's name contains the hash of these sources, so an archive of that name is
the right one. Wheels, which are built one by one, depend on the node. The libraries that build-python needs are built
for the build machine by the same recipes as the target's, and only if build-python itself has to be built.
All paths belong to the build machine.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crosspython.builders.action import ENGINE, fact, make_action
from crosspython.builders.build import Build
from crosspython.builders.cache import describe_build_machine, keep, take
from crosspython.builders.code import code_identity
from crosspython.builders.components import BuiltComponent
from crosspython.builders.guest import declare
from crosspython.recipes.cpython import BUILD_PYTHON
from crosspython.recipes.recipe import Recipe
from crosspython.store.disk import write_whole
from crosspython.toolchain.find import describe_file

if TYPE_CHECKING:
    from crosspython.toolchain.facts import Toolchain
    from crosspython.workshop import Workshop


def recipe_facts(env: Any, recipe: Recipe) -> list[Any]:
    """The facts of a recipe, as sources of the component's node. Raises what Recipe.facts raises."""
    return [fact(env, f"{topic} of {recipe.name}", value) for topic, value in recipe.facts().items() if value]


def add_native(env: Any, recipe: Recipe) -> Any:
    """Make the node of the archive of a component that runs on the build machine.
    Raises ConfigurationError if the recipe of a dependency was not read."""
    build: Build = env["CROSSPYTHON"]
    needs = [Path(part.node.abspath).name for part in build.components.closure(recipe.depends, recipe.name)]
    text = f"{ENGINE} {describe_build_machine()}\n{recipe.facts()}\n{needs}"
    name = f"{recipe.name}-{recipe.version}-{hashlib.sha256(text.encode()).hexdigest()[:12]}.tar.zst"
    product = build.settings.build / "build-machine" / "stages" / name

    def build_it(target: list[Any], source: list[Any], env: Any) -> None:
        _bring(build, build.components[recipe.name])

    action = make_action("build-python", build_it, f"bringing {recipe.title}")
    [node] = declare(env, [product], recipe_facts(env, recipe), action)
    env.Precious(node)  # CPython's action may have made the archive already; otherwise SCons would remove it
    node.attributes.identity = name  # for keys of the cache: the name contains the hash of all sources
    build.components.add(BuiltComponent(recipe, node))
    return node


def sources_for(env: Any) -> list[Any]:
    """CPython's dependencies instead of build-python's node: build-python's sources,
    or a description of the user's own interpreter.

    The user's interpreter is run for its version before anything is built.
    """
    build: Build = env["CROSSPYTHON"]
    settings = build.settings
    given, release = settings.build_python, settings.release
    if given is None:
        parts = build.components.closure((BUILD_PYTHON,), "cpython")
        return [item for part in parts for item in recipe_facts(env, part.recipe)]
    text = settings.folder / f"build-python-{release.series}.txt"

    def look(target: list[Any], source: list[Any], env: Any) -> None:
        from crosspython.stages.interpreter import require_interpreter

        write_whole(text, f"{require_interpreter(given, release.number)}\n")

    told = f"{describe_file(given)} for {release.version}"
    action = make_action("look at build_python", look, f"looking at {given}")
    return list(declare(env, [text], [fact(env, "build_python", told)], action))


def build_python_of(build: Build) -> Path:
    """The path of the user's own interpreter, or the path at which the archive of build-python will be."""
    return build.settings.build_python or Path(build.components[BUILD_PYTHON].node.abspath)


def start_bringing(build: Build) -> Callable[[], object] | None:
    """Start to build or fetch build-python in the background. Call the result to wait for it.
    None: the user named an interpreter, so there is nothing to wait for."""
    from concurrent.futures import ThreadPoolExecutor  # here, because a run that builds nothing does not need it

    if build.settings.build_python is not None:
        return None
    worker = ThreadPoolExecutor(1, thread_name_prefix=BUILD_PYTHON)
    wanted = worker.submit(_bring, build, build.components[BUILD_PYTHON])
    worker.shutdown(wait=False)  # if the caller fails, the run is stopped, and this thread's commands with it
    return wanted.result


def _bring(build: Build, component: BuiltComponent) -> Path:
    """The archive of a component that runs on the build machine, from the build folder, from the cache, or built now.
    Its dependencies are made only if it has to be built."""
    product = Path(component.node.abspath)
    with _lock(product):
        if not build.run.fingerprints.is_same(product):
            key = hashlib.sha256(f"{product.name} {code_identity(_make)}".encode()).hexdigest()
            if not take(build, key, component.recipe.title, product):
                _make(build, component.recipe, product)
                keep(build, key, product)
            build.run.fingerprints.note(product)
    return product


def _make(build: Build, recipe: Recipe, product: Path) -> None:
    from crosspython.stages.carry_out import build_component
    from crosspython.stages.component_build import ComponentOrder
    from crosspython.toolchain.native import native_target

    build.run.console.line(f"building {recipe.title}")
    dependencies = _bring_all(build, build.components.closure(recipe.depends, recipe.name))
    workshop = replace(build.run.workshop, target=native_target())
    build_component(ComponentOrder(recipe, _native_toolchain(workshop), dependencies, product), workshop)
    for older in product.parent.glob(f"{recipe.name}-{recipe.version}-*"):
        if older != product:
            older.unlink()


def _bring_all(build: Build, parts: Sequence[BuiltComponent]) -> dict[str, Path]:
    """Build or fetch components in parallel: each one uses a single core for most of its time."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(max(len(parts), 1), thread_name_prefix="native") as pool:
        places = pool.map(partial(_bring, build), parts)
        return {part.recipe.name: place for part, place in zip(parts, places, strict=True)}


def _native_toolchain(workshop: Workshop) -> Toolchain:
    """The toolchain for the build machine. It is made once a run, when a component is first built with it."""
    with _lock(workshop.work):
        return _make_toolchain(workshop.work / "build-machine", workshop.path)


@cache
def _make_toolchain(folder: Path, path: str) -> Toolchain:
    from crosspython.toolchain.native import make_native_toolchain, native_target

    return make_native_toolchain(folder, native_target(), path)


@cache
def _lock(product: Path) -> threading.Lock:
    """A lock for each product: two targets of one run may need the same product."""
    return threading.Lock()
