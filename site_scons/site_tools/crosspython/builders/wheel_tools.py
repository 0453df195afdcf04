"""The locked build requirements of wheels: the toolsets of a lock, and toolsets that are added to it.

A toolset is identified by the requirements that it was resolved for. Toolsets that the lock lacks are resolved before
anything is built, because the cache key of a wheel depends on its toolset. They are then written into the lock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name
from packaging.version import Version

from crosspython.builders.build import Build
from crosspython.builders.wheel_crates import lock_crates
from crosspython.builders.wheel_lock import file_of_lock, open_resolver, override_of, write_lock
from crosspython.errors import CrosspythonError
from crosspython.recipes.release import FREE_THREADED
from crosspython.run.console import format_count
from crosspython.store.sources import Source
from crosspython.wheels.building.overlay import applicable, with_native_tools
from crosspython.wheels.model import LockedPackage, Toolset, file_of_tool
from crosspython.wheels.resolving.binary import read_binary
from crosspython.wheels.resolving.choose import choose_files
from crosspython.wheels.resolving.lock import describe_tool_changes, source_of_package, target_needs
from crosspython.wheels.resolving.platform import Platform
from crosspython.wheels.resolving.pylock import Lock
from crosspython.wheels.resolving.tools import ToolResolver, build_machine

if TYPE_CHECKING:
    from crosspython.wheels.resolving.resolve import Resolver

# The input for a toolset: requirements (PEP 508), and versions that are fixed.
Wanted = tuple[tuple[str, ...], tuple[str, ...]]


def find_toolsets(build: Build, lock: Lock, packages: Iterable[LockedPackage]) -> Mapping[str, Toolset]:
    """The toolset of each package. If the build requirements of a package cannot be locked, the user is warned, and the
    package is left out.

    Toolsets that the lock lacks are resolved and written into it, unless this run changes nothing.
    """
    platform = Platform.of(build.settings.target, build.settings.release)
    wanted = {package.name: found for package in packages if (found := _wanted(build, lock, package, platform))}
    known: dict[Wanted, Toolset] = {((), ()): Toolset(build_machine(), (), (), ())}
    known |= {(each.requires, each.pins): each for each in lock.toolsets if each.machine == build_machine()}
    missing = sorted({each for each in wanted.values() if each not in known})
    if missing and not build.run.only_looks and _can_be_locked(build):
        new = _resolve(build, lock, missing, {each: name for name, each in wanted.items()})
        if new:
            of_all = {_wanted(build, lock, package, platform) for package in lock.packages}  # binary= may build more
            _write(build, lock, [*known.values(), *new], of_all)
            known |= {(each.requires, each.pins): each for each in new}
    return {name: known[each] for name, each in wanted.items() if each in known}


def lock_tools(build: Build, lock: Lock) -> None:
    """Add the missing toolsets and crates of all wheels that will be built to a lock, as far as that is known before
    ready wheels are audited."""
    binary = build.settings.binary.over(read_binary(lock.asked.get("binary", {})))
    platform = Platform.of(build.settings.target, build.settings.release)
    chosen = choose_files(lock.packages, binary, platform.tags(build.settings.target.libc_baseline))
    built = [package for package in lock.packages if chosen[package.name] is None]
    find_toolsets(build, lock_crates(build, lock, built), built)


def sources_of_tools(tools: Toolset) -> Iterator[tuple[str, tuple[Source, ...]]]:
    """The files of a toolset, for env.FetchSources(). Their titles differ from those of packages in the lock."""
    for package in (*tools.packages, *tools.beneath):
        yield f"{package.title}, a build requirement", (source_of_package(file_of_tool(package)),)


def _wanted(build: Build, lock: Lock, package: LockedPackage, platform: Platform) -> Wanted | None:
    """The requirements and fixed versions for a package's toolset. None if the package needs headers of another package
    whose version is not known yet."""
    override = override_of(build, package.name)
    texts = (*map(str, package.build_requires), *override.build_requires)
    requires = with_native_tools(applicable(texts, platform.markers(), package.title))
    headers = [lock.by_name[need] for need in target_needs(package, override, platform) & lock.by_name.keys()]
    if not all(each.version for each in headers):
        return None
    if not requires:
        return (), ()
    return tuple(sorted(map(str, requires))), tuple(sorted(f"{each.name}=={each.version}" for each in headers))


def _can_be_locked(build: Build) -> bool:
    """Whether uv can resolve for this Python. For a Python without the GIL, uv would have to run the Python, which is
    not built yet."""
    if not build.settings.release.version.endswith(FREE_THREADED):
        return True
    build.run.console.warn_once(
        f"build requirements are not locked for Python {build.settings.release.version}: uv cannot resolve for it"
    )
    return False


def _resolve(build: Build, lock: Lock, missing: Sequence[Wanted], whose: Mapping[Wanted, str]) -> list[Toolset]:
    """Resolve the toolsets that the lock lacks. If one cannot be resolved, the user is warned now, and gets an error
    when the package is built."""
    console, found = build.run.console, list[Toolset]()
    console.line(f"locking what builds {', '.join(sorted(whose[each] for each in missing))}")
    with open_resolver(build, "tools") as resolver:
        for requires, pins in missing:
            try:
                found.append(_tools(build, lock, resolver, (requires, pins)).resolve(requires, pins))
            except CrosspythonError as error:
                console.warn(f"{whose[requires, pins]}: its build requirements are not locked: {error}")
    return found


def _tools(build: Build, lock: Lock, resolver: Resolver, wanted: Wanted) -> ToolResolver:
    """uv with the versions that are to be kept. Versions for the same requirements come before those for others."""
    upgrade = {canonicalize_name(name) for name in build.settings.upgrade}
    keep = dict[str, str]()
    if "all" not in upgrade:
        known = [*lock.toolsets, *lock.outdated]
        same = [each for each in known if (each.requires, each.pins) == wanted]
        for each in sorted((package for tools in known for package in tools.packages), key=_newness):
            keep[each.name] = each.version
        keep |= {package.name: package.version for tools in same for package in tools.packages}
    keep = {name: version for name, version in keep.items() if name not in upgrade}
    release = build.settings.release
    return ToolResolver(resolver, build.run.workshop.store, release.number, release.abi, keep)


def _newness(package: LockedPackage) -> Version:
    return Version(package.version)


def _write(build: Build, lock: Lock, toolsets: Sequence[Toolset], wanted: set[Wanted | None]) -> None:
    """Add toolsets to the lock, and remove toolsets of this machine that no package uses any more."""
    here = build_machine()
    others = [each for each in lock.toolsets if each.machine != here]
    used = [each for each in toolsets if (each.requires, each.pins) in wanted and each.requires]
    path = file_of_lock(build)
    for line in describe_tool_changes([*lock.toolsets, *lock.outdated], used):
        build.run.console.line(f"  {line}")
    try:
        write_lock(build, path, replace(lock, toolsets=(*others, *used)))
    except OSError as error:
        build.run.console.warn(f"{path}: build requirements cannot be added to it: {error.strerror}")
        return
    count = len({(each.name, each.version) for tools in used for each in (*tools.packages, *tools.beneath)})
    build.run.console.line(f"  locked in {path}: {format_count(count, 'build requirement')}")
