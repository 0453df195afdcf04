"""Builders of components: each is one recipe and its product one File, the stage archive.

    env.Autoconf("xz", "5.8.1", sources=[...], configure=[...])
    env.CPython()

recipes/kinds.py lists the kinds; the class of each says what it takes. All return the stage archive's node. The
recipe's facts and the target's are readable Values among its sources.
"""

from __future__ import annotations

import hashlib
from collections import UserList
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import fields, replace

from crosspython.builders.action import Shared, make_action
from crosspython.builders.build import Build
from crosspython.builders.build_python import (
    add_native,
    build_python_of,
    recipe_facts,
    sources_for,
    start_bringing,
)
from crosspython.builders.cache import keep, take
from crosspython.builders.call import find_line_in_call
from crosspython.builders.components import BuiltComponent
from crosspython.builders.guest import declare
from crosspython.builders.settings import read_switch
from crosspython.builders.toolchain import target_fact, toolchain_node, toolchain_of
from crosspython.errors import ConfigurationError
from crosspython.recipes.cpython import BUILD_PYTHON
from crosspython.recipes.kind import Choices, Kind
from crosspython.recipes.kinds import KINDS
from crosspython.recipes.recipe import NATIVE, Recipe, for_build_machine, native_name, read_patches
from crosspython.recipes.versions import read_recipe

if TYPE_CHECKING:
    from crosspython.stages.component_build import ComponentOrder


def AddComponents(env: Any) -> None:
    for name, kind in KINDS.items():
        env.AddMethod(_make_method(name, kind), name)
    env.AddMethod(DebugSymbols)


def _make_method(method: str, kind: type[Kind]) -> Callable[..., Any]:
    """env.Autoconf("xz", "5.8.1", ...) and the like, from the fields of their kind."""
    unnamed = tuple(name for name in ("name", "version") if name in _fields(kind))

    def declare_recipe(env: Any, *positional: Any, **keywords: Any) -> Any:
        given = unnamed[: len(positional)]
        if len(positional) > len(unnamed) or not keywords.keys().isdisjoint(given):
            raise ConfigurationError(
                f"env.{method}(): too many arguments without a keyword",
                expected=f"{' and '.join(unnamed) or 'none'}{', each given once' if unnamed else ''}",
                found=", ".join(map(repr, positional)),
            )
        return _declare(env, method, kind, unnamed, dict(zip(given, positional, strict=True)) | keywords)

    declare_recipe.__name__ = declare_recipe.__qualname__ = method
    declare_recipe.__doc__ = kind.__doc__
    return declare_recipe


def _declare(env: Any, method: str, kind: type[Kind], unnamed: tuple[str, ...], data: dict[str, Any]) -> Any:
    """Read a recipe and make the node of what it declares. Raises ConfigurationError that lists all mistakes."""
    settings, name = env["CROSSPYTHON"].settings, data.get("name")
    said = read_recipe(
        _as_typed(data, _fields(kind)),
        kind,
        settings.release.libraries,
        f"{name if isinstance(name, str) else f'env.{method}()'}: the recipe",
        next="docs/components.md says what a recipe may contain",
        locate=partial(find_line_in_call, positional=unnamed),
    )
    recipe = said.recipe(Choices(settings.target, settings.release, settings.shared, settings.optimize), _here(env))
    if settings.patches:
        recipe = replace(recipe, patches=(*recipe.patches, *read_patches(settings.patches / _patched_name(recipe))))
    return _add_native(env, recipe) if recipe.machine == NATIVE else _add(env, recipe)


def _patched_name(recipe: Recipe) -> str:
    """The name of the component whose patches apply to a recipe: CPython's patches also apply to build-python."""
    return "cpython" if recipe.name == BUILD_PYTHON else recipe.name


@cache
def _fields(kind: Any) -> dict[str, Any]:
    return {field.name: field.type for field in fields(kind)}


def _as_typed(data: Mapping[str, Any], types: Mapping[str, Any]) -> dict[str, Any]:
    """A recipe's keywords, and those of its other versions: switches as the command line takes them, SCons's own lists
    as lists."""
    typed: dict[str, Any] = {}
    for key, value in data.items():
        if types.get(key) is bool and (switch := read_switch(str(value))) is not None:
            typed[key] = switch
        elif key == "others" and isinstance(value, Mapping):
            read = {name: _as_typed(part, types) for name, part in value.items() if isinstance(part, Mapping)}
            typed[key] = {**value, **read}
        else:
            typed[key] = list(value) if isinstance(value, UserList) else value
    return typed


def DebugSymbols(env: Any) -> list[Any]:
    """The debug symbols that were stripped from the Python and its libraries. Returns the nodes of the archives."""
    build: Build = env["CROSSPYTHON"]
    return [part.symbols for part in build.components.wanted() if part.symbols is not None]


def _add_native(env: Any, recipe: Recipe) -> Any:
    """Make the nodes of a component for the build machine, and of its dependencies, by the target's recipes."""
    wanted = tuple(name.removeprefix(native_name("")) for name in recipe.depends)
    for part in env["CROSSPYTHON"].components.closure(wanted, recipe.name):
        add_native(env, for_build_machine(part.recipe))
    return add_native(env, recipe)


def _add(env: Any, recipe: Recipe) -> Any:
    """Make the node of a component's stage archive."""
    build: Build = env["CROSSPYTHON"]
    settings = build.settings
    if recipe.plan.trains and not build.run.only_removes:
        from crosspython.toolchain.emulator import find_emulator

        find_emulator(settings.target.machine, settings.path)  # fails now, before anything is built
    dependencies = build.components.closure(recipe.depends, recipe.name)
    sources = recipe_facts(env, recipe)
    product = settings.folder / "stages" / f"{recipe.name}-{recipe.version}.tar.zst"
    debug = product.with_name(f"{recipe.name}-{recipe.version}.debug.tar.zst")
    sources += [target_fact(env), toolchain_node(env)]
    uses_build_python = recipe.plan.needs_build_python
    if uses_build_python:
        sources += sources_for(env)
    sources += [dependency.node for dependency in dependencies]

    def order() -> ComponentOrder:
        from crosspython.stages.component_build import ComponentOrder

        return ComponentOrder(
            recipe=recipe,
            toolchain=toolchain_of(build),
            dependencies={item.recipe.name: Path(item.node.abspath) for item in dependencies},
            product=product,
            debug=debug,
            build_python=build_python_of(build) if uses_build_python else None,
        )

    def make() -> None:
        from crosspython.stages.carry_out import build_component

        build.require_sources()
        build_component(order(), build.run.workshop, start_bringing(build) if uses_build_python else None)

    def build_it(target: list[Any], source: list[Any], env: Any) -> None:
        make()
        build.run.fingerprints.note(debug)
        keep(build, _key_of_symbols(product), debug)

    def symbols(target: list[Any], source: list[Any], env: Any) -> None:
        is_there = build.run.fingerprints.is_same(debug)
        if not is_there and not take(build, _key_of_symbols(product), f"{recipe.title} symbols", debug):
            build_it(target, source, env)
            build.run.fingerprints.note(product)

    # Existing symbols belong to an earlier product. They are removed when this product comes from the cache.
    shared = Shared(retrieved=lambda: debug.unlink(missing_ok=True))
    action = make_action("component", build_it, f"building {recipe.title}", shared=shared)
    [node] = declare(env, [product], sources, action)
    [symbols_node] = declare(env, [debug], [node], make_action("symbols", symbols, f"symbols of {recipe.title}"))
    env.Precious(symbols_node)  # the file exists already if the component was built here
    env.Clean(node, symbols_node)
    if uses_build_python and settings.build_python is None:
        env.Clean(node, [part.node for part in build.components.closure((BUILD_PYTHON,), BUILD_PYTHON)])
    build.components.add(BuiltComponent(recipe, node, symbols_node, order))
    return node


def _key_of_symbols(product: Path) -> str:
    """The key of the symbols of a product. The product names them by their checksum (GDB's manual, Separate Debug
    Files), so the same product has the same symbols."""
    with product.open("rb") as file:
        return hashlib.sha256(f"symbols of {hashlib.file_digest(file, 'sha256').hexdigest()}".encode()).hexdigest()


def _here(env: Any) -> Path:
    """The folder of the SConscript that is being read."""
    return Path(env.Dir(".").srcnode().abspath)
