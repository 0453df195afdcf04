"""Finds the addresses of files in locks that contain only their hashes (poetry, pdm), by asking an index."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from packaging.requirements import Requirement

from crosspython.errors import ConfigurationError
from crosspython.wheels.model import LockedFile, LockedPackage
from crosspython.wheels.resolving.choose import fitting
from crosspython.wheels.resolving.platform import Platform
from crosspython.wheels.resolving.request import Request
from crosspython.wheels.resolving.resolve import Resolver


def locate_files(
    packages: Sequence[LockedPackage], platform: Platform, resolver: Resolver
) -> tuple[LockedPackage, ...]:
    """The packages with a place for each file that the board can use; a file is known by its hash, wherever it is.

    Raises ConfigurationError that names the packages of which the indexes have no such file.
    """
    lost = [package for package in packages if not all(map(_has_place, _files(package)))]
    if not lost:
        return tuple(packages)
    pins = tuple(Requirement(f"{package.name}=={package.version}") for package in lost)
    alone: dict[str, tuple[str, ...]] = {package.name: () for package in lost}  # the lock contains their dependencies
    found = {package.name: package for package in resolver.resolve(Request(pins, dependencies=alone), platform)}
    placed = {package.name: _place(package, found.get(package.name), platform) for package in lost}
    lacking = [each.title for each in placed.values() if each.sdist is None and not any(map(_has_place, each.wheels))]
    if lacking:
        raise ConfigurationError(
            "the files of the index are not those of the lock",
            evidence=[f"{title}: no file that fits has a hash of the lock" for title in lacking],
            next="name the index that the lock was made with in pip's configuration; or make the lock again",
        )
    return tuple(placed.get(package.name, package) for package in packages)


def _files(package: LockedPackage) -> Iterable[LockedFile]:
    return (*package.wheels, *([package.sdist] if package.sdist is not None else []))


def _has_place(file: LockedFile) -> bool:
    return file.url is not None or file.path is not None


def _place(package: LockedPackage, found: LockedPackage | None, platform: Platform) -> LockedPackage:
    """A package with the index's files in place of its own. Wheels for other platforms stay: they tell what a wheel
    of it holds."""
    by_hash = {file.sha256: file for file in _files(found)} if found is not None else {}
    fit = {file.sha256 for file in fitting(package.wheels, platform.tags())}
    wheels = tuple(by_hash.get(wheel.sha256, wheel) for wheel in package.wheels)
    kept = tuple(wheel for wheel in wheels if _has_place(wheel) or wheel.sha256 not in fit)
    return replace(package, wheels=kept, sdist=by_hash.get(package.sdist.sha256) if package.sdist else None)
