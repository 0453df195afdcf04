"""The lock of a wheelhouse: made once for a request, and read from then on.

Knows when a lock fits a request, and what has to be added to a resolution so that SCons knows all nodes and edges: the
requirements of each build, and the names of wheels for other platforms, which show the content of ours. resolve.py
finds the versions.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.requirements import Requirement

from crosspython.errors import ArchiveError, ConfigurationError, DamagedPackagesError
from crosspython.store.sources import Source
from crosspython.targets.libc import USUAL
from crosspython.wheels.commits import check_out
from crosspython.wheels.known.overrides import NEEDS_TARGET
from crosspython.wheels.model import LockedFile, LockedPackage, Override, Toolset
from crosspython.wheels.requirements import names_of
from crosspython.wheels.resolving.binary import Binary, read_binary
from crosspython.wheels.resolving.choose import choose_files, fitting
from crosspython.wheels.resolving.given_wheels import require_usable
from crosspython.wheels.resolving.platform import Platform
from crosspython.wheels.resolving.projects import Project, hash_metadata, read_build_requires, read_version
from crosspython.wheels.resolving.pylock import Lock
from crosspython.wheels.resolving.request import Request
from crosspython.wheels.tags import is_pure

if TYPE_CHECKING:
    from crosspython.store.fetch import Store
    from crosspython.wheels.resolving.needs import Needs
    from crosspython.wheels.resolving.resolve import Resolver

# Increase this number when the content of locks changes: older locks are then made again.
_FORMAT = 1
# The platform for which most packages have complete wheels, whose content can be compared with ours.
_ELSEWHERE = "x86_64"
_FETCHES = 8
# The key under which our lock has the hash of another tool's lock.
GIVEN = "given"


def describe_request(request: Request, platform: Platform, folder: Path) -> dict[str, Any]:
    """A lock's request and platform, as plain data: equal data have equal locks.

    folder: the lock's folder: local projects are identified by their paths relative to it, so that two projects are not
            confused
    """
    return {
        "format": _FORMAT,
        "python": platform.release,
        "machine": platform.machine,
        "libc": platform.libc,
        "requirements": sorted(map(str, request.requirements)),
        "constraints": sorted(map(str, request.constraints)),
        "projects": {project.name: _describe_place(project.path, folder) for project in request.projects},
        "dependencies": {name: list(needs) for name, needs in request.dependencies.items()},
        "found": dict(request.found),
        **request.details(),
    }


def describe_found(package: LockedPackage, needs: Needs) -> dict[str, Any]:
    """The requirements that the finished wheel of a package states, as plain data for the next resolution."""
    return {
        "version": needs.version,
        "requires": [*map(str, needs.requires), *needs.unreadable],
        "extras": list(needs.extras),
        "source": _identify(package),
    }


def still_found(found: Mapping[str, Mapping[str, Any]], packages: Iterable[LockedPackage]) -> dict[str, Any]:
    """The found requirements of packages whose source is still the locked one."""
    known = {package.name: package for package in packages}
    return {name: needs for name, needs in found.items() if name in known and needs["source"] == _identify(known[name])}


def _identify(package: LockedPackage) -> str:
    """A text that identifies the source from which a package's dependencies are computed."""
    if package.folder is not None:
        return hash_metadata(package.folder)
    if package.commit is not None:
        return package.commit.identity
    return package.sdist.sha256 if package.sdist is not None else ""


def describe_neighbours(packages: Iterable[LockedPackage], request: Request, folder: Path) -> dict[str, str]:
    """The paths of local projects that others need, but that were not requested."""
    asked = {project.name for project in request.projects}
    others = {package.name: package.folder for package in packages if package.name not in asked}
    return {name: _describe_place(place, folder) for name, place in others.items() if place is not None}


def _describe_place(path: Path, folder: Path) -> str:
    return f"{os.path.relpath(path, folder)} {hash_metadata(path) if path.exists() else 'gone'}"


def describe_foreign(path: Path, packages: Sequence[LockedPackage], platform: Platform, folder: Path) -> dict[str, Any]:
    """The content of another tool's lock as a request, in the form of describe_request."""
    told = describe_request(Request(), platform, folder)
    told["requirements"] = sorted(
        p.name if p.commit is not None or not p.version else f"{p.name}=={p.version}"
        for p in packages
        if p.folder is None
    )
    told["projects"] = {p.name: _describe_place(p.folder, folder) for p in packages if p.folder is not None}
    told[GIVEN] = hashlib.sha256(path.read_bytes()).hexdigest()
    return told


def complete_lock(
    packages: Sequence[LockedPackage],
    asked: Mapping[str, Any],
    platform: Platform,
    resolver: Resolver,
    store: Store,
    override: Callable[[str], Override],
) -> Lock:
    """The packages of another tool's lock with the facts for their builds: requirements, and packages for their
    headers."""
    tags = platform.tags()
    packages = [
        replace(
            package,
            wheels=tuple(fitting(package.wheels, tags)),
            other_wheels=_others(package, [wheel.name for wheel in package.wheels], platform),
        )
        for package in packages
    ]
    choose_files(packages, Binary(), tags)
    packages = _read_all_requires(packages, store, resolver.path)
    further = _needed_by_builds(packages, platform, override)
    if further:
        pinned = (p for p in packages if p.version and p.folder is None and p.commit is None)
        pins = tuple(Requirement(f"{p.name}=={p.version}") for p in pinned)
        found = resolver.resolve(Request(requirements=further, constraints=pins), platform)
        new = [package for package in found if package.name not in {known.name for known in packages}]
        packages += (replace(package, build_only=True) for package in _lock_files(new, platform, resolver, store))
    return Lock(asked, tuple(sorted(packages, key=lambda package: package.name)))


def request_of(asked: Mapping[str, Any], folder: Path) -> Request:
    """The request that a lock was made for. folder: the lock's

    Raises ConfigurationError if it is incomplete: a lock contains no passwords of indexes.
    """
    options = {name: tuple(values) for name, values in asked.get("options", {}).items()}
    if any("://***@" in value for values in options.values() for value in values):
        raise ConfigurationError(
            "the lock was made with an index that needs a password, which is not in the lock",
            next="name the requirements file again: pkgs=@FILE",
        )
    projects = []
    for name, told in asked["projects"].items():
        written = Requirement(f"{name}{asked.get('written', {}).get(name, '')}")
        place = Path(os.path.normpath(folder / told.rpartition(" ")[0]))
        projects.append(Project(name, place, tuple(sorted(written.extras)), str(written.marker or "")))
    return Request(
        tuple(map(Requirement, asked["requirements"])),
        tuple(map(Requirement, asked["constraints"])),
        tuple(projects),
        hashes={name: tuple(values) for name, values in asked.get("hashes", {}).items()},
        options=options,
        binary=read_binary(asked.get("binary", {})),
    )


def find_changes(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, tuple[str | None, str | None]]:
    """The changes by a new resolution: the versions of each package before and after; None: it is not there."""
    names = sorted({*before, *after})
    return {name: (before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)}


def describe_change(name: str, old: str | None, new: str | None) -> str:
    """One change as text: `six 1.15 -> 1.17`."""
    if old is None:
        return f"{name} {new} is new".replace("  ", " ")
    return f"{name} {old} is gone".replace("  ", " ") if new is None else f"{name} {old} -> {new}"


def describe_changes(before: Sequence[LockedPackage], after: Sequence[LockedPackage]) -> list[str]:
    """The changes by a new resolution, one line for each package."""
    old, new = ({package.name: package.version for package in packages} for packages in (before, after))
    return [describe_change(name, *versions) for name, versions in find_changes(old, new).items()]


def tools_of_lock(lock: Lock) -> list[LockedPackage]:
    """All packages in the toolsets of a lock."""
    return [package for tools in lock.toolsets for package in (*tools.packages, *tools.beneath)]


def keep_toolsets(lock: Lock, earlier: Lock | None, upgrade: Collection[str]) -> Lock:
    """A lock with the toolsets and crates of an earlier one, except for toolsets with a package that has to be
    upgraded, and for the crates of such a package."""
    known = earlier.toolsets if earlier is not None else ()
    outdated = tuple(each for each in known if "all" in upgrade or _has_one_of(each, upgrade))
    toolsets = tuple(each for each in known if each not in outdated)
    crates = () if earlier is None or "all" in upgrade else earlier.crates
    return replace(
        lock,
        toolsets=toolsets,
        outdated=outdated,
        crates=tuple(each for each in crates if each.package not in upgrade),
    )


def _has_one_of(tools: Toolset, names: Collection[str]) -> bool:
    return any(package.name in names for package in (*tools.packages, *tools.beneath))


def describe_tool_changes(before: Sequence[Toolset], after: Sequence[Toolset]) -> list[str]:
    """The changes of build requirements, one line for each package: `cython 3.0 -> 3.1, a build requirement`."""
    old, new = ({(each.requires, each.pins): each for each in toolsets} for toolsets in (before, after))
    lines = dict[str, None]()
    for key in sorted(old.keys() & new.keys()):
        changes = describe_changes(old[key].packages, new[key].packages)
        lines |= dict.fromkeys(f"{line}, a build requirement" for line in changes)
    return list(lines)


def asked_requirements(asked: Mapping[str, Any]) -> tuple[Requirement, ...]:
    """The requirements that a lock was made for; local projects by their names."""
    written = asked.get("written", {})
    projects = (f"{name}{written.get(name, '')}" for name in asked["projects"])
    return tuple(map(Requirement, (*asked["requirements"], *projects)))


def asked_names(asked: Mapping[str, Any]) -> tuple[str, ...]:
    """The names that a lock was made for, as the user typed them."""
    return tuple(requirement.name for requirement in asked_requirements(asked))


def make_lock(
    request: Request,
    platform: Platform,
    resolver: Resolver,
    store: Store,
    override: Callable[[str], Override],
    folder: Path,
    keep: Sequence[LockedPackage] = (),
) -> Lock:
    """Resolve a request and look into the sdists that may have to be built.

    override: returns the override of a package
    folder:   the folder for the lock
    keep:     packages of an earlier lock, which keep their versions if that is possible
    Raises the errors of a resolution, of a download, and of an unreadable sdist.
    """
    require_usable(request.projects, platform)
    resolved = keep_hashed(resolver.resolve(request, platform, keep), request)
    strict = [package.name for package in resolved]
    packages = _lock_files(resolved, platform, resolver, store)
    further = _needed_by_builds(packages, platform, override)
    if further:
        wider = replace(request, requirements=(*request.requirements, *further))
        resolved = keep_hashed(resolver.resolve(wider, platform, [*keep, *packages]), request, strict)
        packages = _lock_files(resolved, platform, resolver, store)
    at_run_time = _reachable(request.names, packages)
    neighbours = describe_neighbours(packages, request, folder)
    return Lock(
        {**describe_request(request, platform, folder), "neighbours": neighbours},
        tuple(replace(package, build_only=package.name not in at_run_time) for package in packages),
    )


def keep_hashed(
    packages: Sequence[LockedPackage], request: Request, strict: Collection[str] | None = None
) -> tuple[LockedPackage, ...]:
    """Packages with only those files whose hashes were requested; with all files if no hash was requested.

    strict: names of packages that need a hash: pip requires one for all (Secure installs); None: all but local projects
    Raises ConfigurationError that names all packages without an allowed file.
    """
    if not request.hashes:
        return tuple(packages)
    kept, problems = [], []
    for package in packages:
        allowed, is_local = request.hashes.get(package.name), package.name in {each.name for each in request.projects}
        if allowed is None:
            has_hash = package.folder is not None or package.commit is not None
            if not is_local and not has_hash and (strict is None or package.name in strict):
                problems.append(f"{package.title}: the requirements files have no hash of it, but it is needed")
            kept.append(package)
            continue
        wheels = tuple(wheel for wheel in package.wheels if wheel.sha256 in allowed)
        sdist = package.sdist if package.sdist is not None and package.sdist.sha256 in allowed else None
        if not wheels and sdist is None and package.folder is None and package.commit is None:
            problems.append(f"{package.title}: none of its files for this board has a required hash")
        kept.append(replace(package, wheels=wheels, sdist=sdist))
    if problems:
        raise ConfigurationError(
            "the files found do not match the hashes of the requirements files",
            evidence=problems,
            next="let the tool that wrote them add the hashes of all files (pip-compile --generate-hashes),"
            " or leave all hashes out",
        )
    return tuple(kept)


def target_needs(package: LockedPackage, override: Override, platform: Platform) -> frozenset[str]:
    """The packages whose wheels for the target are needed by a package's build."""
    declared = required_names(package, platform) & set(NEEDS_TARGET)
    return frozenset(declared | set(override.needs_target)) - {package.name}


def required_names(package: LockedPackage, platform: Platform) -> frozenset[str]:
    """The names of a package's build requirements on a platform."""
    environment = platform.markers()
    return names_of(need for need in package.build_requires if need.marker is None or need.marker.evaluate(environment))


def source_of_package(file: LockedFile) -> Source:
    """A locked file as a source for the store."""
    return Source(file.sha256, file.path.as_uri() if file.path is not None else file.url, indexed=True)


def fetch_file(file: LockedFile, store: Store, wanted_by: str) -> Path:
    """The path of a locked file on the build machine, fetched if needed and verified. Raises SourceError."""
    _, path = store.get([source_of_package(file)], wanted_by)
    return path


def fetch_commit(package: LockedPackage, store: Store, path: str) -> Path:
    """The folder of a package that is a commit of a repository, on the build machine. Raises SourceError.

    path: the PATH on which git is searched
    """
    assert package.commit is not None
    return check_out(package.commit, store.folder, path=path, offline=store.offline, wanted_by=package.title)


def _lock_files(
    packages: Sequence[LockedPackage], platform: Platform, resolver: Resolver, store: Store
) -> tuple[LockedPackage, ...]:
    """Packages with facts from their files: fitting wheels, names of other wheels, build requirements."""
    tags = platform.tags()
    choose_files(packages, Binary(), tags)  # raises one error for all packages without wheel and source
    elsewhere = resolver.filenames_elsewhere(
        [package for package in packages if package.sdist is not None and package.sdist.path is None],
        replace(platform, machine=_ELSEWHERE),
    )
    packages = [
        replace(
            package,
            wheels=tuple(fitting(package.wheels, tags)),
            other_wheels=_others(package, elsewhere.get(package.name, ()), platform),
        )
        for package in packages
    ]
    return tuple(_read_all_requires(packages, store, resolver.path))


def _read_all_requires(packages: Sequence[LockedPackage], store: Store, path: str) -> list[LockedPackage]:
    from concurrent.futures import ThreadPoolExecutor  # slow to import; not needed to read a lock

    with ThreadPoolExecutor(_FETCHES) as pool:
        return list(pool.map(lambda package: _read_requires(package, store, path), packages))


def _read_requires(package: LockedPackage, store: Store, path: str) -> LockedPackage:
    if package.commit is not None:
        return replace(package, build_requires=read_build_requires(fetch_commit(package, store, path)))
    if package.folder is not None:
        requires, version = read_build_requires(package.folder), read_version(package.folder)
        return replace(package, build_requires=requires, version=version)
    has_native_code = not any(is_pure(wheel.name) for wheel in package.wheels) or bool(package.other_wheels)
    if package.sdist is None or not has_native_code:
        return package
    sdist = fetch_file(package.sdist, store, package.title)
    try:
        return replace(package, build_requires=read_build_requires(sdist))
    except ArchiveError as error:
        raise DamagedPackagesError(
            [package.name],
            f"pkgs=: {package.title} is damaged: {error.what}",
            evidence=[error.found] if error.found else [],
            next="ask for another version of it",
        ) from error


def _others(package: LockedPackage, names: Sequence[str], platform: Platform) -> tuple[str, ...]:
    """The names of wheels for other platforms and the same Python, with which our wheel can be compared."""
    here = replace(platform, machine=_ELSEWHERE, libc=USUAL).tags()
    files = fitting([LockedFile(name, "") for name in names if not is_pure(name)], here)
    return tuple(file.name for file in files)


def _needed_by_builds(
    packages: Sequence[LockedPackage], platform: Platform, override: Callable[[str], Override]
) -> tuple[Requirement, ...]:
    """Packages that builds need for the target, and that no package needs at run time."""
    known = {package.name for package in packages}
    needed = (target_needs(package, override(package.name), platform) for package in packages)
    return tuple(map(Requirement, sorted(frozenset().union(*needed) - known)))


def _reachable(names: Collection[str], packages: Sequence[LockedPackage]) -> frozenset[str]:
    """These packages and all their run-time dependencies."""
    known = {package.name: package for package in packages}
    found: set[str] = set()
    waiting = [name for name in names if name in known]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [need for need in known[name].depends if need in known]
    return frozenset(found)
