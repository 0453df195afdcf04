"""Kinds of recipes: the keywords that env.Autoconf(...) and its like take, as typed fields, and what they declare.

A kind is a class with fields and a plan; kinds.py lists them. The fields are read by reading.py, which tells all
mistakes at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Protocol

from msgspec import Meta, Struct, field
from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from crosspython.recipes.plan import Plan, Step
from crosspython.recipes.recipe import Recipe, read_patches
from crosspython.recipes.release import Release
from crosspython.store.sources import Source
from crosspython.targets import Target

_NAME = r"^[a-z0-9][a-z0-9._+-]*\Z"
Name = Annotated[str, Meta(pattern=_NAME, description="a string of lower-case letters, digits and . _ + -")]
Version = Annotated[str, Meta(pattern=_NAME, description='a string such as "1.3.1"')]
Names = tuple[Name, ...]
Strings = tuple[str, ...]
Steps = Annotated[tuple[Step, ...], Meta(description="a list of steps, such as [Run(...), Install(...)]")]
Variables = Annotated[Mapping[str, str], Meta(description='a dict of strings, such as {"CFLAGS": "-O2"}')]

Others = Annotated[
    Mapping[str, Mapping[str, Any]],
    Meta(description='a dict of what differs, by version, such as {"1.2.11": dict(sources=[...])}'),
]


class License(str):
    """An SPDX expression (spdx.org/licenses), spelt as there."""

    @classmethod
    def read(cls, value: Any) -> License:
        try:
            return cls(value and canonicalize_license_expression(value))
        except (InvalidLicenseExpression, AttributeError, TypeError) as error:
            wanted = 'an SPDX expression such as "MIT" (spdx.org/licenses), "LicenseRef-..." for any other'
            raise ValueError(wanted, *([str(error)] if isinstance(value, str) else [])) from error


class SourceKeys(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One alternative of a recipe's sources: dict(url=..., sha256=...), dict(pool=..., sha256=...), or both places."""

    sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z", description="64 hexadecimal digits in small letters")]
    url: str | None = None
    pool: str | None = None

    def __post_init__(self) -> None:
        if not self.url and not self.pool:
            raise ValueError("a url, a pool, or both")

    def source(self) -> Source:
        return Source(self.sha256, self.url, self.pool)


Sources = Annotated[
    tuple[Annotated[SourceKeys, Meta(description='dict(url="https://...", sha256="...")')], ...],
    Meta(min_length=1, description='a list of at least one source: [dict(url="https://...", sha256="...")]'),
]


@dataclass(frozen=True)
class Choices:
    """What was chosen for a build, as far as recipes differ by it. shared: the interpreter is linked to a libpython"""

    target: Target
    release: Release
    shared: bool


class Kind(Protocol):
    """What all kinds have."""

    def recipe(self, choices: Choices, folder: Path) -> Recipe:
        """The component that is declared. folder: where the recipe lies. Raises ConfigurationError."""


class Component(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What recipes may say of a component, however it is built. `Recipe` tells what the fields mean.

    others: further versions, each by what differs; versions.py chooses before a recipe is read
    """

    name: Name
    version: Version
    sources: Sources
    depends: Names = ()
    ships: Strings = Recipe.ships
    fortran: bool = False
    leave_out: Strings = ()
    license: License = License()
    license_files: Strings = ()
    others: Others = field(default_factory=dict)

    def plan(self, target: Target) -> Plan:
        """How it is built for a target. Raises ConfigurationError where that is not known."""
        raise NotImplementedError

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
        )
