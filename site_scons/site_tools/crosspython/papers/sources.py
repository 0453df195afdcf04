"""The metadata in the source of a Python package, before anything is built: its PKG-INFO, or its pyproject.toml.

Knows that an sdist has its core metadata at the top (PEP 517, PEP 625), and which of these fields a project's
pyproject.toml has (PEP 621, PEP 639).
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from packaging.metadata import RawMetadata, parse_email

from crosspython.store.formats import read_members
from crosspython.store.tree import reading

# How the names of files begin that contain the text of a licence, in capital letters.
LICENSE_FILES = ("LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE", "AUTHORS")
_PKG_INFO = "PKG-INFO"


def read_source_metadata(source: Path) -> RawMetadata:
    """The metadata of an sdist or of a project's folder; empty where it tells none. Raises ArchiveError."""
    if source.is_dir():
        return _read_project(source / "pyproject.toml")
    with reading(source):
        for member in read_members(source):
            if member.name.count("/") == 1 and member.name.endswith(f"/{_PKG_INFO}") and member.open is not None:
                with member.open() as stream:
                    return parse_email(stream.read())[0]
    return {}


def _read_project(file: Path) -> RawMetadata:
    try:
        project: Any = tomllib.loads(file.read_text(encoding="utf-8")).get("project", {})
        license = project.get("license", "")
        found: RawMetadata = {"classifiers": list(map(str, project.get("classifiers", ())))}
        if isinstance(license, str):
            return {**found, "license_expression": license}
        return {**found, "license": str(license.get("text", ""))}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}
