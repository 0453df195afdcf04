"""Overrides: what a few packages need beyond the generic way, as data with its reason.
wheels/known/overrides/<name>.toml.

Knows how they are read and what may stand in them. A folder of the user's own may add packages or take ours' place.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from crosspython.errors import ConfigurationError
from crosspython.names import suggest
from crosspython.wheels.model import Override

SHIPPED = Path(__file__).parent / "overrides"

# Packages whose headers and static libraries are compiled into what is built with them: the target's are needed.
NEEDS_TARGET = ("numpy",)

_LISTS = ("libraries", "build_requires", "needs_target", "imports", "leave_out", "dependencies", "beside")
_TABLES = ("environment", "not_importable")
_KEYS = ("reason", *_LISTS, *_TABLES, "config_settings", "engine", "minutes")


def find_override(name: str, folders: Sequence[Path] = ()) -> Override:
    """The override of a package; an empty one where it needs none. Raises ConfigurationError that lists what is wrong.

    folders: of the user's own; the first that has one wins
    """
    name = canonicalize_name(name)
    for folder in (*folders, SHIPPED):
        file = folder / f"{name}.toml"
        if file.is_file():
            return read_override(file)
    return Override(name)


def read_override(file: Path) -> Override:
    """Read one override. Raises ConfigurationError that lists all that is wrong."""
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{file}: the override cannot be read", found=str(error)) from error
    problems = list(_find_problems(data))
    if problems:
        raise ConfigurationError(
            f"{file.name}: the override is wrong",
            evidence=problems,
            next="docs/overrides.md tells what may stand in one",
        )
    settings = data.get("config_settings", {})
    return Override(
        name=canonicalize_name(file.stem),
        reason=data["reason"],
        libraries=tuple(data.get("libraries", ())),
        build_requires=tuple(data.get("build_requires", ())),
        config_settings={k: (v,) if isinstance(v, str) else tuple(v) for k, v in settings.items()},
        environment=dict(data.get("environment", {})),
        engine=data.get("engine"),
        minutes=data.get("minutes"),
        needs_target=tuple(data.get("needs_target", ())),
        imports=tuple(data.get("imports", ())),
        leave_out=tuple(data.get("leave_out", ())),
        beside=tuple(data.get("beside", ())),
        dependencies=tuple(data["dependencies"]) if "dependencies" in data else None,
        not_importable=dict(data.get("not_importable", {})),
    )


def stated_dependencies(folders: Sequence[Path] = ()) -> dict[str, tuple[str, ...]]:
    """By package, what it needs at run time, where an override states it.

    folders: of the user's own; the first that has a package's override wins
    Raises ConfigurationError for an override that cannot be read, or is called so that it never would be.
    """
    files = [file for folder in (*folders, SHIPPED) for file in folder.glob("*.toml")]
    for file in files:
        if file.stem != canonicalize_name(file.stem):
            raise ConfigurationError(
                f"{file}: this override is never read",
                expected=f"the package's normalized name: {canonicalize_name(file.stem)}.toml",
                next="rename it",
            )
    names = {file.stem for file in files}
    found = {name: find_override(name, folders).dependencies for name in sorted(names)}
    return {name: needs for name, needs in found.items() if needs is not None}


def _find_problems(data: Mapping[str, Any]) -> list[str]:
    problems = []
    for key in data:
        if key not in _KEYS:
            problems.append("; ".join(filter(None, (f"{key}: no such key", suggest(key, _KEYS)))))
    if not isinstance(data.get("reason"), str) or not data["reason"].strip():
        problems.append("reason: expected a sentence that says why this package needs more than others")
    for key in _LISTS:
        if not _is_strings(data.get(key, [])):
            problems.append(f"{key}: expected a list of strings")
    needs = data.get("dependencies", [])
    problems += filter(None, map(_requirement_problem, needs if _is_strings(needs) else ()))
    for key in _TABLES:
        value = data.get(key, {})
        if not isinstance(value, dict) or not _is_strings(list(value.values())):
            problems.append(f"{key}: expected a table of strings")
    settings = data.get("config_settings", {})
    if not isinstance(settings, dict) or not all(isinstance(v, str) or _is_strings(v) for v in settings.values()):
        problems.append("config_settings: expected a table of strings or lists of strings")
    if data.get("engine") not in (None, "cross", "emulated"):
        problems.append(f"engine: expected cross or emulated; found {data['engine']!r}")
    minutes = data.get("minutes", 1)
    if isinstance(minutes, bool) or not isinstance(minutes, (int, float)) or minutes <= 0:
        problems.append(f"minutes: expected a number above 0; found {minutes!r}")
    return problems


def _requirement_problem(text: str) -> str | None:
    try:
        Requirement(text)
    except InvalidRequirement:
        return f'dependencies: expected requirements as in "numpy>=1.24"; found {text!r}'
    return None


def _is_strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
