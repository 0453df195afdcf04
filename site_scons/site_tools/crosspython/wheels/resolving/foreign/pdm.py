"""pdm.lock: each package lists its groups and markers (pdm's strategy inherit_metadata, the default since 2.11).
Without them, the walk starts at the requirements of the pyproject.toml beside the lock.

A package with extras is a separate entry. Files have names and hashes; only the strategy static_urls adds addresses.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from packaging.dependency_groups import resolve_dependency_groups
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from crosspython.wheels.model import LockedPackage
from crosspython.wheels.resolving.foreign.wanted import (
    Wanted,
    holds,
    read_commit,
    read_file,
    read_project_beside,
    require_known,
    require_python,
    split_files,
)
from crosspython.wheels.resolving.platform import Platform
from crosspython.wheels.resolving.projects import read_version

_Entry = Mapping[str, Any]
_DEFAULT = "default"


def is_pdm(data: Mapping[str, Any]) -> bool:
    """Whether TOML data is a pdm.lock."""
    return "lock_version" in data.get("metadata", {})


def read_pdm(data: Mapping[str, Any], path: Path, platform: Platform, wanted: Wanted) -> list[LockedPackage]:
    """The packages for the board. Raises ConfigurationError, ValueError and KeyError."""
    entries = [entry for entry in data.get("package", ()) if _is_for(entry, platform)]
    known = {canonicalize_name(group) for group in data["metadata"].get("groups", ())} - {_DEFAULT}
    require_known("extra or group", wanted.extras | wanted.groups, known)
    if "inherit_metadata" in data["metadata"].get("strategy", ()):
        groups = {_DEFAULT, *wanted.extras, *wanted.groups}
        chosen = [
            entry
            for entry in entries
            if not groups.isdisjoint(map(canonicalize_name, entry.get("groups", ())))
            and holds(entry.get("marker"), platform)
        ]
    else:
        chosen = _walk(entries, _roots(read_project_beside(path), wanted), platform)
    found: dict[str, LockedPackage] = {}
    for entry in chosen:
        package = _read(entry, platform, path.parent)
        if package.name in found:
            if found[package.name].version != package.version:
                raise ValueError(f"{package.name}: the lock has several versions of it for this board")
            package = replace(found[package.name], depends=(*found[package.name].depends, *package.depends))
        found[package.name] = package
    return [
        replace(each, depends=tuple(sorted({*each.depends} & found.keys() - {each.name}))) for each in found.values()
    ]


def _is_for(entry: _Entry, platform: Platform) -> bool:
    try:
        require_python(entry.get("requires_python", ""), platform)
    except ValueError:
        return False
    return True


def _roots(project: Mapping[str, Any], wanted: Wanted) -> list[str]:
    """The direct requirements of a project, with these extras and groups (PEP 621, PEP 735)."""
    stated = project.get("project", {})
    optional: dict[str, Any] = {
        canonicalize_name(name): needs for name, needs in stated.get("optional-dependencies", {}).items()
    }
    own = project.get("tool", {}).get("pdm", {}).get("dev-dependencies", {})
    groups = {**own, **project.get("dependency-groups", {})}
    extras = [need for extra in wanted.extras for need in optional.get(str(extra), ())]
    known = {canonicalize_name(name) for name in groups}
    in_groups = resolve_dependency_groups(groups, *(wanted.groups & known))
    return [*stated.get("dependencies", ()), *extras, *in_groups]


def _walk(entries: Sequence[_Entry], roots: Iterable[str], platform: Platform) -> list[_Entry]:
    """The entries that can be reached through requirements whose markers hold."""
    reached: list[_Entry] = []
    waiting = [Requirement(text) for text in roots]
    while waiting:
        need = waiting.pop()
        if not holds(str(need.marker or ""), platform):
            continue
        name, extras = canonicalize_name(need.name), {canonicalize_name(extra) for extra in need.extras}
        for entry in entries:
            has = {canonicalize_name(extra) for extra in entry.get("extras", ())}
            if canonicalize_name(entry["name"]) == name and has <= extras and entry not in reached:
                reached.append(entry)
                waiting += map(Requirement, entry.get("dependencies", ()))
    return reached


def _read(entry: _Entry, platform: Platform, start: Path) -> LockedPackage:
    name, version = canonicalize_name(entry["name"]), str(entry.get("version", ""))
    needs = [Requirement(text) for text in entry.get("dependencies", ())]
    depends = tuple(canonicalize_name(need.name) for need in needs if holds(str(need.marker or ""), platform))
    if "git" in entry:
        commit = read_commit(entry["git"], entry["revision"], entry.get("subdirectory"), name)
        return LockedPackage(name, version, depends=depends, commit=commit)
    if "path" in entry and (start / entry["path"]).is_dir():
        folder = (start / entry["path"]).resolve()
        return LockedPackage(name, read_version(folder) or version, depends=depends, folder=folder)
    places = {"path": entry["path"]} if "path" in entry else {}
    files = [_file(each, start, places) for each in entry.get("files", ())]
    sdist, wheels = split_files(files)
    return LockedPackage(name, version, sdist, wheels, depends=depends)


def _file(file: _Entry, start: Path, places: Mapping[str, str]) -> Any:
    url = file.get("url")
    name = file.get("file") or str(url).partition("#")[0].rpartition("/")[2]
    return read_file(name, file.get("hash"), start, url=url, **places)
