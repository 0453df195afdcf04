"""The components whose recipes were read, by name: their dependencies, and which of them a Python needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crosspython.errors import ConfigurationError
from crosspython.names import suggest
from crosspython.recipes.recipe import NATIVE, Recipe

if TYPE_CHECKING:
    from crosspython.stages.component_build import ComponentOrder


@dataclass
class BuiltComponent:
    """A recipe that was read, the node of its stage archive, and that of its debug symbols (None: it has none).

    order: what is built, for actions that run after its dependencies; None: it is for the build machine
    """

    recipe: Recipe
    node: Any
    symbols: Any = None
    order: Callable[[], ComponentOrder] | None = None


class Components(dict[str, BuiltComponent]):
    """The components of one build, by name, in the order in which their recipes were read."""

    def add(self, component: BuiltComponent) -> None:
        """Add a component. Raises ConfigurationError if another recipe has the same name: a dependency would be
        ambiguous."""
        recipe = component.recipe
        before = self.setdefault(recipe.name, component).recipe
        if before != recipe:
            raise ConfigurationError(
                f"{recipe.name}: two components have this name",
                expected="a different name for each",
                found=" and ".join(f"{each.title}, declared in {each.folder}" for each in (before, recipe)),
                next="give yours another name; or change the other one by patches=",
            )
        self[recipe.name] = component

    def find(self, name: str, wanted_by: str) -> BuiltComponent:
        """A component by its name. Raises ConfigurationError where there is none (yet): recipes are read in order."""
        if name not in self:
            raise ConfigurationError(
                f"{wanted_by}: no component is called {name!r}",
                expected=f"a component that is declared before it: {', '.join(self) or 'there is none'}",
                next=suggest(name, self, "{!r}") or "env.Components() declares those of crosspython",
            )
        return self[name]

    def closure(self, names: tuple[str, ...], wanted_by: str) -> tuple[BuiltComponent, ...]:
        """Components with all they depend on, each once, dependencies first."""
        found: dict[str, BuiltComponent] = {}
        for name in names:
            component = self.find(name, wanted_by)
            for dependency in self.closure(component.recipe.depends, component.recipe.name):
                found.setdefault(dependency.recipe.name, dependency)
            found.setdefault(name, component)
        return tuple(found.values())

    def wanted(self) -> tuple[BuiltComponent, ...]:
        """The components that this Python needs, with build-python; all of them if no recipe of a Python was read."""
        if "cpython" not in self:
            return tuple(self.values())
        return (
            *self.closure(("cpython",), "python"),
            *(c for c in self.values() if c.recipe.machine == NATIVE),
        )
