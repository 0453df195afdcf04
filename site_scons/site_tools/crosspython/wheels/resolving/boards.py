"""A lock for several boards or Pythons: the parts of one pylock.toml, as plain data.

Each environment of the file (PEP 751) is one part. A package that is the same for all of them is listed once; all
others have a marker that names their environments. The request of each part is stored below `boards`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_TOOL = "crosspython"
_BOARDS = "boards"
_OR = " or "

Data = Mapping[str, Any]


def environments_of(data: Data) -> list[str]:
    """The environments of a lock, as markers."""
    return list(data.get("environments", ()))


def part_of(data: Data, environment: str) -> Data | None:
    """The part of a lock for one environment, as a separate lock; None: there is no such part. A lock for only one
    environment is returned unchanged, whatever its environment is: the caller has to compare that."""
    own = data.get("tool", {}).get(_TOOL, {})
    if _BOARDS not in own:
        return data
    if environment not in own[_BOARDS]:
        return None
    packages = [
        {key: value for key, value in entry.items() if key != "marker"}
        for entry in data["packages"]
        if environment in entry.get("marker", environment).split(_OR)
    ]
    return {**data, "environments": [environment], "tool": {_TOOL: own[_BOARDS][environment]}, "packages": packages}


def join(new: Data, old: Data) -> Data:
    """A lock with a new part, and all parts of an old one for other environments."""
    [environment] = environments_of(new)
    parts = {each: part_of(old, each) or {} for each in environments_of(old)} | {environment: new}
    if len(parts) == 1:
        return new
    entries: list[tuple[dict[str, Any], list[str]]] = []
    for each, part in parts.items():
        for entry in part["packages"]:
            same = next((found for known, found in entries if known == entry), None)
            if same is None:
                entries.append((dict(entry), [each]))
            else:
                same.append(each)
    packages = [
        entry if len(found) == len(parts) else {"name": entry["name"], "marker": _OR.join(found), **entry}
        for entry, found in sorted(entries, key=lambda pair: (str(pair[0]["name"]), pair[1]))
    ]
    boards = {each: part["tool"][_TOOL] for each, part in parts.items()}
    pythons = {part.get("requires-python") for part in parts.values()}
    joined = {**new, "environments": list(parts), "tool": {_TOOL: {_BOARDS: boards}}, "packages": packages}
    if len(pythons) > 1:  # the environments contain the versions
        del joined["requires-python"]
    return joined
