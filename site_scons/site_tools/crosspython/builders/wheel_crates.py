"""The locked crates of packages in Rust: those of a lock, and those that are added to it.

What is locked is found by the source that names the crates. Crates that the lock lacks are resolved by cargo before
anything is built, because the cache key of a wheel depends on them. Only those packages are known to be in Rust whose
build requirements say so.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import replace

from crosspython.builders.build import Build
from crosspython.builders.toolchain import find_toolchain
from crosspython.builders.wheel_kit import rust_of
from crosspython.builders.wheel_lock import file_of_lock, override_of, write_lock
from crosspython.builders.wheel_source import fetch_source, local_files
from crosspython.errors import CrosspythonError
from crosspython.wheels.building.cargo import needs_rust
from crosspython.wheels.model import LockedCrates, LockedPackage, WheelOrder
from crosspython.wheels.resolving.lock import required_names
from crosspython.wheels.resolving.platform import Platform
from crosspython.wheels.resolving.pylock import Lock

# cargo reads its dependencies from these files (the cargo book, "The Manifest Format", "Cargo.toml vs Cargo.lock").
_NAMING = ("Cargo.toml", "Cargo.lock")


def lock_crates(build: Build, lock: Lock, packages: Iterable[LockedPackage]) -> Lock:
    """A lock with the crates of those of the packages that are in Rust. If the crates of a package cannot be locked,
    the user is warned, and they are left out.

    Crates that the lock lacks are resolved and written into it, unless this run changes nothing.
    """
    platform = Platform.of(build.settings.target, build.settings.release)
    wanted = [package for package in packages if needs_rust(required_names(package, platform))]
    if not wanted or build.run.only_looks or build.run.only_removes:
        return lock
    sources = {package.name: _identify(build, package) for package in wanted}
    missing = [each for each in wanted if _find_crates(lock, each.name, sources[each.name]) is None]
    new = [found for each in missing if (found := _resolve(build, each, sources[each.name])) is not None]
    if not new:
        return lock
    changed = {each.package for each in new}
    kept = [each for each in lock.crates if each.package not in changed]
    lock = replace(lock, crates=(*kept, *new))
    path = file_of_lock(build)
    try:
        write_lock(build, path, lock)
    except OSError as error:
        build.run.console.warn(f"{path}: crates cannot be added to it: {error.strerror}")
        return lock
    build.run.console.line(f"  locked in {path}: the crates of {', '.join(sorted(changed))}")
    return lock


def crates_of(build: Build, lock: Lock, package: LockedPackage) -> LockedCrates | None:
    """The locked crates of a package; None: it is not in Rust, or they are not locked."""
    known = [each for each in lock.crates if each.package == package.name]
    return _find_crates(lock, package.name, _identify(build, package)) if known else None


def _find_crates(lock: Lock, name: str, source: str) -> LockedCrates | None:
    """The crates in a lock of one package and source."""
    return next((each for each in lock.crates if (each.package, each.source) == (name, source)), None)


def _identify(build: Build, package: LockedPackage) -> str:
    """A text that changes with the files in which a package names its crates."""
    files, digest = local_files(build, package), hashlib.sha256()
    if files is None:
        return package.source_hash
    for root in (files.project, *files.beside):
        for path in files.regular_files(root):
            if path.name in _NAMING:
                name = os.fsencode(os.path.relpath(path, files.project))
                digest.update(name + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _resolve(build: Build, package: LockedPackage, source: str) -> LockedCrates | None:
    """Let cargo resolve the crates of a package, where its own lock files do not say them. If it cannot, the user is
    warned now, and gets an error when the package is built."""
    build.run.console.line(f"locking the crates of {package.title}")
    try:
        rust, locks = _ask_cargo(build, package)
    except CrosspythonError as error:
        build.run.console.warn(f"{package.title}: its crates are not locked: {error}")
        return None
    return LockedCrates(package.name, source, rust, locks)


def _ask_cargo(build: Build, package: LockedPackage) -> tuple[str, Mapping[str, str]]:
    from crosspython.run.log import Log
    from crosspython.wheels.building.crates import Crates
    from crosspython.wheels.building.source import unpack_source

    workshop, search, target = build.run.workshop, rust_of(build), build.settings.target
    toolchain = find_toolchain(build)
    assert toolchain is not None  # this run does more than look
    rust = search.find(target, toolchain.libc.name, workshop.store)
    folder = workshop.work / "crates"
    source = local_files(build, package) or fetch_source(build, package)
    order = WheelOrder(package, override_of(build, package.name), source, {}, {}, folder)
    shutil.rmtree(folder, ignore_errors=True)
    with Log(workshop.logs / "wheels" / f"{package.name}-{package.version}.crates.log") as log:
        top = unpack_source(order, folder, log)
        crates = Crates(rust, search.crates, build.settings.offline)
        locks = crates.lock(top, workshop.path, search.environment, log)
    shutil.rmtree(folder)
    return rust.version, locks
