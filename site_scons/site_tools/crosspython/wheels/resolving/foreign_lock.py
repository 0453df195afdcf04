"""A pylock.toml that another tool wrote (PEP 751): uv, pip, pdm. Read by packaging, for the board.

Knows what of such a lock holds for a platform. What only sdists tell is added by lock.py.
Paths belong to the build machine.
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import cast

from packaging.markers import Environment, default_environment
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

from crosspython.errors import ConfigurationError
from crosspython.wheels.commits import Commit, parse_address
from crosspython.wheels.model import LockedFile, LockedPackage
from crosspython.wheels.resolving.platform import Platform
from crosspython.wheels.resolving.projects import read_version


def read_foreign_lock(path: Path, platform: Platform) -> tuple[LockedPackage, ...]:
    """The packages of a lock that a platform gets, with all their wheels. Raises ConfigurationError."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        lock = Pylock.from_dict(data)
        # Which of the files is taken is choose.py's business: it is asked whether each package has one at all.
        chosen = lock.select(
            environment=cast(Environment, {**default_environment(), **platform.markers()}),
            tags=list(platform.tags()),
        )
        packages = [package for package, _ in chosen]
    except (OSError, ValueError, PylockValidationError, PylockUnsupportedVersionError) as error:
        raise ConfigurationError(
            f"{path}: not a lock that can be used", expected="a pylock.toml (PEP 751)", found=str(error)
        ) from error
    except PylockSelectError as error:
        raise ConfigurationError(
            f"{path}: this lock does not hold for {platform.machine} with Python {platform.python}",
            found=str(error),
            next=f"make it with {lock.created_by} for that platform, or for all; or let this tool make one: pkgs=",
        ) from error
    problems = [problem for package in packages if (problem := _problem(package))]
    if problems:
        raise ConfigurationError(f"{path}: not all of this lock can be used", evidence=problems)
    return tuple(_read(package, path.parent) for package in packages)


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
        return f"{package.name}: lies in a folder of an archive: unpack it, and name that folder"
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
    """Raises ConfigurationError for another system than git, or where no whole hash is named."""
    assert package.vcs is not None
    vcs = package.vcs
    if vcs.type != "git":
        raise ConfigurationError(
            f"{package.name}: only git is read, and this is {vcs.type}: clone it, and name its folder"
        )
    url = Path(os.path.normpath(start / vcs.path)).absolute().as_uri() if vcs.path else str(vcs.url)
    address = f"git+{url.removeprefix('git+')}@{vcs.commit_id}"
    return replace(parse_address(address, f"{package.name} @ {address}"), subdirectory=vcs.subdirectory or "")


def _file(file: PackageWheel | PackageSdist | PackageArchive, start: Path) -> LockedFile:
    path = Path(os.path.normpath(start / file.path)) if file.path else None
    place = str(path or file.url).partition("#")[0].rpartition("/")[2]
    name = place if isinstance(file, PackageArchive) else file.filename
    return LockedFile(name, file.hashes["sha256"], None if path else file.url, path, file.size)
