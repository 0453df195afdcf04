"""Kinds of recipes: the keywords of env.Autoconf(...) and similar methods, as typed fields.

A kind is a class with fields and a plan; kinds.py lists the kinds. reading.py reads the fields, and reports all
mistakes at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Protocol

import msgspec
from msgspec import Meta, Struct, field

from crosspython.recipes.fields import Cpe, Globs, License, Name, Names, Sources, Version
from crosspython.recipes.plan import Plan
from crosspython.recipes.recipe import LIBRARIES, Recipe, read_patches
from crosspython.recipes.release import Release
from crosspython.targets import Target

Others = Annotated[
    Mapping[str, Mapping[str, Any]],
    Meta(description='a dict of the differences of each version, such as {"1.2.11": dict(sources=[...])}'),
]


class Choices(msgspec.Struct, frozen=True):
    """The settings of a build that recipes depend on.

    shared:   the interpreter is linked to a libpython
    optimize: how the interpreter is optimized beyond its own -O: "none", "lto" or "pgo"
    """

    target: Target
    release: Release
    shared: bool
    optimize: str = "none"


class Kind(Protocol):
    """The interface of all kinds."""

    def recipe(self, choices: Choices, folder: Path) -> Recipe:
        """The component that is declared. folder: where the recipe is. Raises ConfigurationError."""


class Component(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The fields of recipes that all kinds have. `Recipe` documents their meaning.

    others: further versions, each with its different fields; versions.py chooses one before a recipe is read
    """

    name: Name
    version: Version
    sources: Sources
    depends: Names = ()
    ships: Globs = LIBRARIES
    fortran: bool = False
    leave_out: Globs = ()
    license: License = License()
    license_files: Globs = ()
    cpe: Cpe = ""
    others: Others = field(default_factory=dict)

    def plan(self, target: Target) -> Plan:
        """The plan that builds the component for a target. Raises ConfigurationError if no plan is known."""
        raise NotImplementedError  # each kind has its own

    def recipe(self, choices: Choices, folder: Path) -> Recipe:
        return Recipe(
            self.name,
            self.version,
            tuple(source.source() for source in self.sources),
            self.plan(choices.target),
            depends=self.depends,
            patches=read_patches(folder),
            folder=folder,
            ships=self.ships,
            fortran=self.fortran,
            leave_out=self.leave_out,
            license=self.license,
            license_files=self.license_files,
            cpe=self.cpe,
        )
