"""Builders of components: each is one recipe and its product one File, the stage archive.

    env.Autoconf("xz", "5.8.1", sources=[...], configure=[...])      a configure script, autoconf's or hand-written
    env.Make("bzip2", "1.0.8", sources=[...], ...)                   a plain Makefile
    env.OpenSSL("openssl", "3.5.7", sources=[...], ...)              OpenSSL's Configure
    env.OpenBLAS("openblas", "0.3.29", sources=[...])                OpenBLAS's Makefile
    env.CMake("geos", "3.13.1", sources=[...], configure=[...])      a CMakeLists.txt
    env.Meson("libthai", "1.0", sources=[...], configure=[...])      a meson.build
    env.CPython()  env.BuildPython()                                 the release that `python=` names

All return the stage archive's node. The recipe's facts and the target's are readable Values among its sources.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import SCons.Errors

from crosspython.builders.action import Shared, fact, make_action
from crosspython.builders.build import Build, Component
from crosspython.builders.guest import declare
from crosspython.builders.toolchain import target_fact, toolchain_node
from crosspython.errors import CrosspythonError
from crosspython.names import check_known
from crosspython.recipes.autoconf import plan_autoconf
from crosspython.recipes.cmake import plan_cmake
from crosspython.recipes.cpython import plan_build_python, plan_cpython
from crosspython.recipes.make import plan_make
from crosspython.recipes.meson import plan_meson
from crosspython.recipes.openblas import plan_openblas
from crosspython.recipes.openssl import plan_openssl
from crosspython.recipes.plan import Plan
from crosspython.recipes.recipe import NATIVE, Recipe, make_recipe, read_patches
from crosspython.store.disk import write_whole
from crosspython.toolchain.facts import Toolchain
from crosspython.toolchain.find import describe_file

BUILD_PYTHON = "build-python"


def AddComponents(env: Any) -> None:
    for method in (Autoconf, Make, CMake, Meson, OpenSSL, OpenBLAS, CPython, BuildPython):
        env.AddMethod(method)


def Autoconf(env: Any, name: str, version: str, *, sources: Sequence[Mapping[str, str]], **options: Any) -> Any:
    """A component with a configure script. Options: those of recipes/autoconf.py, and depends, ships."""
    return _declare(env, name, version, sources, plan_autoconf, options)


def Make(env: Any, name: str, version: str, *, sources: Sequence[Mapping[str, str]], **options: Any) -> Any:
    """A component with a plain Makefile. Options: those of recipes/make.py, and depends, ships."""
    return _declare(env, name, version, sources, plan_make, options)


def CMake(env: Any, name: str, version: str, *, sources: Sequence[Mapping[str, str]], **options: Any) -> Any:
    """A component with a CMakeLists.txt. Options: those of recipes/cmake.py, and depends, ships."""
    machine = env["CROSSPYTHON"].settings.target.machine
    return _declare(env, name, version, sources, partial(plan_cmake, machine), options)


def Meson(env: Any, name: str, version: str, *, sources: Sequence[Mapping[str, str]], **options: Any) -> Any:
    """A component with a meson.build. Options: those of recipes/meson.py, and depends, ships."""
    machine = env["CROSSPYTHON"].settings.target.machine
    return _declare(env, name, version, sources, partial(plan_meson, machine), options)


def OpenSSL(env: Any, name: str, version: str, *, sources: Sequence[Mapping[str, str]], **options: Any) -> Any:
    """OpenSSL, or what is built like it. Options: those of recipes/openssl.py, and depends, ships."""
    machine = env["CROSSPYTHON"].settings.target.machine
    return _declare(env, name, version, sources, partial(plan_openssl, machine), options)


def OpenBLAS(env: Any, name: str, version: str, *, sources: Sequence[Mapping[str, str]], **options: Any) -> Any:
    """OpenBLAS, for the target's core. Options: those of recipes/openblas.py, and depends, ships."""
    target = env["CROSSPYTHON"].settings.target
    return _declare(env, name, version, sources, partial(plan_openblas, target.machine, target.cflags), options)


def CPython(env: Any, *, ships: Sequence[str] = ()) -> Any:
    """The target's Python, of the release that `python=` names, with the dependencies its series declares."""
    settings = env["CROSSPYTHON"].settings
    release = settings.release
    recipe = Recipe(
        "cpython",
        release.version,
        release.sources,
        plan_cpython(release, shared=settings.shared),
        depends=release.depends,
        patches=read_patches(_here(env) / release.series),
        folder=_here(env),
        ships=tuple(ships),
    )
    return _add(env, recipe)


def BuildPython(env: Any) -> Any:
    """The same Python for the build machine, unless `build_python=` names one."""
    settings = env["CROSSPYTHON"].settings
    release = settings.release
    recipe = Recipe(
        BUILD_PYTHON,
        release.version,
        release.sources,
        plan_build_python(release),
        patches=read_patches(_here(env) / release.series),
        folder=_here(env),
        machine=NATIVE,
        ships=(),
    )
    return _add(env, recipe)


def _declare(
    env: Any,
    name: str,
    version: str,
    sources: Sequence[Mapping[str, str]],
    planner: Any,
    options: dict[str, Any],
) -> Any:
    known = {*inspect.signature(planner).parameters, "depends", "ships"} - {"machine", "cflags"}
    try:
        check_known(f"{name}: the recipe has options that its kind does not know", options, sorted(known))
        declared = {key: tuple(options.pop(key)) for key in ("depends", "ships") if key in options}
        plan: Plan = planner(**options)
        return _add(env, make_recipe(name, version, sources=sources, folder=_here(env), plan=plan, **declared))
    except CrosspythonError as error:
        raise SCons.Errors.UserError(str(error)) from None


def _add(env: Any, recipe: Recipe) -> Any:
    """Make the node of a component's stage archive."""
    build: Build = env["CROSSPYTHON"]
    settings = build.settings
    try:
        dependencies = build.closure(recipe.depends, recipe.name)
        facts = recipe.facts()
    except CrosspythonError as error:
        raise SCons.Errors.UserError(str(error)) from None
    native = recipe.machine == NATIVE
    folder = settings.build / "build-machine" / "stages" if native else settings.folder / "stages"
    product = folder / f"{recipe.name}-{recipe.version}.tar.zst"
    debug = None if native else folder / f"{recipe.name}-{recipe.version}.debug.tar.zst"
    sources = [fact(env, f"{topic} of {recipe.name}", value) for topic, value in facts.items() if value]
    if not native:
        sources += [target_fact(env), toolchain_node(env)]
    uses_build_python = recipe.plan.needs_build_python
    if uses_build_python:
        sources.append(_build_python_node(env))
    sources += [dependency.node for dependency in dependencies]

    def build_it(target: list[Any], source: list[Any], env: Any) -> None:
        from crosspython.stages.carry_out import Order, build_component

        build.require_sources()
        build_component(
            Order(
                recipe=recipe,
                toolchain=None if native else Toolchain.read(settings.folder / "toolchain.json"),
                dependencies={item.recipe.name: Path(item.node.abspath) for item in dependencies},
                product=product,
                debug=debug,
                build_python=_build_python(build) if uses_build_python else None,
            ),
            build.workshop,
        )

    targets = [product] if debug is None else [product, debug]
    action = make_action("component", build_it, f"building {recipe.title}", shared=Shared(recipe.machine))
    nodes = declare(env, targets, sources, action)
    build.add(Component(recipe, nodes[0]))
    return nodes[0]


def _build_python_node(env: Any) -> Any:
    """The Python that runs here: our own, or the description of the user's, asked for before anything is built."""
    build: Build = env["CROSSPYTHON"]
    settings = build.settings
    given, series = settings.build_python, settings.release.series
    if given is None:
        return build.component(BUILD_PYTHON, "cpython").node
    text = settings.folder / f"build-python-{series}.txt"

    def look(target: list[Any], source: list[Any], env: Any) -> None:
        from crosspython.stages.interpreter import require_interpreter

        write_whole(text, f"{require_interpreter(given, series)}\n")

    action = make_action("look at build_python", look, f"looking at {given}")
    return declare(env, [text], [fact(env, "build_python", describe_file(given))], action)[0]


def _build_python(build: Build) -> Path:
    return build.settings.build_python or Path(build.components[BUILD_PYTHON].node.abspath)


def _here(env: Any) -> Path:
    """The folder of the SConscript that is being read."""
    return Path(env.Dir(".").srcnode().abspath)
