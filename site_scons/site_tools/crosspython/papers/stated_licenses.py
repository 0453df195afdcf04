"""The licence that a Python package states: as an SPDX expression if it is clear, else in the package's own words.

Knows the core metadata's fields (PEP 639 and what stood there before it) and the trove classifiers; it never guesses: a
"BSD License" may be any of several.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.metadata import RawMetadata

_LONGEST = 100  # a longer text in `License` is the licence itself
_CLASSIFIER = "License :: "


def read_stated_license(metadata: RawMetadata) -> tuple[str, str]:
    """The SPDX expression, and "" beside it; if no expression is clear, "" and the text that the package states."""
    if (expression := _as_expression(metadata.get("license_expression", ""))) is not None:
        return expression, ""
    field = " ".join(metadata.get("license", "").split())
    names = [name for line in metadata.get("classifiers", ()) if (name := _last_part(line))]
    known = {_table()[name] for name in names if name in _table()}
    if len(field) <= _LONGEST and (expression := _as_expression(_table().get(field, field))) is not None:
        return expression, ""
    if len(known) == 1 and all(name in _table() for name in names):
        return known.pop(), ""
    return "", ", ".join(dict.fromkeys(names)) or (field[:_LONGEST] if field.upper() != "UNKNOWN" else "")


def _last_part(classifier: str) -> str:
    if not classifier.startswith(_CLASSIFIER):
        return ""
    name = classifier.rpartition(" :: ")[2]
    return "" if name == "OSI Approved" else name


def _as_expression(text: str) -> str | None:
    try:
        return canonicalize_license_expression(text) if text.strip() else None
    except InvalidLicenseExpression:
        return None


@cache
def _table() -> dict[str, str]:
    table: dict[str, str] = tomllib.loads((Path(__file__).parent / "stated_licenses.toml").read_text())["licenses"]
    return table
