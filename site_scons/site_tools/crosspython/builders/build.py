"""Build: the one object on the environment. It holds the settings, the components by name, and what their actions share."""

from __future__ import annotations

import os
import re
import tempfile
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from crosspython.builders.settings import Settings
from crosspython.errors import ConfigurationError
from crosspython.names import suggest
from crosspython.recipes.recipe import NATIVE, Recipe
from crosspython.run.console import Console
from crosspython.run.jobserver import Jobserver
from crosspython.run.lock import BuildLock
from crosspython.stages.carry_out import Workshop
from crosspython.store.fetch import Store, missing_offline

# What autoconf, libtool and make bear in the name of a folder that they work in.
PLAIN_PATH = re.compile(r"[A-Za-z0-9/._+-]+")


@dataclass
class Component:
    """A recipe that was read, and the node of its stage archive."""

    recipe: Recipe
    node: Any


@dataclass
class Build:
    """One target and one Python, being built."""

    settings: Settings
    components: dict[str, Component] = field(default_factory=dict)
    jobs: int = 1
    quiet: bool = False
    lock: BuildLock | None = None

    def add(self, component: Component) -> None:
        self.components[component.recipe.name] = component

    def component(self, name: str, wanted_by: str) -> Component:
        """A component by its name. Raises ConfigurationError where there is none (yet): recipes are read in order."""
        if name not in self.components:
            raise ConfigurationError(
                f"{wanted_by}: no component is called {name!r}",
                expected=f"one that was read before: {', '.join(self.components) or 'none was'}",
                next=suggest(name, self.components, "{!r}") or "components/SConscript gives the order",
            )
        return self.components[name]

    def closure(self, names: tuple[str, ...], wanted_by: str) -> tuple[Component, ...]:
        """Components with all they depend on, each once, dependencies first."""
        found: dict[str, Component] = {}
        for name in names:
            component = self.component(name, wanted_by)
            for dependency in self.closure(component.recipe.depends, component.recipe.name):
                found.setdefault(dependency.recipe.name, dependency)
            found.setdefault(name, component)
        return tuple(found.values())

    def wanted(self) -> tuple[Component, ...]:
        """The components that this Python takes, with its build-python; all that were read where no Python was."""
        if "cpython" not in self.components:
            return tuple(self.components.values())
        return (
            *self.closure(("cpython",), "python"),
            *(c for c in self.components.values() if c.recipe.machine == NATIVE),
        )

    def require_sources(self) -> None:
        """With offline=1, all sources of what is not built yet are here. Raises SourceError that lists those missing."""
        if not self.settings.offline:
            return
        wanted = [
            (component.recipe.title, component.recipe.sources)
            for component in self.wanted()
            if not Path(component.node.abspath).exists()
            and not self.workshop.store.is_at_hand(component.recipe.sources)
        ]
        if wanted:
            raise missing_offline(wanted, self.settings.downloads)

    @cached_property
    def workshop(self) -> Workshop:
        """Made when the first action runs: reading SConscripts touches no disk."""
        settings = self.settings
        console = Console(quiet=self.quiet)
        return Workshop(
            target=settings.target,
            store=Store(
                settings.downloads,
                mirror=settings.mirror,
                offline=settings.offline,
                progress=console.download,
            ),
            jobserver=Jobserver(self.jobs),
            console=console,
            work=self._work(),
            logs=settings.folder / "logs",
            path=settings.path,
        )

    def _work(self) -> Path:
        """build/<target>/work, or a temporary folder where that path holds what configure scripts cannot bear."""
        work = self.settings.folder / "work"
        if PLAIN_PATH.fullmatch(str(work)):
            return work
        return Path(tempfile.mkdtemp(prefix=f"crosspython-{os.getuid()}-"))
