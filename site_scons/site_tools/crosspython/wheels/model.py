"""The nouns of wheels/: what was locked, what is to be built, and the result.

Pure data. Paths belong to the build machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from crosspython.wheels.commits import Commit
from crosspython.wheels.project_files import ProjectFiles


@dataclass(frozen=True)
class LockedFile:
    """A file that pylock.toml names (PEP 751): an address or a path, and the hash its bytes must have."""

    name: str
    sha256: str
    url: str | None = None
    path: Path | None = None
    size: int | None = None


@dataclass(frozen=True)
class LockedPackage:
    """One package of pylock.toml.

    name:           normalized (PEP 503)
    version:        empty where only a build of a local project's folder tells it
    sdist:          None where the index has none
    wheels:         those whose tags fit the target, best first
    other_wheels:   file names of its wheels for other platforms: an oracle for what a wheel of it holds
    depends:        names of locked packages that it needs at run time
    build_requires: requirements of its build (PEP 518), of its pyproject.toml
    folder:         a local project with a pyproject.toml, instead of sdist and wheels
    commit:         of a git repository, likewise
    build_only:     nobody needs it at run time: it is locked for the headers that a build needs
    """

    name: str
    version: str
    sdist: LockedFile | None = None
    wheels: tuple[LockedFile, ...] = ()
    other_wheels: tuple[str, ...] = ()
    depends: tuple[str, ...] = ()
    build_requires: tuple[Requirement, ...] = ()
    folder: Path | None = None
    commit: Commit | None = None
    build_only: bool = False

    @property
    def title(self) -> str:
        return f"{self.name} {self.version}".rstrip()


@dataclass(frozen=True)
class Toolset:
    """Build requirements, resolved with all that they need: what an overlay is filled with. They run here.

    machine:  of the build machine, as `uname -m` says it
    requires: what was resolved (PEP 508), and in `pins` the versions that were given: those of the target's headers
    packages: to be installed; each has one file
    beneath:  what such of them as have no wheel are themselves built with
    """

    machine: str
    requires: tuple[str, ...]
    pins: tuple[str, ...]
    packages: tuple[LockedPackage, ...]
    beneath: tuple[LockedPackage, ...] = ()

    def facts(self) -> list[list[str]]:
        """What decides about the wheels that are built with it."""
        return [[each.name, each.version, file_of_tool(each).sha256] for each in (*self.packages, *self.beneath)]

    def meets(self, need: Requirement) -> bool:
        """Whether a build requirement is among them. One with extras is where it was asked for in these words."""
        if need.extras:
            return str(need) in self.requires
        name = canonicalize_name(need.name)
        return any(each.name == name and need.specifier.contains(each.version, True) for each in self.packages)


@dataclass(frozen=True)
class LockedTools:
    """A toolset with its files, by their names."""

    toolset: Toolset
    files: Mapping[str, Path]


def file_of_tool(package: LockedPackage) -> LockedFile:
    """The one file that a package of a Toolset has."""
    file = package.wheels[0] if package.wheels else package.sdist
    assert file is not None
    return file


@dataclass(frozen=True)
class Override:
    """What one package needs beyond the generic way: data with its reason. Read from wheels/known/overrides/*.toml.

    libraries:       components that its private sysroot holds, beside those of the standard library
    loads:           components whose libraries it loads by ctypes or cffi when it runs: the bundle brings them
    build_requires:  native build requirements that it does not declare
    config_settings: for its backend (PEP 517)
    environment:     further variables; here and in config_settings {sysroot} stands for where its libraries are,
                     {headers} for the folder of the toolchain that has the kernel's linux/, {overlay} for the one with
                     the build requirements
    engine:          "cross", "emulated", or None: cross first, emulated where the failure is of that kind
    minutes:         that a call of its backend may take; None: as long as any
    needs_target:    build requirements whose headers and static libraries must be the target's (numpy)
    imports:         modules to import in the check instead of its top-level ones
    not_importable:  extension modules that cannot be imported there, with the reason
    leave_out:       globs of what lies in the sdist and is not even unpacked, since its build does not read it; `*`
                     matches slashes, too
    beside:          of a local project, what its build reads outside of its folder, as seen from there: "../src"
    dependencies:    what it needs at run time, instead of asking it; None: it is asked, and built if only that tells
    """

    name: str
    reason: str = ""
    libraries: tuple[str, ...] = ()
    loads: tuple[str, ...] = ()
    build_requires: tuple[str, ...] = ()
    config_settings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    engine: str | None = None
    minutes: float | None = None
    needs_target: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    not_importable: Mapping[str, str] = field(default_factory=dict)
    leave_out: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    dependencies: tuple[str, ...] | None = None

    def facts(self) -> dict[str, Any]:
        """What decides about the wheel; the rest is the reader's, the lock's and the check's."""
        others = ("reason", "loads", "beside", "dependencies", "imports", "not_importable")
        return {key: value for key, value in asdict(self).items() if key not in others}


@dataclass(frozen=True)
class WheelOrder:
    """One wheel to be built from source.

    source:        the sdist, or the files of a local project
    source_hash:   what the node says of a local project's files: only that may be built
    libraries:     stage archives for its private sysroot, by component
    target_wheels: wheels for the target that its build needs headers of, by package name
    product:       where the finished wheel goes, under a name that tells nothing of its tags
    tools:         its build requirements as the lock has them; None: they are taken as the index has them
    """

    package: LockedPackage
    override: Override
    source: Path | ProjectFiles
    libraries: Mapping[str, Path]
    target_wheels: Mapping[str, Path]
    product: Path
    source_hash: str | None = None
    tools: LockedTools | None = None


@dataclass(frozen=True)
class WheelReport:
    """What came out. `filename` is the wheel's right name; `tags` what it says; `needs` the highest GLIBC_ version.

    engine:     "cross", "emulated", "ready" (taken from the index)
    extensions: extension modules in it, by dotted name
    grafted:    sonames of libraries that were put into it
    remarks:    what a user should know: an optional extension dropped, a tag corrected
    """

    name: str
    version: str
    filename: str
    tags: tuple[str, ...]
    engine: str
    extensions: tuple[str, ...] = ()
    grafted: tuple[str, ...] = ()
    needs: str | None = None
    wall: float = 0.0
    cpu: float = 0.0
    remarks: tuple[str, ...] = ()
