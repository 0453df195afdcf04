"""The source that a wheel is built from: the sdist of a package, or the files of a local project or of a commit."""

from __future__ import annotations

from pathlib import Path

from crosspython.builders.build import Build
from crosspython.builders.wheel_lock import override_of
from crosspython.wheels.model import LockedPackage
from crosspython.wheels.project_files import ProjectFiles
from crosspython.wheels.resolving.lock import fetch_commit, fetch_file


def local_files(build: Build, package: LockedPackage) -> ProjectFiles | None:
    """The files of a local project; None: the package is none, and its source has to be fetched."""
    return None if package.folder is None else _files(build, package, package.folder)


def fetch_source(build: Build, package: LockedPackage) -> Path | ProjectFiles:
    """Fetch the source of a package that is not local: the sdist, or the files of a commit. Raises SourceError."""
    store = build.run.workshop.store
    if package.commit is not None:
        return _files(build, package, fetch_commit(package, store, build.settings.path))
    assert package.sdist is not None  # choose_files guarantees this
    return fetch_file(package.sdist, store, package.title)


def _files(build: Build, package: LockedPackage, folder: Path) -> ProjectFiles:
    from crosspython.wheels.resolving.neighbours import find_project_files

    named = override_of(build, package.name).beside
    return find_project_files(package.name, folder, build.settings.build, build.settings.path, named)
