"""A release of CPython that the user describes: `python=./boards/python-3.5.2.toml`, as targets are described.

    version = "3.5.2"
    patches = ["0001-our-board.patch"]
    sources = [{ file = "Python-3.5.2.tgz", sha256 = "..." }]

    [libraries]
    openssl = "1.0.2g"
    zlib = { version = "1.2.11", sources = [{ url = "https://...", sha256 = "..." }] }

Everything but the version may be left out; the series' values are then used. Paths start at the file's own folder.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from crosspython.errors import ConfigurationError
from crosspython.reading import read_data, read_toml
from crosspython.recipes.fields import NAME, Sha256, Url
from crosspython.recipes.release import Library, Own
from crosspython.store.sources import Source

_DOCUMENTATION = "docs/pythons.md says how to write one"
Version = Annotated[str, Meta(pattern=r"^3\.\d+\.\d+t?\Z", description='a release of CPython such as "3.5.2"')]
Number = Annotated[str, Meta(pattern=NAME, description='a version such as "1.0.2g"')]
Path_ = Annotated[str, Meta(min_length=1, description="a path of this machine")]


class OwnSourceKeys(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One alternative of a source: a file of this machine, an address, or a path in a distribution's pool."""

    sha256: Sha256
    file: Path_ | None = None
    url: Url | None = None
    pool: str | None = None

    def __post_init__(self) -> None:
        if not (self.file or self.url or self.pool):
            raise ValueError("a file, a url or a pool, besides the sha256")


class LibraryKeys(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A library with a source of the user's own."""

    version: Number
    sources: tuple[OwnSourceKeys, ...] = ()


class ReleaseKeys(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of a release file."""

    version: Version
    sources: tuple[OwnSourceKeys, ...] = ()
    patches: tuple[Path_, ...] = ()
    libraries: Mapping[str, Number | LibraryKeys] = {}


def is_release_file(python: str) -> bool:
    """Whether `python=` names a file, and not a number."""
    return "/" in python or python.endswith(".toml")


def read_own_release(python: str, start: Path) -> Own:
    """The user's file; a relative path starts at `start`. Raises ConfigurationError that lists all that is wrong."""
    file = start / Path(python).expanduser()
    shown = f"python={python}"
    data, locate = read_toml(file, shown)
    keys = read_data(data, ReleaseKeys, shown, next=_DOCUMENTATION, locate=locate)
    patches = tuple(file.parent / Path(patch).expanduser() for patch in keys.patches)
    if missing := [str(patch) for patch in patches if not patch.is_file()]:
        raise ConfigurationError(f"{shown}: files in `patches` do not exist", evidence=missing, next=_DOCUMENTATION)
    return Own(
        shown=shown,
        version=keys.version,
        sources=_sources(keys.sources, file.parent),
        libraries={name: _library(told, file.parent) for name, told in keys.libraries.items()},
        patches=patches,
    )


def _library(told: str | LibraryKeys, folder: Path) -> Library:
    if isinstance(told, str):
        return Library(told)
    return Library(told.version, _sources(told.sources, folder))


def _sources(keys: tuple[OwnSourceKeys, ...], folder: Path) -> tuple[Source, ...]:
    return tuple(Source(key.sha256, _address(key, folder), key.pool) for key in keys)


def _address(key: OwnSourceKeys, folder: Path) -> str | None:
    return (folder / Path(key.file).expanduser()).absolute().as_uri() if key.file else key.url
