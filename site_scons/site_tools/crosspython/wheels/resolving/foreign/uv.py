"""uv.lock: a graph of packages for all platforms at once (uv's manual, "Project structure", "The lockfile").

The projects of the workspace are its roots. Each edge has a marker, so the board's packages are those that can be
reached through edges whose markers hold.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

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
)
from crosspython.wheels.resolving.platform import Platform
from crosspython.wheels.resolving.projects import read_version

_Entry = Mapping[str, Any]
_LOCAL = ("editable", "virtual", "directory")


def is_uv(data: Mapping[str, Any]) -> bool:
    """Whether TOML data is a uv.lock."""
    return isinstance(data.get("version"), int) and "requires-python" in data


def read_uv(data: Mapping[str, Any], path: Path, platform: Platform, wanted: Wanted) -> list[LockedPackage]:
    """The packages for the board. Raises ConfigurationError, ValueError and KeyError."""
    if data["version"] != 1:
        raise ValueError(f"version {data['version']}; this crosspython knows version 1")
    if data.get("conflicts"):
        raise ConfigurationError(
            f"{path}: it has extras or groups that exclude each other (conflicts), which crosspython does not read",
            next="run uv export --format pylock.toml -o pylock.toml, with the extras and groups that you want,"
            " then use lock=pylock.toml",
        )
    require_python(str(data["requires-python"]), platform)
    graph = _Graph(data["package"], platform)
    roots = _find_roots(data, path.parent, wanted)
    for kind, names in (("optional-dependencies", wanted.extras), ("dev-dependencies", wanted.groups)):
        known = {name for root in roots for name in root.get(kind, ())}
        require_known("extra" if kind.startswith("optional") else "group", names, known)
    for root in roots:
        graph.add(root, wanted.extras, wanted.groups)
    graph.walk()
    # A virtual project is no package (uv: tool.uv.package), unless its wheel is requested.
    left_out = [id(root) for root in roots if "virtual" in root["source"] and not wanted.projects]
    return [_read(entry, graph.needs(key), path.parent) for key, entry in graph.reached.items() if key not in left_out]


class _Graph:
    """The packages that are reached from the roots. A name may have several entries, so they are known by identity."""

    def __init__(self, entries: Sequence[_Entry], platform: Platform) -> None:
        self.platform = platform
        self.by_name: dict[str, list[_Entry]] = {}
        for entry in entries:
            self.by_name.setdefault(entry["name"], []).append(entry)
        self.reached: dict[int, _Entry] = {}
        self.edges: dict[int, set[str]] = {}
        self._done: set[tuple[int, str]] = set()
        self._waiting: list[tuple[_Entry, _Entry]] = []

    def add(self, entry: _Entry, extras: Iterable[str], groups: Iterable[str] = ()) -> None:
        """Add a package with some of its extras, and a root with some of its groups. Their requirements are followed,
        too."""
        self.reached[id(entry)] = entry
        needs = [("", entry.get("dependencies", ()))]
        needs += [(extra, _table(entry, "optional-dependencies").get(extra, ())) for extra in extras]
        needs += [(f"group {group}", _table(entry, "dev-dependencies").get(group, ())) for group in groups]
        for what, edges in needs:
            if (id(entry), what) not in self._done:
                self._done.add((id(entry), what))
                self._waiting += ((entry, edge) for edge in edges)

    def walk(self) -> None:
        while self._waiting:
            entry, edge = self._waiting.pop()
            if holds(edge.get("marker"), self.platform):
                found = self._find(edge)
                self.edges.setdefault(id(entry), set()).add(found["name"])
                self.add(found, map(canonicalize_name, edge.get("extra", ())))

    def needs(self, key: int) -> tuple[str, ...]:
        return tuple(sorted(self.edges.get(key, ())))

    def _find(self, edge: _Entry) -> _Entry:
        """The entry of an edge. If a name has several versions or sources, the edge or the platform decides."""
        found = [
            entry
            for entry in self.by_name[edge["name"]]
            if all(entry.get(key) == edge[key] for key in ("version", "source") if key in edge)
        ]
        if len(found) > 1:
            found = [e for e in found if any(holds(m, self.platform) for m in e.get("resolution-markers", ()))]
        if len(found) != 1:
            raise ValueError(f"{edge['name']}: the lock has {len(found)} versions of it for this board")
        return found[0]


def _table(entry: _Entry, key: str) -> dict[str, Any]:
    return {canonicalize_name(name): edges for name, edges in entry.get(key, {}).items()}


def _find_roots(data: Mapping[str, Any], start: Path, wanted: Wanted) -> list[_Entry]:
    """The locked projects, or only the requested ones among them."""
    local = [entry for entry in data["package"] if any(kind in entry["source"] for kind in _LOCAL)]
    members = data.get("manifest", {}).get("members")
    roots = [entry for entry in local if (entry["name"] in members if members else _place(entry, start) == start)]
    if unknown := sorted(map(str, wanted.projects - {_place(root, start) for root in roots})):
        raise ValueError(f"it is not the lock of {', '.join(unknown)}")
    return [root for root in roots if not wanted.projects or _place(root, start) in wanted.projects]


def _place(entry: _Entry, start: Path) -> Path:
    return Path(os.path.normpath(start / next(entry["source"][kind] for kind in _LOCAL if kind in entry["source"])))


def _read(entry: _Entry, depends: tuple[str, ...], start: Path) -> LockedPackage:
    name, source = entry["name"], entry["source"]
    if any(kind in source for kind in _LOCAL):
        folder = _place(entry, start)
        return LockedPackage(name, read_version(folder), depends=depends, folder=folder)
    version = str(entry.get("version", ""))
    if "git" in source:
        url, asked = urlsplit(source["git"]), parse_qs(urlsplit(source["git"]).query)
        commit = read_commit(
            url._replace(query="", fragment="").geturl(), url.fragment, (asked.get("subdirectory") or [""])[0], name
        )
        return LockedPackage(name, version, depends=depends, commit=commit)
    sdist = _file(entry["sdist"], source, start, name) if "sdist" in entry else None
    wheels = tuple(_file(wheel, source, start, name) for wheel in entry.get("wheels", ()))
    return LockedPackage(name, version, sdist, wheels, depends=depends)


def _file(file: _Entry, source: _Entry, start: Path, name: str) -> LockedFile:
    """A file of an index, of a folder of files (the lock names it as a registry), or the file that a source names."""
    url, path = file.get("url") or source.get("url"), file.get("path") or source.get("path") or ""
    registry = source.get("registry", "")
    if path and registry and "://" not in registry:
        path = os.path.join(registry, path)
    place = unquote(str(path or urlsplit(url or "").path)).rpartition("/")[2]
    return read_file(file.get("filename") or place, file.get("hash"), start, url=url, path=path)
