"""Release: one release of CPython, with what its series declares in components/cpython/<series>.toml.

What a Python can do is a named fact of its series. No code compares a Python's number.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crosspython.errors import ConfigurationError
from crosspython.names import nearest_numbers, suggest
from crosspython.recipes.plan import Edit
from crosspython.store.sources import Source

# Components that its readline module can be made of: by default no GPL comes into a bundle unasked.
LIBEDIT, READLINE = "libedit", "readline"


@dataclass(frozen=True)
class Release:
    """One release of CPython, with what its series declares.

    depends:   components it needs, beside those of the build machine
    modules:   extension modules that must come out
    configure: options of this series, for both machines
    cross_configure: options of the target's Python alone
    compileall: how many times its Makefile byte-compiles what it installs
    edits:     what has to be changed in its sources: of its series, then those of all (edits.toml)
    build_depends: components that build-python is built with, on the build machine
    build_without: extension modules that build-python does without
    line_editing: the component that its readline module is made of
    has_setup_py: a script of its own finds and builds the extension modules, instead of configure and make
    can_leave_tests_out: configure can be told so
    has_build_details: it installs a build-details.json (PEP 739)
    abiflags: letters behind its number in names of folders, of libpython and of its ABI (PEP 3149): "m" up to 3.7
    unused_if_static: globs below the prefix of what a static interpreter leaves there and nobody can use
    """

    version: str
    series: str
    sources: tuple[Source, ...]
    depends: tuple[str, ...]
    modules: tuple[str, ...]
    configure: tuple[str, ...]
    cross_configure: tuple[str, ...]
    compileall: int
    edits: tuple[Edit, ...]
    build_depends: tuple[str, ...]
    build_without: tuple[str, ...]
    line_editing: str = LIBEDIT
    has_setup_py: bool = False
    can_leave_tests_out: bool = False
    has_build_details: bool = False
    abiflags: str = ""
    unused_if_static: tuple[str, ...] = ()

    @property
    def build_modules(self) -> tuple[str, ...]:
        """Extension modules of build-python."""
        return tuple(name for name in self.modules if name not in self.build_without)

    @property
    def interpreter(self) -> str:
        """What wheel tags call it: "cp313"."""
        return "cp" + self.series.replace(".", "")

    @property
    def abi(self) -> str:
        """What wheel tags call its ABI (PEP 425): "cp313", or "cp35m"."""
        return self.interpreter + self.abiflags


def series_names(folder: Path) -> tuple[str, ...]:
    """The series there are data for, oldest first."""
    return tuple(sorted((path.stem for path in folder.glob("3.*.toml")), key=lambda name: int(name.split(".")[1])))


def read_release(folder: Path, wanted: str, line_editing: str = LIBEDIT) -> Release:
    """The release for `python=3.13` (its series' default) or `python=3.13.5`. Raises ConfigurationError.

    folder: holds one TOML file a series, named by it, and edits.toml
    line_editing: LIBEDIT or READLINE
    """
    known = series_names(folder)
    series = ".".join(wanted.split(".")[:2])
    if series not in known:
        raise ConfigurationError(
            f"python={wanted}: there is no such series here",
            expected=f"one of {', '.join(known)}, or a patch release of one of them",
            next=nearest_numbers(series, known, "python={}") or suggest(wanted, known, "python={}"),
        )
    data, common = (tomllib.loads((folder / name).read_text()) for name in (f"{series}.toml", "edits.toml"))
    releases: Mapping[str, Any] = data["releases"]
    version = data["default"] if wanted == series else wanted
    if version not in releases:
        raise ConfigurationError(
            f"python={wanted}: no source is known for this patch release",
            expected=f"one of {', '.join(releases)}",
            next=f"add its sources and SHA-256 to {folder / f'{series}.toml'}",
        )
    own = data.get(line_editing, {})
    return Release(
        version=version,
        series=series,
        sources=tuple(Source(**source) for source in releases[version]),
        depends=tuple(line_editing if name == LIBEDIT else name for name in data["depends"]),
        modules=tuple(data["modules"]),
        configure=tuple(data.get("configure", ())),
        cross_configure=(*data.get("cross_configure", ()), *own.get("configure", ())),
        compileall=data["compileall"],
        edits=tuple(Edit(**edit) for edit in (*data.get("edits", ()), *own.get("edits", ()), *common["edits"])),
        build_depends=tuple(data["build_python"]["depends"]),
        build_without=tuple(data["build_python"]["without"]),
        line_editing=line_editing,
        has_setup_py=data.get("has_setup_py", False),
        can_leave_tests_out=data.get("can_leave_tests_out", False),
        has_build_details=data.get("has_build_details", False),
        abiflags=data.get("abiflags", ""),
        unused_if_static=tuple(data.get("unused_if_static", ())),
    )
