"""The data types of wheels/: locked packages, orders for builds, and results.

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
    version:        empty if only a build of the local project tells it
    sdist:          None if the index has none
    wheels:         the wheels whose tags fit the target, best first
    other_wheels:   file names of its wheels for other platforms: they show what a wheel of this package contains
    depends:        names of locked packages that it needs at run time
    build_requires: the build requirements in its pyproject.toml (PEP 518)
    folder:         a local project with a pyproject.toml, instead of sdist and wheels
    commit:         a commit of a git repository, instead of sdist and wheels
    build_only:     no package needs it at run time: it is locked for headers that a build needs
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

    @property
    def source_hash(self) -> str:
        """A text that identifies its source: the commit, or the SHA-256 of its sdist; empty for a local project."""
        if self.commit is not None:
            return self.commit.identity
        return self.sdist.sha256 if self.sdist is not None else ""


@dataclass(frozen=True)
class LockedCrates:
    """The crates of a package in Rust.

    package: its name; source: a text that identifies the files in which it names its crates
    rust:    the compiler with which they were resolved, in its own words: "rustc 1.96.0 (ac68faa20 2026-05-25)"
    locks:   Cargo.lock files by their paths in the source: those that it lacks, or that do not match it. Empty if its
             own lock files say everything
    """

    package: str
    source: str
    rust: str
    locks: Mapping[str, str]


@dataclass(frozen=True)
class Toolset:
    """Resolved build requirements, with all their dependencies. They run on the build machine, in an overlay.

    machine:  the build machine's, from `uname -m`
    requires: the requirements that were resolved (PEP 508); pins: fixed versions, those of the target's headers
    packages: the packages to be installed; each has one file
    beneath:  the build requirements of those packages that have no wheel
    """

    machine: str
    requires: tuple[str, ...]
    pins: tuple[str, ...]
    packages: tuple[LockedPackage, ...]
    beneath: tuple[LockedPackage, ...] = ()

    def facts(self) -> list[list[str]]:
        """The facts that wheels depend on which are built with this toolset."""
        return [[each.name, each.version, file_of_tool(each).sha256] for each in (*self.packages, *self.beneath)]

    def meets(self, need: Requirement) -> bool:
        """Whether the toolset meets a build requirement. One with extras is only met by a requirement with the same
        text."""
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
class Fetch:
    """A file that the build of a package would download. It is fetched before, and put where the build looks for it.

    One of these says where:
    cmake:  the name by which CMake's FetchContent or ExternalProject knows it
    folder: the folder in the package's source into which it is unpacked
    file:   the path in the package's source at which it is kept as it is; for Meson, the cache of its wraps
    license: its licence as an SPDX expression, for the papers; "" if none is stated
    """

    url: str
    sha256: str
    cmake: str = ""
    folder: str = ""
    file: str = ""
    license: str = ""

    def facts(self) -> dict[str, str]:
        """The fields that a wheel depends on."""
        return {key: value for key, value in asdict(self).items() if key != "license"}


@dataclass(frozen=True)
class Override:
    """Additional settings for the build of one package, with the reason. Read from wheels/known/overrides/*.toml.

    libraries:       components in its private sysroot, besides those of the standard library
    loads:           components whose libraries it loads by ctypes or cffi when it runs: the bundle brings them
    build_requires:  native build requirements that it does not declare
    fetches:         files that its build would download
    config_settings: settings for its backend (PEP 517)
    environment:     further variables. Here and in config_settings, {sysroot} is the folder of its libraries, {headers}
                     the toolchain's folder with the kernel's linux/, {overlay} the folder of the build requirements,
                     {source} that of its source
    engine:          "cross", "emulated", or None: first cross, then emulated if the failure shows that it is needed
    minutes:         the time limit for a call of its backend; None: the same as for all packages
    needs_target:    build requirements whose headers and static libraries must be the target's (numpy)
    imports:         modules to import in the check instead of its top-level ones
    not_importable:  extension modules that cannot be imported there, with the reason
    leave_out:       globs of files in the sdist that are not unpacked, because its build does not read them; `*`
                     matches slashes, too
    beside:          for a local project: paths outside of its folder that its build reads, relative to it: "../src"
    dependencies:    its run-time requirements; None: its metadata is used, and the package is built if there is none
    """

    name: str
    reason: str = ""
    libraries: tuple[str, ...] = ()
    loads: tuple[str, ...] = ()
    build_requires: tuple[str, ...] = ()
    fetches: tuple[Fetch, ...] = ()
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
        """The fields that the wheel depends on. The other fields are for the user, the lock and the check."""
        others = ("reason", "loads", "beside", "dependencies", "imports", "not_importable", "fetches")
        facts = {key: value for key, value in asdict(self).items() if key not in others}
        return facts | ({"fetches": [each.facts() for each in self.fetches]} if self.fetches else {})


@dataclass(frozen=True)
class WheelOrder:
    """One wheel to be built from source.

    source:        the sdist, or the files of a local project
    source_hash:   the hash of a local project's files in the node: only files with this hash may be built
    libraries:     stage archives for its private sysroot, by component
    target_wheels: wheels for the target whose headers its build needs, by package name
    product:       the path for the finished wheel, whose name has no tags
    tools:         its build requirements from the lock; None: the newest ones of the index are used
    fetched:       the files of the override's `fetches`, by SHA-256
    crates:        the crates of a package in Rust from the lock; None: those of its Cargo.lock, or the newest ones
    """

    package: LockedPackage
    override: Override
    source: Path | ProjectFiles
    libraries: Mapping[str, Path]
    target_wheels: Mapping[str, Path]
    product: Path
    source_hash: str | None = None
    tools: LockedTools | None = None
    fetched: Mapping[str, Path] = field(default_factory=dict)
    crates: LockedCrates | None = None


@dataclass(frozen=True)
class WheelReport:
    """The result. `filename` is the wheel's correct name; `tags` are its tags; `needs` is the highest GLIBC_ version.

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
