"""poetry.lock of poetry 2.1 or newer: each package lists its groups and markers.

It contains the hashes of files, but not their addresses, so an index is asked for these (locate.py). Older forms do not
list a package's groups.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from crosspython.errors import ConfigurationError
from crosspython.wheels.model import LockedFile, LockedPackage
from crosspython.wheels.resolving.foreign.wanted import (
    Wanted,
    holds,
    read_commit,
    read_file,
    require_known,
    require_python,
    split_files,
)
from crosspython.wheels.resolving.platform import Platform
from crosspython.wheels.resolving.projects import read_version

_MAIN = "main"


def is_poetry(data: Mapping[str, Any]) -> bool:
    """Whether TOML data is a poetry.lock."""
    return {"content-hash", "python-versions"} <= {*data.get("metadata", {})}


def read_poetry(data: Mapping[str, Any], path: Path, platform: Platform, wanted: Wanted) -> list[LockedPackage]:
    """The packages for the board. Raises ConfigurationError, ValueError and KeyError."""
    entries = data.get("package", ())
    if any("groups" not in entry for entry in entries):
        raise ConfigurationError(
            f"{path}: it was written by poetry {data['metadata'].get('lock-version', '1')}, "
            "whose form does not say which packages are for development",
            expected="a poetry.lock of poetry 2.1 or newer, where each package has `groups`",
            next="poetry lock, with a newer poetry, keeps all versions; then run the same command again",
        )
    require_python(str(data["metadata"]["python-versions"]), platform)
    extras = {canonicalize_name(name) for name in data.get("extras", {})}
    require_known("extra", wanted.extras, extras)
    groups = {canonicalize_name(group) for entry in entries for group in entry["groups"]}
    require_known("group", wanted.groups, groups - {_MAIN})
    chosen = [entry for entry in entries if _is_wanted(entry, platform, wanted)]
    names = {entry["name"] for entry in chosen}
    return [_read(entry, names, path.parent) for entry in chosen]


def _is_wanted(entry: Mapping[str, Any], platform: Platform, wanted: Wanted) -> bool:
    """Whether a package is in one of the wanted groups, and its marker for this group holds."""
    markers = entry.get("markers", "")
    groups = {group for group in entry["groups"] if canonicalize_name(group) in {_MAIN, *wanted.groups}}
    by_group = markers if isinstance(markers, dict) else dict.fromkeys(groups, markers)
    return any(holds(by_group.get(group), platform, wanted.extras) for group in groups)


def _read(entry: Mapping[str, Any], names: set[str], start: Path) -> LockedPackage:
    name, version, source = canonicalize_name(entry["name"]), str(entry["version"]), entry.get("source", {})
    depends = tuple(sorted({canonicalize_name(need) for need in entry.get("dependencies", {})} & names))
    kind, url = source.get("type", ""), str(source.get("url", ""))
    if kind == "directory":
        folder = (start / url / source.get("subdirectory", "")).resolve()
        return LockedPackage(name, read_version(folder) or version, depends=depends, folder=folder)
    if kind == "git":
        commit = read_commit(url, source["resolved_reference"], source.get("subdirectory"), name)
        return LockedPackage(name, version, depends=depends, commit=commit)
    places: dict[str, Any] = {"url": url} if kind == "url" else {"path": url} if kind == "file" else {}
    files: list[LockedFile] = [read_file(each["file"], each["hash"], start, **places) for each in entry["files"]]
    sdist, wheels = split_files(files)
    return LockedPackage(name, version, sdist, wheels, depends=depends)
