"""Checks the METADATA of wheels that a user names by their files: would the board's pip accept them?

The files exist before anything is resolved, so the errors can name the file and its content. repairing/ checks the rest
of a wheel. Paths belong to the build machine.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path

from packaging.metadata import RawMetadata, parse_email
from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from crosspython.errors import ConfigurationError, DamagedPackagesError
from crosspython.store.formats import Damaged, damage_told
from crosspython.wheels.core_metadata import is_for_python, judge_metadata, judge_text
from crosspython.wheels.resolving.platform import Platform
from crosspython.wheels.resolving.projects import Project


def require_usable(projects: Sequence[Project], platform: Platform) -> None:
    """Check that each local wheel agrees with its file name (PEP 427), and is for the board's Python (Requires-Python).

    uv ignores the upper bound of a Requires-Python; pip does not.
    Raises DamagedPackagesError, ConfigurationError.
    """
    wheels = {each: _read(each.path) for each in projects if each.path.suffix == ".whl"}
    told = {project: parse_email(data)[0] for project, data in wheels.items() if data is not None}
    others = {project: says for project, fields in told.items() if (says := _other_name(project.path.name, fields))}
    if others:
        raise DamagedPackagesError(
            [project.name for project in others],
            f"pkgs=: {', '.join(str(project.path) for project in others)} is damaged",
            evidence=list(others.values()),
            next="get that file again, or ask for another version",
        )
    unfit = [
        f"{project.path.name} needs Python {fields.get('requires_python')}"
        for project, fields in told.items()
        if not is_for_python(fields.get("requires_python", ""), platform.python)
    ]
    if unfit:
        raise ConfigurationError(
            f"pkgs=: {', '.join(text.partition(' ')[0] for text in unfit)} does not support this Python",
            evidence=unfit,
            expected=f"a wheel for Python {platform.python}",
            next="ask for another version of it, or build another Python: python=",
        )


def find_problems(wheel: Path) -> list[str]:
    """The parts of a wheel's METADATA that no installer can read (Core metadata specifications). Empty if there are
    none, or if there is no METADATA."""
    data = _read(wheel)
    return [] if data is None else judge_text("METADATA", data, judge_metadata)


def _other_name(filename: str, fields: RawMetadata) -> str | None:
    name, version, *_ = parse_wheel_filename(filename)
    said = fields.get("name", ""), fields.get("version", "")
    try:
        if not all(said) or (canonicalize_name(said[0]) == name and Version(said[1]) == version):
            return None
    except InvalidVersion:
        return None  # uv refuses such a wheel
    return f"METADATA: is of {said[0]} {said[1]}, and the file is called {filename}"


def _read(wheel: Path) -> bytes | None:
    """The METADATA of a wheel; None if it has none, or cannot be read, which other modules report."""
    try:
        with damage_told(), zipfile.ZipFile(wheel) as archive:
            names = [n for n in archive.namelist() if n.count("/") == 1 and n.endswith(".dist-info/METADATA")]
            return archive.read(names[0]) if len(names) == 1 else None
    except (OSError, Damaged):
        return None
