"""The wanted part of a lock, and the common elements of all forms of locks: markers, files, folders."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from packaging.markers import Environment, Marker, default_environment
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from crosspython.errors import ConfigurationError
from crosspython.names import check_known
from crosspython.store.fetch import hash_file
from crosspython.wheels.commits import Commit, parse_commit
from crosspython.wheels.model import LockedFile
from crosspython.wheels.resolving.platform import Platform
from crosspython.wheels.resolving.projects import Project


@dataclass(frozen=True)
class Wanted:
    """Beside what a lock's project always needs.

    extras, groups: normalized names (PEP 685, PEP 735)
    projects:       folders whose projects are asked for themselves; none: what the lock says
    """

    extras: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    projects: frozenset[Path] = frozenset()

    @classmethod
    def of(cls, projects: Iterable[Project], groups: Iterable[str]) -> Wanted:
        """The wanted part for a request such as `pkgs=./[camera] group=dev`."""
        projects = tuple(projects)
        extras = {canonicalize_name(extra) for project in projects for extra in project.extras}
        named = frozenset(map(canonicalize_name, groups))
        return cls(frozenset(extras), named, frozenset(project.path for project in projects))


def require_known(what: str, wanted: Collection[str], known: Iterable[str]) -> None:
    """Raise ConfigurationError for an extra or a group that a lock does not have."""
    names = sorted(map(canonicalize_name, known))
    check_known(f"the lock has no such {what}{{s}}", sorted(wanted), names, form="{}")


def markers_of(platform: Platform) -> Environment:
    """The values of all environment markers for the board."""
    return cast(Environment, {**default_environment(), **platform.markers()})


def holds(marker: str | None, platform: Platform, extras: Collection[str] = ()) -> bool:
    """Whether a marker holds on the board, with one of these extras or without any."""
    if not marker:
        return True
    environment: dict[str, Any] = {**markers_of(platform)}
    return any(Marker(marker).evaluate({**environment, "extra": extra}) for extra in ("", *extras))


def require_python(specifier: str, platform: Platform) -> None:
    """Raise ValueError if a lock is not for the board's Python."""
    if specifier and specifier != "*" and not SpecifierSet(specifier).contains(platform.python, prereleases=True):
        raise ValueError(f"it is for Python {specifier}, and the board's is {platform.python}")


def read_file(name: str, digest: str | None, start: Path, *, url: str | None = None, path: str = "") -> LockedFile:
    """A file of a lock. A local file without a hash gets its present hash. Raises ValueError for an invalid hash.

    start: the start of relative paths; without url and path, an index has to tell the file's address (locate.py)
    """
    place = Path(os.path.normpath(start / path)) if path else None
    if digest is None and place is not None:
        digest = f"sha256:{hash_file(place)}"
    kind, _, value = (digest or "").partition(":")
    if kind != "sha256" or not re.fullmatch(r"[0-9a-f]{64}", value):
        raise ValueError(f"{name}: has files without a SHA-256")
    return LockedFile(name, value, None if place else url, place)


def read_commit(url: str, commit: str, subdirectory: str | None, name: str) -> Commit:
    """A commit of a git repository. Raises ConfigurationError without a full hash."""
    address = f"git+{url.removeprefix('git+')}@{commit}"
    return replace(parse_commit(address, f"{name} @ {address}"), subdirectory=subdirectory or "")


def split_files(files: Iterable[LockedFile]) -> tuple[LockedFile | None, tuple[LockedFile, ...]]:
    """The sdist among files, and the wheels."""
    files = tuple(files)
    sdists = [file for file in files if not file.name.endswith(".whl")]
    preferred = next((file for file in sdists if file.name.endswith(".tar.gz")), sdists[0] if sdists else None)
    return preferred, tuple(file for file in files if file.name.endswith(".whl"))


def read_project_beside(lock: Path) -> Mapping[str, Any]:
    """The pyproject.toml beside a lock, for locks that do not contain the requirements of their project.
    Raises ConfigurationError."""
    import tomllib

    path = lock.with_name("pyproject.toml")
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"{lock}: a lock of this kind is read together with the pyproject.toml beside it",
            found=str(error),
            next="put it there, or let a newer release of the lock's tool write the lock again",
        ) from error
