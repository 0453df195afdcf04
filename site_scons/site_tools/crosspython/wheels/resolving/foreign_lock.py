"""A lock that another tool wrote: a pylock.toml (PEP 751), read by packaging, or a uv.lock, poetry.lock or pdm.lock.

Knows the form of a lock, and which entries of a pylock.toml apply to a platform. lock.py adds facts from sdists.
Paths belong to the build machine.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from packaging.pylock import (
    Package,
    PackageArchive,
    PackageSdist,
    PackageWheel,
    Pylock,
    PylockSelectError,
    PylockUnsupportedVersionError,
    PylockValidationError,
)
from packaging.tags import Tag
from packaging.utils import parse_wheel_filename

from crosspython.errors import ConfigurationError
from crosspython.wheels.commits import Commit
from crosspython.wheels.model import LockedFile, LockedPackage
from crosspython.wheels.resolving.choose import fitting
from crosspython.wheels.resolving.foreign.pdm import is_pdm, read_pdm
from crosspython.wheels.resolving.foreign.poetry import is_poetry, read_poetry
from crosspython.wheels.resolving.foreign.uv import is_uv, read_uv
from crosspython.wheels.resolving.foreign.wanted import Wanted, markers_of, read_commit, require_known
from crosspython.wheels.resolving.plain import require_plain
from crosspython.wheels.resolving.platform import Platform
from crosspython.wheels.resolving.projects import read_project, read_version

_OTHERS = ((is_uv, read_uv), (is_poetry, read_poetry), (is_pdm, read_pdm))


def read_foreign_lock(path: Path, platform: Platform, wanted: Wanted | None = None) -> tuple[LockedPackage, ...]:
    """The packages of a lock for a platform, with all their wheels. Raises ConfigurationError.

    Some locks do not contain the addresses of files: these files have neither url nor path.
    """
    wanted = wanted or Wanted()
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        read = next((read for is_it, read in _OTHERS if is_it(data)), _read_pylock)
        packages = read(data, path, platform, wanted)
        require_plain(packages)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, PylockUnsupportedVersionError) as error:
        raise ConfigurationError(
            f"{path}: not a lock that can be used",
            expected="a pylock.toml (PEP 751), uv.lock, poetry.lock or pdm.lock",
            found=f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else str(error),
        ) from error
    packages += _projects(packages, wanted)
    _require_files(packages, platform, path, str(data.get("created-by", "its tool")))
    return tuple(packages)


def _projects(packages: Sequence[LockedPackage], wanted: Wanted) -> list[LockedPackage]:
    """The requested projects that are not in the lock: poetry and pdm lock only a project's dependencies."""
    there = {package.folder for package in packages}
    projects = [read_project(folder) for folder in sorted(wanted.projects - there)]
    needed = {need for package in packages for need in package.depends}
    depends = tuple(sorted({package.name for package in packages} - needed))  # as far as the lock states them
    return [LockedPackage(each.name, read_version(each.path), depends=depends, folder=each.path) for each in projects]


def _require_files(packages: Sequence[LockedPackage], platform: Platform, path: Path, tool: str) -> None:
    """Check that every package has a wheel for the board, or a source. Raises ConfigurationError that names all
    packages without one."""
    tags = platform.tags()
    lacking = [
        f"{package.title}: it has {', '.join(wheel.name for wheel in package.wheels) or 'no file'}"
        for package in packages
        if package.folder is None
        and package.commit is None
        and package.sdist is None
        and not any(True for _ in fitting(package.wheels, tags))
    ]
    if lacking:
        raise ConfigurationError(
            f"{path}: this lock is not for {platform.machine} with Python {platform.release}",
            expected="for each package a wheel that fits, or a source",
            evidence=lacking,
            next=f"make it with {tool} for that platform, or for all; or let crosspython make one: pkgs=",
        )


def _read_pylock(data: Mapping[str, Any], path: Path, platform: Platform, wanted: Wanted) -> list[LockedPackage]:
    """The packages of a pylock.toml. Raises ConfigurationError and ValueError."""
    try:
        lock = Pylock.from_dict(data)
        require_known("extra", wanted.extras, lock.extras or ())
        require_known("group", wanted.groups, lock.dependency_groups or ())
        chosen = lock.select(
            environment=markers_of(platform),
            tags=sorted(_tags_of(lock), key=str),  # whether wheels fit is checked later, for all packages at once
            extras=wanted.extras,
            dependency_groups={*(lock.default_groups or ()), *wanted.groups},
        )
        packages = [package for package, _ in chosen]
    except PylockValidationError as error:
        raise ValueError(str(error)) from error
    except PylockSelectError as error:
        raise ConfigurationError(
            f"{path}: this lock is not for {platform.machine} with Python {platform.release}",
            found=str(error),
            next=f"make it with {lock.created_by} for that platform, or for all; or let crosspython make one: pkgs=",
        ) from error
    problems = [problem for package in packages if (problem := _problem(package))]
    if problems:
        raise ConfigurationError(f"{path}: parts of this lock cannot be used", evidence=problems)
    return [_read(package, path.parent) for package in packages]


def _tags_of(lock: Pylock) -> set[Tag]:
    wheels = (wheel for package in lock.packages for wheel in package.wheels or ())
    return {tag for wheel in wheels for tag in parse_wheel_filename(wheel.filename)[3]}


def _problem(package: Package) -> str | None:
    if package.vcs is not None:
        try:
            _commit(package, Path())
        except ConfigurationError as error:
            return error.what
    files = [*(package.wheels or ()), *(file for file in (package.sdist, package.archive) if file is not None)]
    if any("sha256" not in file.hashes for file in files):
        return f"{package.name}: has files without a SHA-256"
    if package.archive is not None and package.archive.subdirectory:
        return f"{package.name}: it is in a folder of an archive: unpack the archive, and name that folder"
    return None


def _read(package: Package, start: Path) -> LockedPackage:
    folder = None
    if package.directory is not None:
        folder = Path(os.path.normpath(start / package.directory.path / (package.directory.subdirectory or "")))
    archive = _file(package.archive, start) if package.archive else None
    is_wheel = archive is not None and archive.name.endswith(".whl")
    sdist = _file(package.sdist, start) if package.sdist else None
    wheels = tuple(_file(wheel, start) for wheel in package.wheels or ())
    return LockedPackage(
        name=package.name,
        version=read_version(folder) if folder else str(package.version or ""),
        sdist=sdist if archive is None or is_wheel else archive,
        wheels=(archive,) if archive is not None and is_wheel else wheels,
        depends=tuple(str(need["name"]) for need in package.dependencies or () if "name" in need),
        folder=folder,
        commit=_commit(package, start) if package.vcs is not None else None,
    )


def _commit(package: Package, start: Path) -> Commit:
    """The commit of a package. Raises ConfigurationError for systems other than git, or without a full hash."""
    assert package.vcs is not None
    vcs = package.vcs
    if vcs.type != "git":
        raise ConfigurationError(
            f"{package.name}: only git repositories are read, and this is {vcs.type}: clone it, and name its folder"
        )
    url = Path(os.path.normpath(start / vcs.path)).absolute().as_uri() if vcs.path else str(vcs.url)
    return read_commit(url, vcs.commit_id, vcs.subdirectory, package.name)


def _file(file: PackageWheel | PackageSdist | PackageArchive, start: Path) -> LockedFile:
    path = Path(os.path.normpath(start / file.path)) if file.path else None
    place = str(path or file.url).partition("#")[0].rpartition("/")[2]
    name = place if isinstance(file, PackageArchive) else file.filename
    return LockedFile(name, file.hashes["sha256"], None if path else file.url, path, file.size)
