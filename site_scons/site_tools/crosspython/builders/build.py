"""Build: the one object on the environment, for one target and one Python."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from crosspython.builders.components import Components
from crosspython.builders.project_file import ProjectFile
from crosspython.builders.run import SconsRun
from crosspython.builders.settings import Settings
from crosspython.recipes.recipe import NATIVE

if TYPE_CHECKING:
    from crosspython.errors import DamagedPackagesError
    from crosspython.store.fetch import Wanted
    from crosspython.wheels.model import LockedPackage, WheelOrder


class BuiltWheel(msgspec.Struct, frozen=True):
    """A wheel that is built. node: the wheel's own; needs: the nodes that it is made of; order: returns the order for
    its build, once these nodes are built"""

    node: Any
    needs: list[Any]
    order: Callable[[], WheelOrder]


@dataclass
class Declared:
    """What a declaration stores for later ones: env.Bundle() for env.CheckBundle(), for example.

    toolchain: the node of toolchain.txt, once something asked for it
    tests:     the node of the archive of CPython's own tests, once the bundle was declared
    shipped:   names of the components in the bundle, once it was declared
    in_sysroot: names of the components in the sysroot, once it was declared
    bundled:   names of components that declared wheels leave to the bundle (libraries=bundle)
    locked:    files that declared wheels and their libraries are made of: env.FetchSources() fetches all of them
    commits:   packages that are commits of git repositories: env.FetchSources() fetches them, too
    rust:      return the orders of wheels in Rust: env.FetchSources() fetches their crates, too
    wheels:    where each wheel that was asked for will be, by its title
    built_wheels: those of them that are built, by name
    damaged:   errors about damaged packages that a resolution left out, under -k
    """

    toolchain: Any = None
    tests: Any = None
    shipped: frozenset[str] | None = None
    in_sysroot: frozenset[str] | None = None
    bundled: list[str] = field(default_factory=list)
    locked: list[Wanted] = field(default_factory=list)
    commits: list[LockedPackage] = field(default_factory=list)
    rust: list[Callable[[], WheelOrder]] = field(default_factory=list)
    wheels: dict[str, Path] = field(default_factory=dict)
    built_wheels: dict[str, BuiltWheel] = field(default_factory=dict)
    damaged: list[DamagedPackagesError] = field(default_factory=list)


@dataclass
class Build:
    """One target and one Python, being built.

    environment: our own, in which our nodes are made
    host:        the user's environment, which our methods were lent to
    project:     the settings that come from the project's file
    by_hand:     `pkgs=` only chooses packages of the lock; it does not say what the lock contains
    adds_board:  if the user's lock is for other boards, a part for this board is added; otherwise it is refused
    has_others:  the settings name further targets, each with an environment of its own
    """

    settings: Settings
    environment: Any
    host: Any
    project: ProjectFile = field(default_factory=ProjectFile)
    by_hand: bool = False
    adds_board: bool = False
    has_others: bool = False
    components: Components = field(default_factory=Components)
    declared: Declared = field(default_factory=Declared)

    @cached_property
    def run(self) -> SconsRun:
        return SconsRun(self.settings, self.environment, self.progress)

    def require_sources(self) -> None:
        """With offline=1, all sources of what is not built yet are here. Raises SourceError that lists those missing.

        What is built for the build machine is not asked for: it may come from the cache as a whole.
        """
        if not self.settings.offline:
            return
        from crosspython.store.fetch import missing_offline

        wanted = [
            (component.recipe.title, component.recipe.sources)
            for component in self.components.wanted()
            if component.recipe.machine != NATIVE
            and not Path(component.node.abspath).exists()
            and not self.run.workshop.store.is_at_hand(component.recipe.sources)
        ]
        if wanted:
            raise missing_offline(wanted, self.settings.downloads)

    def progress(self) -> tuple[list[str], list[str]]:
        """The titles of all that is wanted, and of those whose product is not there."""
        parts = {part.recipe.title: part for part in self.components.wanted()}
        products = {title: Path(part.node.abspath) for title, part in parts.items()} | self.declared.wheels
        missing = [title for title, path in products.items() if not path.exists()]
        done = {part.recipe.name for title, part in parts.items() if title not in missing}
        if done & {"cpython", "build-python"}:  # what builds them is not wanted any more
            missing = [title for title in missing if title not in parts or parts[title].recipe.machine != NATIVE]
        return list(products), missing
