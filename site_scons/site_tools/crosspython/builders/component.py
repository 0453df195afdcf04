"""Builders of components: each is one recipe and its product one File, the stage archive.

    env.Autoconf("xz", "5.8.1", sources=[...], configure=[...])      a configure script, autoconf's or hand-written
    env.Make("bzip2", "1.0.8", sources=[...], ...)                   a plain Makefile
    env.OpenSSL("openssl", "3.5.7", sources=[...], ...)              OpenSSL's Configure
    env.OpenBLAS("openblas", "0.3.29", sources=[...])                OpenBLAS's Makefile
    env.CMake("geos", "3.13.1", sources=[...], configure=[...])      a CMakeLists.txt
    env.Meson("libthai", "1.0", sources=[...], configure=[...])      a meson.build
    env.CPython()  env.BuildPython()                                 the release that `python=` names

All kinds have the options in DECLARED. All return the stage archive's node.
The recipe's facts and the target's are readable Values among its sources.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from crosspython.builders.action import Shared, make_action
from crosspython.builders.arguments import read_bool, read_names, require_lists
from crosspython.builders.build import Build, Component
from crosspython.builders.build_python import (
    BUILD_PYTHON,
    add_native,
    recipe_facts,
    sources_for,
    start_bringing,
)
from crosspython.builders.cache import keep, take
from crosspython.builders.guest import declare
from crosspython.builders.toolchain import target_fact, toolchain_node, toolchain_of
from crosspython.names import check_known
from crosspython.recipes.autoconf import plan_autoconf
from crosspython.recipes.cmake import plan_cmake
from crosspython.recipes.cpython import (
    LICENSE,
    LICENSE_FILES,
    UNREAD,
    plan_build_python,
    plan_cpython,
    unread_by_build_python,
)
from crosspython.recipes.make import plan_make
from crosspython.recipes.meson import plan_meson
from crosspython.recipes.openblas import plan_openblas
from crosspython.recipes.openssl import plan_openssl
from crosspython.recipes.plan import Plan
from crosspython.recipes.recipe import NATIVE, Recipe, for_build_machine, make_recipe, native_name, read_patches

# What recipes of all kinds may say of a component.
LISTS = ("depends", "ships", "leave_out", "license_files")
DECLARED = (*LISTS, "fortran", "license")


def AddComponents(env: Any) -> None:
    for method in (Autoconf, Make, CMake, Meson, OpenSSL, OpenBLAS, CPython, BuildPython, DebugSymbols):
        env.AddMethod(method)


def Autoconf(env: Any, name: str, version: str, *, sources: Sequence[Mapping[str, str]], **options: Any) -> Any:
    """A component with a configure script. Options: those of recipes/autoconf.py, and what all kinds have."""
    return _declare(env, name, version, sources, plan_autoconf, options)


def Make(env: Any, name: str, version: str, *, sources: Sequence[Mapping[str, str]], **options: Any) -> Any:
    """A component with a plain Makefile. Options: those of recipes/make.py, and what all kinds have."""
    return _declare(env, name, version, sources, plan_make, options)


def CMake(env: Any, name: str, version: str, *, sources: Sequence[Mapping[str, str]], **options: Any) -> Any:
    """A component with a CMakeLists.txt. Options: those of recipes/cmake.py, and what all kinds have."""
    machine = env["CROSSPYTHON"].settings.target.machine
    return _declare(env, name, version, sources, partial(plan_cmake, machine), options)


def Meson(env: Any, name: str, version: str, *, sources: Sequence[Mapping[str, str]], **options: Any) -> Any:
    """A component with a meson.build. Options: those of recipes/meson.py, and what all kinds have."""
    machine = env["CROSSPYTHON"].settings.target.machine
    return _declare(env, name, version, sources, partial(plan_meson, machine), options)


def OpenSSL(env: Any, name: str, version: str, *, sources: Sequence[Mapping[str, str]], **options: Any) -> Any:
    """OpenSSL, or what is built like it. Options: those of recipes/openssl.py, and what all kinds have."""
    machine = env["CROSSPYTHON"].settings.target.machine
    return _declare(env, name, version, sources, partial(plan_openssl, machine), options)


def OpenBLAS(env: Any, name: str, version: str, *, sources: Sequence[Mapping[str, str]], **options: Any) -> Any:
    """OpenBLAS, for the target's core. Options: those of recipes/openblas.py, and what all kinds have."""
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
        leave_out=UNREAD,
        license=LICENSE,
        license_files=LICENSE_FILES,
    )
    return _add(env, recipe)


def BuildPython(env: Any) -> Any:
    """The same Python for the build machine, unless `build_python=` names one. Read after the components it needs."""
    build: Build = env["CROSSPYTHON"]
    release = build.settings.release
    recipe = Recipe(
        BUILD_PYTHON,
        release.version,
        release.sources,
        plan_build_python(release),
        depends=tuple(native_name(name) for name in release.build_depends),
        patches=read_patches(_here(env) / release.series),
        folder=_here(env),
        machine=NATIVE,
        ships=(),
        leave_out=unread_by_build_python(release),
    )
    for part in build.closure(release.build_depends, BUILD_PYTHON):
        add_native(env, for_build_machine(part.recipe))
    return add_native(env, recipe)


def DebugSymbols(env: Any) -> list[Any]:
    """What stripping took from all that the Python is made of, for a debugger. Returns the nodes of the archives."""
    build: Build = env["CROSSPYTHON"]
    return [part.symbols for part in build.wanted() if part.symbols is not None]


def _declare(
    env: Any,
    name: str,
    version: str,
    sources: Sequence[Mapping[str, str]],
    planner: Any,
    options: dict[str, Any],
) -> Any:
    signature = inspect.signature(planner)
    known = {*signature.parameters, *DECLARED} - {"machine", "cflags"}
    check_known(f"{name}: the recipe has options that its kind does not know", options, sorted(known))
    lists = {key: options.pop(key) for key in LISTS if key in options}
    declared: dict[str, Any] = {key: tuple(read_names(name, key, value)) for key, value in lists.items()}
    switches = {"fortran", *(key for key, option in signature.parameters.items() if isinstance(option.default, bool))}
    options |= {key: read_bool(name, key, options[key]) for key in switches & options.keys()}
    declared |= {key: options.pop(key) for key in DECLARED if key in options}
    require_lists(name, signature, options)
    plan: Plan = planner(**options)
    return _add(env, make_recipe(name, version, sources=sources, folder=_here(env), plan=plan, **declared))


def _add(env: Any, recipe: Recipe) -> Any:
    """Make the node of a component's stage archive."""
    build: Build = env["CROSSPYTHON"]
    settings = build.settings
    dependencies = build.closure(recipe.depends, recipe.name)
    sources = recipe_facts(env, recipe)
    product = settings.folder / "stages" / f"{recipe.name}-{recipe.version}.tar.zst"
    debug = product.with_name(f"{recipe.name}-{recipe.version}.debug.tar.zst")
    sources += [target_fact(env), toolchain_node(env)]
    uses_build_python = recipe.plan.needs_build_python
    if uses_build_python:
        sources += sources_for(env)
    sources += [dependency.node for dependency in dependencies]

    def make() -> None:
        from crosspython.stages.carry_out import build_component
        from crosspython.stages.component_build import ComponentOrder

        build.require_sources()
        build_component(
            ComponentOrder(
                recipe=recipe,
                toolchain=toolchain_of(build),
                dependencies={item.recipe.name: Path(item.node.abspath) for item in dependencies},
                product=product,
                debug=debug,
                build_python=start_bringing(build) if uses_build_python else None,
            ),
            build.workshop,
        )

    def build_it(target: list[Any], source: list[Any], env: Any) -> None:
        make()
        build.fingerprints.note(debug)
        keep(build, _key_of_symbols(product), debug)

    def symbols(target: list[Any], source: list[Any], env: Any) -> None:
        is_there = build.fingerprints.is_same(debug)
        if not is_there and not take(build, _key_of_symbols(product), f"{recipe.title} symbols", debug):
            build_it(target, source, env)
            build.fingerprints.note(product)

    # Symbols of another product are none of this one's: those that lie there go when it comes from the cache.
    shared = Shared(retrieved=lambda: debug.unlink(missing_ok=True))
    action = make_action("component", build_it, f"building {recipe.title}", shared=shared)
    [node] = declare(env, [product], sources, action)
    [symbols_node] = declare(env, [debug], [node], make_action("symbols", symbols, f"symbols of {recipe.title}"))
    env.Precious(symbols_node)  # it is there already where the component was built here
    env.Clean(node, symbols_node)
    if uses_build_python and settings.build_python is None:
        env.Clean(node, [part.node for part in build.closure((BUILD_PYTHON,), BUILD_PYTHON)])
    build.add(Component(recipe, node, symbols_node))
    return node


def _key_of_symbols(product: Path) -> str:
    """A product names its symbols, by their check sum (GDB's manual, Separate Debug Files):
    they are made of the same."""
    with product.open("rb") as file:
        return hashlib.sha256(f"symbols of {hashlib.file_digest(file, 'sha256').hexdigest()}".encode()).hexdigest()


def _here(env: Any) -> Path:
    """The folder of the SConscript that is being read."""
    return Path(env.Dir(".").srcnode().abspath)
