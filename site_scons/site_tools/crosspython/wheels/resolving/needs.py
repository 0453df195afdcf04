"""The requirements in finished wheels (METADATA, PEP 566), and whether the wheelhouse meets them.

A lock is made from the metadata of packages before they are built. But the board's pip reads the metadata of the
wheels. This module compares the two; its callers decide what to do about a difference.
"""

from __future__ import annotations

import zipfile
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.metadata import parse_email
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from crosspython.errors import hide_logins
from crosspython.wheels.core_metadata import is_for_python
from crosspython.wheels.requirements import read_requirements


@dataclass(frozen=True)
class Needs:
    """The requirements of one wheel, from its METADATA.

    extras:     its extras
    python:     its Requires-Python
    unreadable: texts that are no valid requirements
    """

    version: str
    requires: tuple[Requirement, ...]
    extras: tuple[str, ...] = ()
    python: str = ""
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True)
class Difference:
    """A requirement that the wheelhouse does not meet. `package` is the normalized name of the wheel with the
    requirement; empty for a requirement of the request.

    unfit: the existing wheel, if it is for other Pythons
    """

    package: str
    text: str
    unfit: str = ""


def read_needs(wheel: Path) -> Needs:
    """Read the requirements in a wheel's METADATA."""
    with zipfile.ZipFile(wheel) as archive:
        # A wheel is audited before: there is one .dist-info at the top.
        name = next(n for n in archive.namelist() if n.count("/") == 1 and n.endswith(".dist-info/METADATA"))
        fields, _ = parse_email(archive.read(name))
    requires, unreadable = read_requirements(fields.get("requires_dist", ()))
    extras = tuple(fields.get("provides_extra", ()))
    return Needs(fields.get("version", ""), requires, extras, fields.get("requires_python", ""), unreadable)


def find_differences(
    asked: Iterable[Requirement],
    wheels: Mapping[str, Needs],
    environment: Mapping[str, str],
    unmade: Collection[str] = (),
) -> list[Difference]:
    """The requirements of the request, and of needed wheels, that no wheel meets.

    asked:       requirements
    wheels:      by normalized name
    environment: the board's markers (PEP 508)
    unmade:      packages that will have a wheel, and have none yet
    """
    python = environment["python_full_version"]
    seen, found = set[tuple[str, str]](), dict[Difference, None]()
    waiting = [("", need, "") for need in asked]
    while waiting:
        package, need, extra = waiting.pop(0)
        if need.marker is not None and not need.marker.evaluate({**environment, "extra": extra}):
            continue
        name = canonicalize_name(need.name)
        if package and need.url is not None:  # pip would go to this address, even if the wheelhouse has the package
            place = "which no board has" if need.url.startswith("file:") else "and not from the wheelhouse"
            problem: str | None = f"{need.name} from {hide_logins(need.url)}, {place}"
        elif name in unmade:
            continue
        else:
            problem = _problem(need, wheels.get(name), python)
        if problem:
            unfit = name if name in wheels and not is_for_python(wheels[name].python, python) else ""
            text = f"{package or 'pkgs='} {'needs' if package else 'asks for'} {problem}"
            found[Difference(package, text, unfit)] = None
        for part in ("", *sorted(need.extras)) if name in wheels else ():
            if (name, part) not in seen:
                seen.add((name, part))
                waiting += [(name, each, part) for each in wheels[name].requires]
                found |= {Difference(name, f"{text}: no requirement"): None for text in wheels[name].unreadable}
    return list(found)


def _problem(need: Requirement, wheel: Needs | None, python: str) -> str | None:
    text = f"{need.name}{need.specifier}"
    if wheel is None:
        return f"{text}, and there is no wheel of it"
    if not need.specifier.contains(wheel.version, prereleases=True):
        return f"{text}, and the wheel is of {wheel.version}"
    fits = is_for_python(wheel.python, python)
    return None if fits else f"{need.name}, and its wheel is for Python {wheel.python}"
