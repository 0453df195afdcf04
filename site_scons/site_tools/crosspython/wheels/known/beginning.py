"""The beginning of a component that is missing: a SConscript with what the distribution knows, for a person to finish.

The kind is told from the files in the source. A licence is never guessed: its line is refused until it is filled in.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from textwrap import wrap

from crosspython.errors import CrosspythonError
from crosspython.store.fetch import Store
from crosspython.store.formats import Damaged, damage_told, read_members
from crosspython.wheels.known.distribution import Development, PoolSource, find_development, find_source
from crosspython.wheels.known.libraries import component_that_brings, read_libraries
from crosspython.wheels.known.overrides import with_library, write_override
from crosspython.wheels.model import Override

_LICENSES = re.compile(r"(?:COPYING|COPYRIGHT|LICEN[CS]E)[\w.-]*", re.IGNORECASE)
# What distributions add to a version whose archive they repacked.
_REPACKED = re.compile(r"[+~.-](?:dfsg|ds|repack).*")

# What a docstring does not take, and what a development package's summary ends with.
_BESIDE_SUMMARY = re.compile(r"""["\\]|(?: \(| --? | )development (?:files|headers|library).*""")

_TEXT = '''\
"""{name}: {summary}, for {package}."""

Import("env")

{variable} = env.{kind}(
    "{name}",
    "{version}",
    sources=[
        dict(  # with the hash that the distribution states; add upstream's url=, if it has the same bytes
            pool="{pool}",
            sha256="{sha256}",
        ),
    ],
    license="FILL IN: an SPDX expression; see {licenses}",
    license_files=[{license_files}],
{more})
Return("{variable}")
'''


@dataclass(frozen=True)
class Beginning:
    """A component that was begun. found_in: the distribution's package that was taken for it; text: its SConscript."""

    name: str
    found_in: str
    text: str


@dataclass(frozen=True)
class Begun:
    """The folder of the files that are begun for a package, and the store for the sources."""

    folder: Path
    store: Store

    def advise(self, wanted: str, override: Override) -> tuple[list[str], str] | None:
        """Begin the component that brings something, with the package's override. Returns both texts as lines to show,
        and what to do with the files. None if nothing is known of it."""
        begun = begin_component(wanted, override.name, self.store)
        if begun is None:
            return None
        files = {
            f"recipes/{begun.name}/SConscript": begun.text,
            f"overrides/{override.name}.toml": write_override(with_library(override, begun.name)),
        }
        shutil.rmtree(self.folder, ignore_errors=True)
        for name, text in files.items():
            (self.folder / name).parent.mkdir(parents=True)
            (self.folder / name).write_text(text, encoding="utf-8")
        return [line for name, text in files.items() for line in show_file(name, text)], (
            f"no component brings it, but the distribution's {begun.found_in} seems to have it:"
            f" `cp -rn {quote(str(self.folder))}/. .` takes over the two files above, then fill in the licence and"
            f" build with components=recipes/{begun.name} overrides=overrides (docs/components.md)"
        )


def show_file(name: str, text: str) -> list[str]:
    """The lines by which an error shows a file."""
    return ["", f"{name}:", *(f"    {line}" if line else "" for line in text.splitlines())]


def begin_component(wanted: str, package: str, store: Store) -> Beginning | None:
    """Begin the component that brings a header, a library or a package of pkg-config, for a package.

    Fetches its source. None if the distribution's archive has no such source, or if none may be fetched.
    """
    development = None if store.offline else find_development(wanted)
    if development is None or development.source in read_libraries():
        return None
    try:
        found = find_source(development, store)
        if found is None:
            return None
        _, archive = store.get([found.source], development.source)
        return Beginning(development.source, development.name, _write(development, found, _top(archive), package))
    except CrosspythonError:
        return None  # the error that is being explained says more


def tell_kind(files: Collection[str]) -> str | None:
    """The method that declares a component with these files at the top of its source."""
    if "configure" in files:
        return "Autoconf"
    names = {"meson.build": "Meson", "CMakeLists.txt": "CMake", "configure.ac": "Autoconf", "configure.in": "Autoconf"}
    makefiles = dict.fromkeys(("Makefile", "GNUmakefile", "makefile"), "Make")
    return next((kind for name, kind in (names | makefiles).items() if name in files), None)


def _top(archive: Path) -> frozenset[str]:
    """The names of the files at the top of a source, below its one folder."""
    try:
        with damage_told():
            names = [member.name.removeprefix("./").rstrip("/").split("/") for member in read_members(archive)]
    except Damaged:
        return frozenset()
    return frozenset(parts[1] for parts in names if len(parts) == 2)


def _write(development: Development, found: PoolSource, files: frozenset[str], package: str) -> str:
    texts = sorted(name for name in files if _LICENSES.fullmatch(name))
    upstream = re.sub(r"^\d+:|-[^-]*$", "", development.version)
    return _TEXT.format(
        name=development.source,
        summary=_BESIDE_SUMMARY.sub("", development.summary),
        package=package,
        variable=re.sub(r"\W", "_", development.source).lstrip("0123456789_"),
        kind=tell_kind(files) or "Make",
        version=_REPACKED.sub("", upstream).replace("~", "-"),
        pool=found.source.pool,
        sha256=found.source.sha256,
        licenses=" and ".join(texts) or "its source",
        license_files=", ".join(f'"{name}"' for name in texts),
        more="".join(f"    {line}\n" for line in _more(found, files)),
    )


def _more(found: PoolSource, files: frozenset[str]) -> Iterator[str]:
    """The lines of a recipe that depend on its kind, and on the libraries that it is built with elsewhere."""
    kind = tell_kind(files)
    if kind is None:
        yield "# TODO: no build system is known by the files at the top of its source (docs/components.md, Kinds)"
    if kind == "Autoconf" and files.isdisjoint(("configure.ac", "configure.in")):
        yield "triplet=False,  # its configure was not made by autoconf"
    elif kind == "Autoconf":
        yield 'configure=["--disable-static"],'
    brought = {each: _component(each) for each in found.beneath}
    if known := sorted({f'"{name}"' for name in brought.values() if name}):
        yield f"depends=[{', '.join(known)}],  # keep what it needs"
    if others := [each for each, name in brought.items() if name is None and each.startswith(("lib", "zlib"))]:
        text = f"Debian builds it with {' '.join(others)}: switch off what uses them, or name components in depends="
        yield from (f"# {line}" for line in wrap(text, 110))


def _component(development: str) -> str | None:
    """The component for a development package: libxml2-dev, libzstd-dev."""
    name = development.removesuffix("-dev")
    return component_that_brings(name) or component_that_brings(re.sub(r"[\d.-]+$", "", name))
