"""Checks that nothing in a lock leads out of the folders to which it is joined: locks may come from other people.

Names, versions, hashes and commits become names of files and folders in the store and in the build folder. Paths of
local files and projects may be anywhere: the builder only reads there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from packaging.utils import canonicalize_name
from packaging.version import Version

from crosspython.wheels.model import LockedCrates, LockedFile, LockedPackage

_SHA256 = re.compile(r"[0-9a-f]{64}")
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")


def require_plain(packages: Iterable[LockedPackage], crates: Iterable[LockedCrates] = ()) -> None:
    """Raise ValueError for the first name, version, hash or path that may lead elsewhere."""
    for package in packages:
        canonicalize_name(package.name, validate=True)
        if package.version and package.folder is None:
            Version(package.version)
        for file in (*package.wheels, *((package.sdist,) if package.sdist is not None else ())):
            _require_plain_file(package, file)
        if (commit := package.commit) is not None and not _COMMIT.fullmatch(commit.id):
            raise ValueError(f"{package.name}: {commit.id!r} is not the hash of a commit")
        if commit is not None and not _stays(commit.subdirectory):
            raise ValueError(f"{package.name}: {commit.subdirectory!r} is not a folder of its repository")
    for each in crates:
        for place in each.locks:
            if not _stays(place) or PurePosixPath(place).name != "Cargo.lock":
                raise ValueError(f"{each.package}: {place!r} is not a Cargo.lock in its source")


def _require_plain_file(package: LockedPackage, file: LockedFile) -> None:
    if "/" in file.name or "\0" in file.name or file.name in ("", ".", ".."):
        raise ValueError(f"{package.name}: {file.name!r} is not the name of a file")
    if not _SHA256.fullmatch(file.sha256):
        raise ValueError(f"{package.name}: {file.sha256!r} is not a SHA-256")


def _stays(path: str) -> bool:
    return not PurePosixPath(path).is_absolute() and ".." not in PurePosixPath(path).parts and "\0" not in path
