"""Release: one release of CPython, with what its series declares in components/cpython/<series>.toml.

The abilities of a Python are named facts of its series. No code compares version numbers of Python. series.py reads the
file of a series; own_release.py reads a release file of the user's own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from difflib import get_close_matches
from pathlib import Path

import msgspec

from crosspython.errors import ConfigurationError
from crosspython.names import nearest_numbers, suggest
from crosspython.recipes.fields import Sources
from crosspython.recipes.plan import Edit
from crosspython.recipes.series import SeriesKeys, read_edits, read_series, series_names
from crosspython.store.sources import Source

# Components for the readline module. The default is libedit, so that a bundle gets code under the GPL only if the user
# asks for it.
LIBEDIT, READLINE = "libedit", "readline"

# The letter of a Python without the GIL: behind the number in names of folders, and of its ABI (PEP 703).
FREE_THREADED = "t"
_LIKENESS = 0.8  # of names, from which on one is taken for a misspelt other


class Library(msgspec.Struct, frozen=True):
    """A library in the version that a Python is built with. sources: the user's own; (): those of the recipe"""

    version: str
    sources: tuple[Source, ...] = ()


class Support(msgspec.Struct, frozen=True):
    """How long a series gets security fixes. pep: the number of its release schedule, which says so"""

    series: str
    end_of_life: date
    pep: int

    def has_ended(self, today: date) -> bool:
        return today > self.end_of_life

    def describe(self, today: date) -> str:
        """In a few words: `no security fixes since 2025-10-31 (PEP 596)`."""
        when = "no security fixes since" if self.has_ended(today) else "security fixes until"
        return f"{when} {self.end_of_life} (PEP {self.pep})"


class Release(msgspec.Struct, frozen=True):
    """One release of CPython, with what its series declares.

    version, series: "3.13.5" and "3.13"; "3.13.5t" and "3.13t" without the GIL, as its program and library are called
    depends:   components it needs, beside those of the build machine
    modules:   extension modules that the build must produce
    configure: options of this series, for both machines
    cross_configure: options of the target's Python alone
    built_in:  lines of Modules/Setup for extension modules that are a part of the interpreter
    compileall: how many times its Makefile byte-compiles what it installs
    edits:     changes of its sources: first those of its series, then those of all series (edits.toml)
    build_depends: components that build-python is built with, on the build machine
    build_without: extension modules that build-python does without
    line_editing: the component that its readline module is made of
    has_setup_py: a script of its own finds and builds the extension modules, instead of configure and make
    can_leave_tests_out: its configure has an option that leaves the tests out
    has_build_details: it installs a build-details.json (PEP 739)
    optimizes: its configure and Makefile can do what optimize= asks for
    abiflags: letters behind its number in names of folders, of libpython and of its ABI (PEP 3149): "m" up to 3.7
    edits_pip: board_pip.py can edit the pip that comes with it
    writes_junit_xml: its test runner can write the result of each test as XML
    unused_if_static: globs below the prefix of installed files that nobody can use with a static interpreter
    tls: versions of TLS that its OpenSSL speaks and this Python knows, the newest first
    builds_packages: the tools that build packages can run in this Python
    libraries: libraries in another version than their recipes', by component
    patches:   patches of the user's own
    """

    version: str
    series: str
    sources: tuple[Source, ...]
    depends: tuple[str, ...]
    modules: tuple[str, ...]
    configure: tuple[str, ...]
    cross_configure: tuple[str, ...]
    built_in: tuple[str, ...]
    compileall: int
    edits: tuple[Edit, ...]
    build_depends: tuple[str, ...]
    build_without: tuple[str, ...]
    support: Support
    line_editing: str = LIBEDIT
    has_setup_py: bool = False
    can_leave_tests_out: bool = False
    has_build_details: bool = False
    optimizes: bool = True
    abiflags: str = ""
    edits_pip: bool = True
    writes_junit_xml: bool = True
    unused_if_static: tuple[str, ...] = ()
    tls: tuple[str, ...] = ("TLSv1.3", "TLSv1.2")
    builds_packages: bool = True
    libraries: Mapping[str, Library] = {}
    patches: tuple[Path, ...] = ()

    @property
    def build_modules(self) -> tuple[str, ...]:
        """Extension modules of build-python."""
        return tuple(name for name in self.modules if name not in self.build_without)

    @property
    def number(self) -> str:
        """X.Y.Z alone, as `sys.version_info` has it."""
        return self.version.rstrip(FREE_THREADED)

    @property
    def series_number(self) -> str:
        """X.Y alone."""
        return self.series.rstrip(FREE_THREADED)

    @property
    def include(self) -> str:
        """The folder of its headers, below the prefix."""
        return f"include/python{self.series_number}{self.abiflags}"

    @property
    def interpreter(self) -> str:
        """Its name in wheel tags: "cp313"."""
        return "cp" + self.series_number.replace(".", "")

    @property
    def abi(self) -> str:
        """The name of its ABI in wheel tags (PEP 425): "cp313", "cp313t" or "cp35m"."""
        return self.interpreter + self.abiflags


def read_support(folder: Path, series: str) -> Support:
    """How long a known series gets security fixes."""
    return _support(series, read_series(folder, series))


def _support(series: str, keys: SeriesKeys) -> Support:
    return Support(series, keys.end_of_life, keys.pep)


class Own(msgspec.Struct, frozen=True):
    """Values of the user's release file that replace those of the series' file. shown: how the user named it"""

    shown: str
    version: str
    sources: tuple[Source, ...] = ()
    libraries: Mapping[str, Library] = {}
    patches: tuple[Path, ...] = ()


def read_release(folder: Path, wanted: str | Own, line_editing: str = LIBEDIT) -> Release:
    """The release for `python=3.13` (its series' default), `python=3.13.5`, `python=3.13t` or a file of the user's own.

    folder: holds one TOML file a series, named by it, and edits.toml
    line_editing: LIBEDIT or READLINE
    Raises ConfigurationError.
    """
    own = wanted if isinstance(wanted, Own) else Own(f"python={wanted}", wanted)
    number = own.version.removesuffix(FREE_THREADED)
    letter = own.version[len(number) :]
    series = ".".join(number.split(".")[:2])
    _require_series(folder, series, own)
    keys = read_series(folder, series)
    _require_free_threaded(folder, keys, own, letter)
    version = keys.default if number == series else number
    libraries = {name: Library(number) for name, number in keys.libraries.items()} | {**own.libraries}
    _require_spelt(own, folder.parent)
    _require_fit(own, version, libraries, keys.fits)
    more = keys.libedit if line_editing == LIBEDIT else keys.readline
    return Release(
        version=version + letter,
        series=series + letter,
        sources=own.sources or _known_sources(folder / f"{series}.toml", keys.releases, version, own),
        depends=tuple(line_editing if name == LIBEDIT else name for name in keys.depends),
        modules=keys.modules,
        configure=(*keys.configure, *((keys.free_threaded or ()) if letter else ())),
        cross_configure=(*keys.cross_configure, *more.configure),
        built_in=keys.built_in,
        compileall=keys.compileall,
        edits=tuple(each.edit() for each in (*keys.edits, *more.edits, *read_edits(folder))),
        build_depends=keys.build_python.depends,
        build_without=keys.build_python.without,
        support=_support(series, keys),
        line_editing=line_editing,
        has_setup_py=keys.has_setup_py,
        can_leave_tests_out=keys.can_leave_tests_out,
        has_build_details=keys.has_build_details,
        optimizes=keys.optimizes,
        abiflags=keys.abiflags + letter,
        edits_pip=keys.edits_pip and version in keys.releases,
        writes_junit_xml=keys.writes_junit_xml,
        unused_if_static=keys.unused_if_static,
        tls=keys.tls,
        builds_packages=keys.builds_packages,
        libraries=libraries,
        patches=own.patches,
    )


def _require_series(folder: Path, series: str, own: Own) -> None:
    known = series_names(folder)
    if series in known:
        return

    def tell(name: str) -> str:
        return f"python={name}, {read_support(folder, name).describe(date.today())}"

    raise ConfigurationError(
        f"{own.shown}: crosspython does not know this series",
        expected=f"one of {', '.join(known)}, or a patch release of one of them",
        next=_mind_quotes(series, known)
        or nearest_numbers(series, known, tell)
        or suggest(own.version, known, "python={}"),
    )


def _mind_quotes(series: str, known: Collection[str]) -> str | None:
    """A hint for a version without quotes in an SConscript: there, the number 3.10 becomes 3.1."""
    if f"{series}0" not in known:
        return None
    return f'in an SConscript, write python="{series}0" in quotes: the number {series}0 is the same as {series}'


def _require_free_threaded(folder: Path, keys: SeriesKeys, own: Own, letter: str) -> None:
    if letter and keys.free_threaded is None:
        names = series_names(folder)
        able = [f"python={name}t" for name in names if read_series(folder, name).free_threaded is not None]
        raise ConfigurationError(
            f"{own.shown}: this series cannot be built without the GIL (PEP 703)", expected=" or ".join(able)
        )


def _known_sources(file: Path, releases: Mapping[str, Sources], version: str, own: Own) -> tuple[Source, ...]:
    if version not in releases:
        raise ConfigurationError(
            f"{own.shown}: no source is known for this patch release",
            expected=f"one of {', '.join(releases)}",
            next=f"name its source and SHA-256 in a release file of your own (docs/pythons.md), or add them to {file}",
        )
    return tuple(keys.source() for keys in releases[version])


def _require_spelt(own: Own, recipes: Path) -> None:
    """Check the names of the user's libraries: one that resembles a recipe's is a mistake. Recipes of the
    user's own are not known yet. Raises ConfigurationError."""
    known = [file.parent.name for file in recipes.glob("*/SConscript")] if own.libraries else []
    likely = {name: get_close_matches(name, known, 1, _LIKENESS) for name in own.libraries if name not in known}
    if misspelt := [f"libraries.{name}: did you mean {meant[0]}?" for name, meant in likely.items() if meant]:
        raise ConfigurationError(f"{own.shown}: no recipe has this name", evidence=misspelt)


def _require_fit(own: Own, version: str, libraries: Mapping[str, Library], fits: Mapping[str, tuple[str, ...]]) -> None:
    """Check that all libraries have versions that this Python was written for. Raises ConfigurationError."""
    misfits = [
        f"{name} {library.version} does not work with Python {version}, which needs {' or '.join(fits[name])}"
        for name, library in libraries.items()
        if name in fits and not any(_is_of(library.version, number) for number in fits[name])
    ]
    if misfits:
        raise ConfigurationError(f"{own.shown}: a library has a version that does not fit", evidence=misfits)


def _is_of(version: str, number: str) -> bool:
    """Whether a version belongs to a version number: 1.0.2u to 1.0.2, and 3.5.7 to 3, but not 1.1.10 to 1.1.1."""
    return version.startswith(number) and not version[len(number) : len(number) + 1].isdigit()
