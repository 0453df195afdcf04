"""A series of CPython: the content of components/cpython/<series>.toml, and of edits.toml beside it.

Knows the keys and their types. `Release` documents their meaning and makes a release of them. A new key has to be added
in both places.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct, field

from crosspython.reading import Mistake, mistaken, read_data, read_toml
from crosspython.recipes.fields import EditKeys, Names, Sources, Strings

_DOCUMENTATION = "docs/pythons.md tells what a series' file holds"
_EDITS = "edits.toml"


class LineEditing(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The additional values for one library of the readline module, [libedit] or [readline]."""

    configure: Strings = ()
    edits: tuple[EditKeys, ...] = ()


class BuildPythonKeys(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[build_python]: the components that it is built with, and the extension modules that it does without."""

    depends: Names
    without: Strings


class SeriesKeys(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A series' file.

    default:   the release that `python=3.13` means
    releases:  their sources
    libraries: versions other than their recipes', by component
    fits:      by component, the beginnings of versions that this series was written for
    free_threaded: configure's options for a Python without the GIL (PEP 703); None: this series has no such build
    """

    default: str
    releases: Annotated[Mapping[str, Sources], Meta(min_length=1)]
    end_of_life: Annotated[date, Meta(description="a date such as 2029-10-31")]
    pep: int
    depends: Names
    modules: Strings
    compileall: Annotated[int, Meta(ge=0, description="the number of times that its Makefile byte-compiles")]
    build_python: BuildPythonKeys
    configure: Strings = ()
    cross_configure: Strings = ()
    built_in: Strings = ()
    edits: tuple[EditKeys, ...] = ()
    libedit: LineEditing = LineEditing()
    readline: LineEditing = LineEditing()
    has_setup_py: bool = False
    can_leave_tests_out: bool = False
    has_build_details: bool = False
    optimizes: bool = True
    abiflags: str = ""
    edits_pip: bool = True
    writes_junit_xml: bool = True
    free_threaded: Strings | None = None
    unused_if_static: Strings = ()
    tls: Strings = ("TLSv1.3", "TLSv1.2")
    builds_packages: bool = True
    libraries: Mapping[str, str] = field(default_factory=dict)
    fits: Mapping[str, Strings] = field(default_factory=dict)


class CommonKeys(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """edits.toml: the changes of the sources of every series."""

    edits: tuple[EditKeys, ...]


def series_names(folder: Path) -> tuple[str, ...]:
    """All known series, oldest first."""
    return tuple(sorted((path.stem for path in folder.glob("3.*.toml")), key=lambda name: int(name.split(".")[1])))


def read_series(folder: Path, series: str) -> SeriesKeys:
    """The file of a series. Raises ConfigurationError that lists all that is wrong."""
    what = f"python={series}: {folder / f'{series}.toml'}"
    data, locate = read_toml(folder / f"{series}.toml", what)
    keys = read_data(data, SeriesKeys, what, next=_DOCUMENTATION, locate=locate)
    if keys.default not in keys.releases:
        problem = f"expected one of the releases here, {', '.join(keys.releases)}; found {keys.default!r}"
        raise mistaken(what, [Mistake(("default",), problem)], next=_DOCUMENTATION, locate=locate)
    return keys


def read_edits(folder: Path) -> tuple[EditKeys, ...]:
    """The edits of every series. Raises ConfigurationError that lists all that is wrong."""
    what = str(folder / _EDITS)
    data, locate = read_toml(folder / _EDITS, what)
    return read_data(data, CommonKeys, what, next=_DOCUMENTATION, locate=locate).edits
