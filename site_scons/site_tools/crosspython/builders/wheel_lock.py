"""The lock behind `env.Wheels`: it is read if it fits the request, and made if it does not.

Making a lock is the only work that has to be done before SCons knows its targets. Under -n, -q, -h and -c no lock is
made.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from crosspython.builders.build import Build
from crosspython.builders.settings import DEFAULT_PYTHON
from crosspython.errors import ConfigurationError, DamagedPackagesError
from crosspython.names import check_known
from crosspython.recipes.release import FREE_THREADED
from crosspython.run.console import format_count
from crosspython.wheels.known.overrides import find_override, stated_dependencies
from crosspython.wheels.model import LockedPackage, Override
from crosspython.wheels.resolving.lock import (
    GIVEN,
    asked_names,
    complete_lock,
    describe_changes,
    describe_foreign,
    describe_neighbours,
    describe_request,
    find_changes,
    keep_toolsets,
    make_lock,
    request_of,
    still_found,
    tools_of_lock,
)
from crosspython.wheels.resolving.platform import Platform
from crosspython.wheels.resolving.pylock import Lock, has_environment, is_foreign, read_pylock, write_pylock
from crosspython.wheels.resolving.request import Request, read_request

if TYPE_CHECKING:
    from crosspython.wheels.resolving.resolve import Resolver


def find_lock(build: Build, request: Request | None) -> Lock | None:
    """The lock for a request; None if there is no lock and this run may not make one.

    request: None: the lock is used as it is
    Raises ConfigurationError for a lock of the user's that was made for something else, and what make_lock raises.
    """
    path, platform = lock_file(build), Platform.of(build.settings.target, build.settings.release)
    if is_foreign(path):
        return _complete_foreign(build, request, platform, path) if _is_there(build, path) else None
    environment = platform.as_marker(of_series=True)
    is_new = build.adds_board and not has_environment(path, environment)
    known = read_pylock(path, environment) if _is_believed(build, path) and not is_new else None
    if build.run.only_removes:
        return known
    if known is not None and build.settings.lock is not None:
        _require_fit(known, request, platform, path)
    upgrades = bool(build.settings.upgrade) and not build.run.only_looks
    if request is None:
        if known is None or not upgrades:
            return known
        request = request_of(known.asked, path.parent)
        build.run.index_options = request.options
    request = replace(request, dependencies=stated_dependencies(_override_folders(build)), found=_found(build, known))
    asked = describe_request(request, platform, path.parent)
    if known is not None:
        asked["neighbours"] = describe_neighbours(known.packages, request, path.parent)
        if known.asked == asked and not upgrades:
            return known
    if build.run.only_looks:
        return None
    return _make(build, request, platform, path, known)


def known_lock(build: Build) -> Lock | None:
    """The existing lock, without a check whether it fits a request; None if there is none yet."""
    environment = Platform.of(build.settings.target, build.settings.release).as_marker(of_series=True)
    return read_pylock(file_of_lock(build), environment)


def named_packages(build: Build) -> tuple[str, ...]:
    """The names of what `pkgs=` asks for, normalized: for goals that are about packages of the lock."""
    request = named_request(build)
    return tuple(dict.fromkeys(request.names)) if request is not None else ()


def named_request(build: Build) -> Request | None:
    """What `pkgs=` says, for goals that are about packages of the lock; None if it is empty."""
    text = build.settings.packages
    return read_request([text], None, build.settings.start) if text.strip() else None


def require_named(build: Build, goal: str, example: str) -> tuple[str, ...]:
    """named_packages, for a goal that needs some. Raises ConfigurationError."""
    if names := named_packages(build):
        return names
    raise ConfigurationError(f"{goal}: no package is named", next=f"for example `scons {goal} pkgs={example}`")


def find_newer(build: Build, lock: Lock) -> dict[str, tuple[str | None, str | None]]:
    """The versions in a lock and those that its request resolves to today, where they differ. Local projects are left
    out: the lock has them as they are."""
    if GIVEN in lock.asked:
        raise ConfigurationError(
            f"{lock_file(build)}: another tool wrote this lock", next="list outdated packages with that tool"
        )
    platform = Platform.of(build.settings.target, build.settings.release)
    stated = stated_dependencies(_override_folders(build))
    request = replace(request_of(lock.asked, lock_file(build).parent), dependencies=stated, found=_found(build, lock))
    build.run.index_options = request.options
    further = tuple(Requirement(package.name) for package in lock.packages if package.build_only)
    with open_resolver(build) as resolver:
        today = resolver.newest_versions(replace(request, requirements=(*request.requirements, *further)), platform)
    local = {package.name for package in lock.packages if package.folder is not None}
    changes = find_changes({package.name: package.version for package in lock.packages}, today)
    return {name: change for name, change in changes.items() if name not in local}


def _is_there(build: Build, path: Path) -> bool:
    """Whether a lock exists whose name says that another tool wrote it. If it does not, raises ConfigurationError,
    except under -c."""
    if not path.exists() and not build.run.only_removes:
        raise ConfigurationError(
            f"{path}: there is no such lock",
            expected="a lock of another tool, because its name ends with .lock",
            next="give a lock of crosspython's own a name that ends with .toml",
        )
    return path.exists()


def _complete_foreign(build: Build, request: Request | None, platform: Platform, path: Path) -> Lock | None:
    """The lock of another tool, used as it is. Facts that it lacks are found out and stored in a file of ours."""
    settings = build.settings
    if settings.upgrade or settings.constraints or (request is not None and request.requirements):
        raise ConfigurationError(
            f"{path}: another tool wrote this lock, so it is used unchanged",
            expected='the lock alone, or with its projects, their extras and groups: pkgs="./[camera]" group=dev',
            next=f"leave other packages and upgrade= out: scons wheels lock={path.name}; or change it with that tool",
        )
    place = completed_file(build)
    environment = platform.as_marker(of_series=True)
    known = read_pylock(place, environment) if build.run.fingerprints.compare(place) != "other" else None
    if build.run.only_removes:
        return known
    from crosspython.wheels.resolving.foreign.locate import locate_files  # slow; not needed for our own locks
    from crosspython.wheels.resolving.foreign.wanted import Wanted
    from crosspython.wheels.resolving.foreign_lock import read_foreign_lock

    packages = read_foreign_lock(path, platform, Wanted.of(request.projects if request else (), settings.groups))
    asked = describe_foreign(path, packages, platform, place.parent)
    if known is not None and known.asked == asked:
        return known
    if build.run.only_looks:
        return None
    build.run.console.line(f"reading {path.name} for {build.settings.target.name}, Python {platform.release}")
    with open_resolver(build) as resolver:
        lock = complete_lock(
            locate_files(packages, platform, resolver),
            asked,
            platform,
            resolver,
            build.run.workshop.store,
            lambda name: override_of(build, name),
        )
    write_pylock(place, lock, platform.as_marker(of_series=True))
    build.run.fingerprints.note(place)
    return lock


def write_lock(build: Build, path: Path, lock: Lock) -> None:
    """Write what a Build has locked. A file of the user's own keeps what it holds for other boards."""
    platform = Platform.of(build.settings.target, build.settings.release)
    write_pylock(path, lock, platform.as_marker(of_series=True), keeps_others=build.settings.lock is not None)
    build.run.fingerprints.note(path)


def completed_file(build: Build) -> Path:
    """The path of our file with the packages of another tool's lock and the facts that this lock lacks."""
    return build.settings.folder / f"pylock.given-py{build.settings.release.series.replace('.', '')}.toml"


def lock_file(build: Build) -> Path:
    """The path of the lock: the one that `lock=` names, or one for each Python in the target's folder (PEP 751 defines
    the names). Raises ConfigurationError."""
    settings = build.settings
    if settings.lock is not None:
        if settings.lock.is_dir():
            raise ConfigurationError(
                f"lock={settings.lock}: this is a folder", next=f"lock={settings.lock}/pylock.toml"
            )
        return settings.lock
    series = settings.release.series
    return settings.folder / ("pylock.toml" if series == DEFAULT_PYTHON else f"pylock.py{series.replace('.', '')}.toml")


def file_of_lock(build: Build) -> Path:
    """The file in which a Build stores locked packages: the lock itself, or our file for a lock of another tool."""
    path = lock_file(build)
    return completed_file(build) if is_foreign(path) else path


def found_file(build: Build) -> Path:
    """The file with requirements that finished wheels state and the lock did not have."""
    return build.settings.folder / f"needs-{build.settings.release.series}.json"


def _found(build: Build, known: Lock | None) -> dict[str, Any]:
    if known is None:
        return {}
    last = json.loads(found_file(build).read_text()) if build.run.fingerprints.is_same(found_file(build)) else {}
    return still_found({**known.asked.get("found", {}), **last}, known.packages)


def _is_believed(build: Build, path: Path) -> bool:
    """Whether a lock is used: the user's own always, a lock in the build folder only if nobody has changed it."""
    return build.settings.lock is not None or build.run.fingerprints.compare(path) != "other"


def override_of(build: Build, name: str) -> Override:
    """The override of a package; the user's own folder comes first."""
    return find_override(name, _override_folders(build))


def _override_folders(build: Build) -> list[Path]:
    return [build.settings.overrides] if build.settings.overrides else []


def _kept(known: Lock | None, upgrade: Sequence[str]) -> tuple[LockedPackage, ...]:
    """Packages of an earlier lock that stay at their versions. Raises ConfigurationError for a name that is
    not there."""
    if known is None or "all" in upgrade:
        return ()
    names = [canonicalize_name(name) for name in upgrade]
    there = [package.name for package in (*known.packages, *tools_of_lock(known))]
    check_known("upgrade=: the lock has no such package{s}", names, there, form="upgrade={}")
    return tuple(package for package in known.packages if package.name not in names)


@contextmanager
def open_resolver(build: Build, log_name: str = "lock") -> Iterator[Resolver]:
    """uv with a folder of its own and a new log."""
    from crosspython.run.isolation import isolate
    from crosspython.run.log import Log
    from crosspython.run.view import View
    from crosspython.wheels.resolving.resolve import Resolver

    workshop, settings = build.run.workshop, build.settings
    with Log(workshop.logs / f"{log_name}.log") as log:
        view = View(workshop.work, ())
        isolate(settings.path, view=view, contain=settings.contain).tell(log, workshop.console)
        yield Resolver(
            folder=workshop.work / "lock",
            cache=build.run.uv_cache,
            indexes=build.run.indexes,
            path=settings.path,
            offline=settings.offline,
            log=log,
            contain=settings.contain,
            named=lambda name: override_of(build, name).beside,
        )
    shutil.rmtree(workshop.work / "lock", ignore_errors=True)


def _make(build: Build, request: Request, platform: Platform, path: Path, known: Lock | None) -> Lock:
    workshop, settings = build.run.workshop, build.settings
    earlier = known.packages if known is not None else ()
    keep = _kept(known, settings.upgrade)
    workshop.console.line(f"resolving {', '.join(request.names)} for {settings.target.name}, Python {platform.release}")
    with open_resolver(build) as resolver:
        lock, request = _resolve(build, resolver, request, platform, path.parent, keep)
    lock = keep_toolsets(lock, known, [canonicalize_name(name) for name in settings.upgrade])
    write_lock(build, path, lock)
    workshop.console.line(f"  locked in {path}: {format_count(len(lock.packages), 'package')}")
    if known is not None and _asks_for_all_of(known, request):
        for text in describe_changes(earlier, lock.packages):
            workshop.console.line(f"  {text}")
    for text in [*request.remarks, *resolver.warnings]:
        workshop.console.warn(text)
    for name in sorted({*request.names} - {package.name for package in lock.packages}):
        workshop.console.warn(f"pkgs=: {name} is left out, because its marker is false for {settings.target.name}")
    return lock


def _resolve(
    build: Build,
    resolver: Resolver,
    request: Request,
    platform: Platform,
    folder: Path,
    keep: Sequence[LockedPackage],
) -> tuple[Lock, Request]:
    """The lock for a request. Under -k, packages whose files are damaged are taken out of the request.

    What such a package needs cannot be read, so it cannot be resolved.
    """
    store = build.run.workshop.store
    try:
        return make_lock(
            request, platform, resolver, store, lambda name: override_of(build, name), folder, keep
        ), request
    except DamagedPackagesError as error:
        rest = request.without(error.packages)
        if not build.run.keeps_going or rest is None:
            raise
        build.declared.damaged.append(error)
        build.run.console.warn(f"{error.what}: the other packages are built (-k)")
    return _resolve(build, resolver, rest, platform, folder, keep)


def _names_of(lock: Lock) -> set[str]:
    return {canonicalize_name(name) for name in asked_names(lock.asked)}


def _asks_for_all_of(lock: Lock, request: Request) -> bool:
    return _names_of(lock) <= {*request.names}


def _require_fit(lock: Lock, request: Request | None, platform: Platform, path: Path) -> None:
    """Raise ConfigurationError if the user's lock was made for something else; it names all differences.

    A request for more than it has adds to it. A request for less is refused, so that a typing mistake does not empty
    it.
    """
    pairs: dict[str, tuple[Any, Any]] = {
        "machine": (lock.asked.get("machine"), platform.machine),
        "libc": (lock.asked.get("libc"), platform.libc),
        "python": (_series_of(str(lock.asked.get("python"))), _series_of(platform.release)),
    }
    if request is not None and not _asks_for_all_of(lock, request):
        pairs["packages"] = (sorted(_names_of(lock)), sorted(request.names))
    differing = [
        f"{key}: the lock is for {has}, this run for {asked}" for key, (has, asked) in pairs.items() if has != asked
    ]
    if differing:
        raise ConfigurationError(
            f"{path}: this lock was made for another request",
            evidence=differing,
            next="name another file with lock=; or remove this one, then this command writes it again;"
            " or use the values that it was made for",
        )


def _series_of(release: str) -> str:
    """The series of a release: 3.13t for 3.13.5t."""
    number, _, patch = release.rpartition(".")
    return number + (FREE_THREADED if patch.endswith(FREE_THREADED) else "")
