"""Overrides: additional settings for the builds of a few packages, as data with a reason.
wheels/known/overrides/<name>.toml.

Knows how to read them, and their keys. A new key has to be added here, and to `Override`.
A user's folder may add packages or replace our overrides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict as fields_of
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field
from msgspec.structs import asdict
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from crosspython.errors import ConfigurationError
from crosspython.reading import read_data, read_toml
from crosspython.recipes.fields import License, Sha256, Url
from crosspython.wheels.model import Fetch, Override

SHIPPED = Path(__file__).parent / "overrides"

# Packages whose headers and static libraries are compiled into what is built with them: the target's are needed.
NEEDS_TARGET = ("numpy",)

Strings = tuple[str, ...]
Table = Mapping[str, str]
# A whole number stays an int: the facts about a wheel are compared as text.
Minutes = Annotated[Annotated[int, Meta(gt=0)] | Annotated[float, Meta(gt=0)], Meta(description="a number above 0")]
_WHY = "a sentence that says why this package needs more than others"


class NeedText(str):
    """A requirement (PEP 508)."""

    @classmethod
    def read(cls, value: Any) -> NeedText:
        try:
            return cls(Requirement(value) and value)
        except (InvalidRequirement, TypeError) as error:
            raise ValueError('a requirement such as "numpy>=1.24"') from error


class FetchKeys(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of an override's [[fetches]]. `Fetch` documents the meaning of each key."""

    url: Url
    sha256: Sha256
    cmake: Annotated[str, Meta(pattern=r"^[\w.+-]*\Z", description='a name such as "zlib"')] = ""
    folder: str = ""
    file: str = ""
    license: License = License("")

    def __post_init__(self) -> None:
        if len(places := [place for place in (self.cmake, self.folder, self.file) if place]) != 1:
            raise ValueError("one of cmake, folder and file")
        path = PurePosixPath(places[0])
        if path.is_absolute() or ".." in path.parts:
            raise ValueError("a path in the package's source")


class OverrideKeys(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of an override's file. `Override` documents the meaning of each key."""

    reason: Annotated[str, Meta(pattern=r"\S", description=_WHY)]
    libraries: Strings = ()
    loads: Strings = ()
    build_requires: Strings = ()
    fetches: tuple[FetchKeys, ...] = ()
    config_settings: Mapping[str, str | Strings] = field(default_factory=dict)
    environment: Table = field(default_factory=dict)
    engine: Literal["cross", "emulated"] | None = None
    minutes: Minutes | None = None
    needs_target: Strings = ()
    imports: Strings = ()
    not_importable: Table = field(default_factory=dict)
    leave_out: Strings = ()
    beside: Strings = ()
    dependencies: tuple[NeedText, ...] | None = None


def find_override(name: str, folders: Sequence[Path] = ()) -> Override:
    """The override of a package; an empty one if it has none. Raises ConfigurationError that lists all mistakes.

    folders: the user's own; the first one with an override for the package is used
    """
    name = canonicalize_name(name)
    for folder in (*folders, SHIPPED):
        file = folder / f"{name}.toml"
        if file.is_file():
            return read_override(file)
    return Override(name)


def read_override(file: Path) -> Override:
    """Read one override. Raises ConfigurationError that lists all that is wrong."""
    what = f"{file}: the override"
    data, locate = read_toml(file, what)
    keys = read_data(data, OverrideKeys, what, next="docs/overrides.md says what one may contain", locate=locate)
    settings = {k: (v,) if isinstance(v, str) else v for k, v in keys.config_settings.items()}
    fetches = tuple(Fetch(**asdict(each)) for each in keys.fetches)
    changed = {"name": canonicalize_name(file.stem), "config_settings": settings, "fetches": fetches}
    return Override(**(asdict(keys) | changed))


def write_override(override: Override) -> str:
    """The text of an override, as a file has it."""
    import tomli_w

    usual = fields_of(Override(override.name))
    stated = {key: value for key, value in fields_of(override).items() if value != usual[key]}
    if override.fetches:
        stated["fetches"] = [{key: value for key, value in each.items() if value} for each in stated["fetches"]]
    return tomli_w.dumps(stated)


def with_library(override: Override, library: str) -> Override:
    """The override with one more library."""
    reason = override.reason or f"its C code calls {library}"
    return replace(override, reason=reason, libraries=(*override.libraries, library))


def stated_dependencies(folders: Sequence[Path] = ()) -> dict[str, tuple[str, ...]]:
    """The run-time requirements that overrides state, by package.

    folders: the user's own; the first one with an override for a package is used
    Raises ConfigurationError for an override that cannot be read, or whose name is not valid for a package.
    """
    files = [file for folder in (*folders, SHIPPED) for file in folder.glob("*.toml")]
    for file in files:
        if file.stem != canonicalize_name(file.stem):
            raise ConfigurationError(
                f"{file}: this override is never read",
                expected=f"the package's normalized name: {canonicalize_name(file.stem)}.toml",
                next="rename it",
            )
    names = {file.stem for file in files}
    found = {name: find_override(name, folders).dependencies for name in sorted(names)}
    return {name: needs for name, needs in found.items() if needs is not None}
