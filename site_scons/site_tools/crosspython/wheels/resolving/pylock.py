"""pylock.toml (PEP 751), as the lock of a wheelhouse: reading and writing it.

In addition to the standard's keys it contains the request; the build requirements of each package, because SCons has to
know edges between wheels before anything is fetched; and the files that meet these requirements, and the crates of
packages in Rust (decision 0035).
lock.py checks whether a lock still fits a request.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from crosspython.errors import ConfigurationError
from crosspython.store.disk import write_whole
from crosspython.wheels.commits import Commit
from crosspython.wheels.model import LockedCrates, LockedFile, LockedPackage, Toolset
from crosspython.wheels.requirements import read_requirements
from crosspython.wheels.resolving.boards import environments_of, join, part_of
from crosspython.wheels.resolving.plain import require_plain
from crosspython.wheels.resolving.projects import read_version

_TOOL = "crosspython"
_TOOLSETS = "toolsets"
_CRATES = "crates"


@dataclass(frozen=True)
class Lock:
    """asked: the request, as plain data; packages: all packages of the wheelhouse, and those that builds need for the
    target; toolsets: the native build requirements; crates: those of packages in Rust; outdated: toolsets of an earlier
    lock that have to be resolved again, which are not written to the file."""

    asked: Mapping[str, Any]
    packages: tuple[LockedPackage, ...]
    toolsets: tuple[Toolset, ...] = ()
    outdated: tuple[Toolset, ...] = ()
    crates: tuple[LockedCrates, ...] = ()

    @cached_property
    def by_name(self) -> Mapping[str, LockedPackage]:
        return {package.name: package for package in self.packages}


def read_pylock(path: Path, environment: str = "") -> Lock | None:
    """Read a lock; None if there is none. Raises ConfigurationError for a file that is no lock of ours, or for a lock
    of several boards without this one.

    environment: the marker of the wanted part, if the lock has several
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _unreadable(path, str(error)) from error
    version = str(data.get("lock-version", "1.0"))
    if version.partition(".")[0] != "1":
        raise _unreadable(path, f"lock-version {version}; this crosspython knows 1 (PEP 751)")
    part = part_of(data, environment)
    if part is None:
        raise ConfigurationError(
            f"{path}: this lock was made for other boards",
            expected=environment,
            evidence=environments_of(data),
            next=f"scons lock lock={path.name} pkgs=..., with this target= and python=, adds this one",
        )
    data = dict(part)
    try:
        asked = data["tool"][_TOOL]
        toolsets = tuple(_read_toolset(entry, path.parent) for entry in asked.pop(_TOOLSETS, ()))
        crates = tuple(_read_crates(entry) for entry in asked.pop(_CRATES, ()))
        for text in (*asked.get("requirements", ()), *asked.get("constraints", ())):
            Requirement(text)
        packages = tuple(read_entry(entry, path.parent) for entry in data["packages"])
        tools = [package for each in toolsets for package in (*each.packages, *each.beneath)]
        require_plain((*packages, *tools), crates)
        return Lock(asked, packages, toolsets, crates=crates)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        found = f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else str(error)
        raise _unreadable(path, found) from error


def has_environment(path: Path, environment: str) -> bool:
    """Whether a lock has a part for an environment."""
    try:
        return environment in environments_of(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return False


def is_foreign(path: Path) -> bool:
    """Whether another tool wrote a lock, in the form of PEP 751 or in its own form, such as uv.lock."""
    if path.suffix == ".lock":
        return True
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return "lock-version" in data and "created-by" in data and _TOOL not in data.get("tool", {})


def write_pylock(path: Path, lock: Lock, environment: str, *, keeps_others: bool = False) -> None:
    """Write a lock. Local paths in it are relative to its folder, so that it can be committed with the projects.

    environment:  the markers that it was resolved for
    keeps_others: the parts of the file for other boards are kept
    """
    others = _read_others(path) if keeps_others else {}
    write_whole(path, pylock_text(lock, environment, path.parent, others))


def pylock_text(lock: Lock, environment: str, folder: Path, others: Mapping[str, Any]) -> str:
    """The text of a lock. folder: the start of relative paths in it; others: the data of a lock for other boards"""
    import tomli_w

    packages = sorted(lock.packages, key=lambda package: package.name)
    data = {
        "lock-version": "1.0",
        "environments": [environment],
        "requires-python": f"=={lock.asked['python'].rpartition('.')[0]}.*",
        "created-by": _TOOL,
        "tool": {_TOOL: {**lock.asked, **_write_toolsets(lock.toolsets, folder), **_write_crates(lock.crates)}},
        "packages": [_write_package(package, folder) for package in packages],
    }
    return tomli_w.dumps(join(data, others), multiline_strings=True)  # a Cargo.lock has many lines


def _read_others(path: Path) -> Mapping[str, Any]:
    """The data of our lock that will be overwritten; empty if there is no readable one."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return data if _TOOL in data.get("tool", {}) else {}


def read_entry(entry: Mapping[str, Any], folder: Path) -> LockedPackage:
    """Read one entry of `packages`. folder: the start of relative paths in it"""
    own = entry.get("tool", {}).get(_TOOL, {})
    directory = entry.get("directory")
    project = Path(os.path.normpath(folder / directory["path"])) if directory else None
    vcs = entry.get("vcs")
    sdist = entry.get("sdist") or entry.get("archive")
    return LockedPackage(
        name=entry["name"],
        version=entry.get("version", "") if project is None else read_version(project),
        sdist=_read_file(sdist, folder) if sdist else None,
        wheels=tuple(_read_file(wheel, folder) for wheel in entry.get("wheels", ())),
        other_wheels=tuple(own.get("other-wheels", ())),
        depends=tuple(dependency["name"] for dependency in entry.get("dependencies", ())),
        build_requires=read_requirements(own.get("build-requires", ()))[0],
        folder=project,
        commit=Commit(vcs["url"], vcs["commit-id"], vcs.get("subdirectory", "")) if vcs else None,
        build_only=bool(own.get("build-only", False)),
    )


def _read_toolset(entry: Mapping[str, Any], folder: Path) -> Toolset:
    packages, beneath = (tuple(read_entry(each, folder) for each in entry[key]) for key in ("packages", "beneath"))
    for package in (*packages, *beneath):
        if not package.wheels and package.sdist is None:
            raise ValueError(f"{package.title}, which other packages need for their build, has no file")
    return Toolset(entry["machine"], tuple(entry["requires"]), tuple(entry["pins"]), packages, beneath)


def _write_toolsets(toolsets: Sequence[Toolset], folder: Path) -> dict[str, Any]:
    entries = [
        {
            "machine": each.machine,
            "requires": list(each.requires),
            "pins": list(each.pins),
            "packages": [_write_package(package, folder) for package in each.packages],
            "beneath": [_write_package(package, folder) for package in each.beneath],
        }
        for each in sorted(toolsets, key=lambda each: (each.machine, each.requires, each.pins))
    ]
    return {_TOOLSETS: entries} if entries else {}


def _read_crates(entry: Mapping[str, Any]) -> LockedCrates:
    locks = {str(place): str(text) for place, text in entry["locks"].items()}
    return LockedCrates(entry["package"], entry["source"], entry["rust"], locks)


def _write_crates(crates: Sequence[LockedCrates]) -> dict[str, Any]:
    entries = [asdict(each) for each in sorted(crates, key=lambda each: (each.package, each.source))]
    return {_CRATES: entries} if entries else {}


def _read_file(entry: Mapping[str, Any], folder: Path) -> LockedFile:
    path = Path(os.path.normpath(folder / entry["path"])) if "path" in entry else None
    name = entry.get("name") or (path.name if path else entry["url"].partition("#")[0].rpartition("/")[2])
    return LockedFile(name, entry["hashes"]["sha256"], entry.get("url"), path, entry.get("size"))


def _write_package(package: LockedPackage, folder: Path) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": package.name}
    if package.version and package.folder is None:  # a folder may have another version tomorrow (PEP 751)
        entry["version"] = package.version
    if package.depends:
        entry["dependencies"] = [{"name": name} for name in package.depends]
    if package.folder is not None:
        entry["directory"] = {"path": os.path.relpath(package.folder, folder)}
    if (commit := package.commit) is not None:
        place = {"subdirectory": commit.subdirectory} if commit.subdirectory else {}
        entry["vcs"] = {"type": "git", "url": commit.url, "commit-id": commit.id, **place}
    if package.sdist is not None:
        entry["sdist"] = _write_file(package.sdist, folder)
    if package.wheels:
        entry["wheels"] = [_write_file(wheel, folder) for wheel in package.wheels]
    own: dict[str, Any] = {
        "build-requires": list(map(str, package.build_requires)),
        "other-wheels": list(package.other_wheels),
        "build-only": package.build_only,
    }
    if told := {key: value for key, value in own.items() if value}:
        entry["tool"] = {_TOOL: told}
    return entry


def _write_file(file: LockedFile, folder: Path) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": file.name}
    if file.path is not None:
        entry["path"] = os.path.relpath(file.path, folder)
    else:
        entry["url"] = file.url
    if file.size is not None:
        entry["size"] = file.size
    return {**entry, "hashes": {"sha256": file.sha256}}


def _unreadable(path: Path, found: str) -> ConfigurationError:
    return ConfigurationError(
        f"{path}: not a lock that can be used",
        expected="a pylock.toml (PEP 751) that crosspython wrote",
        found=found,
        next=f"remove {path.name}, and the next run makes it again",
    )
