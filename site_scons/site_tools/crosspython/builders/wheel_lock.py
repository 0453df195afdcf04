"""The lock behind `env.Wheels`: read where it fits what is asked, made where it does not.

It is the one thing that has to be done before SCons knows its targets. Under -n, -q, -h and -c it is never made.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from crosspython.builders.build import Build
from crosspython.builders.settings import DEFAULT_PYTHON
from crosspython.errors import ConfigurationError
from crosspython.names import check_known
from crosspython.wheels.lock import (
    asked_names,
    describe_changes,
    describe_neighbours,
    describe_request,
    make_lock,
    request_of,
    still_found,
)
from crosspython.wheels.model import LockedPackage, Override
from crosspython.wheels.overrides import find_override, stated_dependencies
from crosspython.wheels.platform import Platform
from crosspython.wheels.pylock import Lock, read_pylock, write_pylock
from crosspython.wheels.request import Request

_LOOKS = ("no_exec", "question", "help", "clean")


def find_lock(build: Build, request: Request | None) -> Lock | None:
    """The lock for a request; None where there is none and none may be made in this run.

    request: None takes the lock as it stands
    Raises ConfigurationError for a lock of the user's that was made for something else, and what make_lock raises.
    """
    path, platform = lock_file(build), Platform.of(build.settings.target, build.settings.release)
    known = read_pylock(path)
    if build.environment.GetOption("clean"):
        return known
    if known is not None and build.settings.lock is not None:
        _require_fit(known, request, platform, path)
    upgrades = bool(build.settings.upgrade) and not only_looks(build)
    if request is None:
        if known is None or not upgrades:
            return known
        request = request_of(known.asked, path.parent)
        build.index_options = request.options
    request = replace(request, dependencies=stated_dependencies(_override_folders(build)), found=_found(build, known))
    asked = describe_request(request, platform, path.parent)
    if known is not None:
        asked["neighbours"] = describe_neighbours(known.packages, request, path.parent)
        if known.asked == asked and not upgrades:
            return known
    if only_looks(build):
        return None
    return _make(build, request, platform, path, known.packages if known is not None else ())


def lock_file(build: Build) -> Path:
    """Where the lock lies: where `lock=` says, or in the target's folder, one a Python (PEP 751 tells its names)."""
    settings = build.settings
    if settings.lock is not None:
        return settings.lock
    series = settings.release.series
    return settings.folder / ("pylock.toml" if series == DEFAULT_PYTHON else f"pylock.py{series.replace('.', '')}.toml")


def found_file(build: Build) -> Path:
    """Where it is kept what wheels were seen to need beyond the lock that they were made by."""
    return build.settings.folder / f"needs-{build.settings.release.series}.json"


def _found(build: Build, known: Lock | None) -> dict[str, Any]:
    if known is None:
        return {}
    try:
        last = json.loads(found_file(build).read_text())
    except FileNotFoundError:
        last = {}
    return still_found({**known.asked.get("found", {}), **last}, known.packages)


def only_looks(build: Build) -> bool:
    """Whether this run changes nothing, or only removes."""
    return any(build.environment.GetOption(option) for option in _LOOKS)


def override_of(build: Build, name: str) -> Override:
    """What a package needs beyond the generic way; a folder of the user's own comes first."""
    return find_override(name, _override_folders(build))


def _override_folders(build: Build) -> list[Path]:
    return [build.settings.overrides] if build.settings.overrides else []


def _kept(packages: Sequence[LockedPackage], upgrade: Sequence[str]) -> tuple[LockedPackage, ...]:
    """Packages of an earlier lock that stay at their versions. Raises ConfigurationError for a name that is not there."""
    if "all" in upgrade:
        return ()
    names = [canonicalize_name(name) for name in upgrade]
    known = [package.name for package in packages]
    check_known("upgrade=: the lock has no such package{s}", names if packages else (), known, form="upgrade={}")
    return tuple(package for package in packages if package.name not in names)


def _make(build: Build, request: Request, platform: Platform, path: Path, earlier: Sequence[LockedPackage]) -> Lock:
    from crosspython.run.log import Log
    from crosspython.wheels.resolve import Resolver

    shop, settings = build.workshop, build.settings
    keep = _kept(earlier, settings.upgrade)
    shop.console.line(f"resolving {', '.join(request.names)} for {settings.target.name}, Python {platform.python}")
    with Log(shop.logs / "lock.log") as log:
        resolver = Resolver(
            folder=shop.work / "lock",
            cache=build.uv_cache,
            indexes=build.indexes,
            path=settings.path,
            offline=settings.offline,
            log=log,
        )
        lock = make_lock(
            request, platform, resolver, shop.store, lambda name: override_of(build, name), path.parent, keep
        )
    write_pylock(path, lock, platform.as_marker(of_series=True))
    shutil.rmtree(shop.work / "lock", ignore_errors=True)
    shop.console.line(f"  {len(lock.packages)} packages are locked in {path}")
    for text in describe_changes(earlier, lock.packages) if earlier else ():
        shop.console.line(f"  {text}")
    for text in [*request.remarks, *resolver.warnings]:
        shop.console.warn(text)
    for name in sorted({*request.names} - {package.name for package in lock.packages}):
        shop.console.warn(f"pkgs=: {name} is left out, since its marker does not hold for {settings.target.name}")
    return lock


def _require_fit(lock: Lock, request: Request | None, platform: Platform, path: Path) -> None:
    """Raise ConfigurationError where a lock of the user's was made for something else, naming all that differs.

    It may be asked for more than it has, which is added; not for less, lest a slip of the keyboard empties it.
    """
    series = str(lock.asked.get("python")).rpartition(".")[0]
    pairs: dict[str, tuple[Any, Any]] = {
        "machine": (lock.asked.get("machine"), platform.machine),
        "libc": (lock.asked.get("libc"), platform.libc),
        "python": (series, platform.series),
    }
    if request is not None:
        had = {canonicalize_name(name) for name in asked_names(lock.asked)}
        if had - {*request.names}:
            pairs["packages"] = (sorted(had), sorted(request.names))
    differing = [f"{key}: it has {has}, asked is {asked}" for key, (has, asked) in pairs.items() if has != asked]
    if differing:
        raise ConfigurationError(
            f"{path}: this lock was made for something else",
            evidence=differing,
            next="remove it, and this command writes it anew; or ask for what it was made for",
        )
