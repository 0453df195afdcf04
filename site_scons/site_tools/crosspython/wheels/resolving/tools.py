"""Toolsets: finds the files that meet a package's build requirements on the build machine, with uv.

Knows uv's command line for that, and finds the build requirements of packages that have no wheel themselves. Its
callers choose the requirements, and store the toolsets.
"""

from __future__ import annotations

import platform as this_machine
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.version import Version

from crosspython.errors import StepError
from crosspython.wheels.model import LockedPackage, LockedTools, Toolset, file_of_tool
from crosspython.wheels.resolving.choose import fitting
from crosspython.wheels.resolving.lock import fetch_file
from crosspython.wheels.resolving.projects import read_build_requires
from crosspython.wheels.resolving.pylock import read_entry
from crosspython.wheels.resolving.uv import run_uv

if TYPE_CHECKING:
    from crosspython.store.fetch import Store
    from crosspython.wheels.resolving.resolve import Resolver

_PATIENCE = 900.0  # seconds, as for the resolution of what goes to the board
_EVIDENCE_LINES = 10
_OWN_WHEEL = Version("70.1")


@dataclass(frozen=True)
class ToolResolver:
    """uv with the settings for the build machine.

    python: the release of the native Python, "3.13.5": its series is the board's
    abi:    its ABI in wheel tags: "cp313"
    keep:   versions by package, which are kept if that is possible
    """

    resolver: Resolver
    store: Store
    python: str
    abi: str
    keep: Mapping[str, str]

    def resolve(self, requires: Sequence[str], pins: Sequence[str]) -> Toolset:
        """Resolve build requirements with all their dependencies. Raises StepError if the index does not have them.

        pins: such as `numpy==2.2.6`: these versions override all other requirements
        """
        packages = self._compile(requires, pins)
        if _asks_for_wheel(packages):
            packages = self._compile([*requires, "wheel"], pins)
        return Toolset(build_machine(), tuple(requires), tuple(pins), packages, self._beneath(packages))

    def _beneath(self, packages: Sequence[LockedPackage]) -> tuple[LockedPackage, ...]:
        """The build requirements of packages without a wheel. uv builds these packages, and finds the requirements
        among the locked files."""
        found, waiting = dict[str, LockedPackage](), [package for package in packages if not package.wheels]
        seen = {package.title for package in packages}
        while waiting:
            package = waiting.pop()
            assert package.sdist is not None  # _compile guarantees this
            needs = read_build_requires(fetch_file(package.sdist, self.store, package.title))
            for each in self._compile(sorted(map(str, needs)), ()):
                if each.title not in seen:
                    seen.add(each.title)
                    found[each.title] = each
                    waiting += [] if each.wheels else [each]
        return tuple(found[title] for title in sorted(found))

    def _compile(self, requires: Sequence[str], pins: Sequence[str]) -> tuple[LockedPackage, ...]:
        """The closure of requirements, only with wheels if that is possible: as `pip install` would choose here."""
        if not requires:
            return ()
        folder = self.resolver.folder / "tools"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "requires.txt").write_text("".join(f"{text}\n" for text in requires))
        (folder / "pins.txt").write_text("".join(f"{text}\n" for text in pins))
        if self._uv(folder, "--only-binary", ":all:") and self._uv(folder):
            raise StepError(
                "build requirements cannot be resolved",
                expected=", ".join(requires),
                evidence=self.resolver.log.tail(_EVIDENCE_LINES),
                log=self.resolver.log.path,
            )
        entries = tomllib.loads((folder / "pylock.toml").read_text())["packages"]
        return tuple(self._with_one_file(read_entry(entry, folder)) for entry in entries)

    def _with_one_file(self, package: LockedPackage) -> LockedPackage:
        """A package with only one file: the wheel that fits this machine best, or else the sdist. uv lists all wheels
        that fit. Raises StepError."""
        if package.wheels:
            best = next(iter(fitting(package.wheels, _tags_here(self.python, self.abi))), package.wheels[0])
            return replace(package, wheels=(best,), sdist=None)
        if package.sdist is None or not package.version or package.sdist.name.endswith(".whl"):
            raise StepError(
                "build requirements cannot be locked",
                expected="wheels and sdists of an index, with their hashes",
                found=f"{package.title}, which is named by an address, or has no file in the index",
            )
        return package

    def _uv(self, folder: Path, *options: str) -> int:
        """Run uv. It prefers the versions that are already in its output file."""
        import tomli_w

        known = [{"name": name, "version": version, "wheels": []} for name, version in sorted(self.keep.items())]
        before = {"lock-version": "1.0", "created-by": "crosspython", "packages": known}
        (folder / "pylock.toml").write_text(tomli_w.dumps(before))
        command = ["pip", "compile", "requires.txt", "--no-config", "--no-progress", "--color", "never", "--quiet"]
        command += ["--overrides", "pins.txt", "--format", "pylock.toml", "--output-file", "pylock.toml", "--no-header"]
        command += ["--python", sys.executable, "--python-version", self.python, "--no-python-downloads"]
        command += ["--offline"] if self.resolver.offline else []
        return run_uv(
            [*command, *self.resolver.indexes.options, *options],
            cwd=folder,
            path=self.resolver.path,
            indexes=self.resolver.indexes,
            cache=self.resolver.cache,
            contain=self.resolver.contain,
            log=self.resolver.log,
            timeout=_PATIENCE,
            may_fail=True,
        ).status


def _asks_for_wheel(packages: Sequence[LockedPackage]) -> bool:
    """Whether the backend will require `wheel` when it runs: setuptools before 70.1 does not contain bdist_wheel (its
    news)."""
    versions = {package.name: Version(package.version) for package in packages}
    return versions.get("setuptools", _OWN_WHEEL) < _OWN_WHEEL and "wheel" not in versions


def build_machine() -> str:
    """The machine of the build machine, from `uname -m`."""
    return this_machine.machine()


@cache
def _tags_here(python: str, abi: str) -> Mapping[Tag, int]:
    """The tags that a Python of this release accepts on this machine, with their rank: 0 is the best."""
    major, minor, *_ = map(int, python.split("."))
    interpreter = f"cp{major}{minor}"
    tags = [*cpython_tags((major, minor), [abi]), *compatible_tags((major, minor), interpreter)]
    return {tag: rank for rank, tag in reversed(list(enumerate(tags)))}


def fetch_tools(toolset: Toolset, store: Store) -> LockedTools:
    """A toolset with its files, verified. Raises SourceError."""
    files = [(file_of_tool(package), package.title) for package in (*toolset.packages, *toolset.beneath)]
    return LockedTools(toolset, {file.name: fetch_file(file, store, title) for file, title in files})
