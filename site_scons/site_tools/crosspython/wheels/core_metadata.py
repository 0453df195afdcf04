"""Judges a wheel's METADATA: what no installer can read in it, and the Pythons that it is for.

Knows the core metadata specifications (packaging.python.org), and where uv and pip read them differently. The same
judge is asked about wheels that a user names by their files, and about wheels that were built.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from email.parser import HeaderParser

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

_MARK = "\ufeff"
_LONGEST = 40  # characters of what a message shows
# PEP 440 allows `.*` only after == and !=. Many older packages have it after >= in Requires-Python: pip ignores such a
# value, and uv reads it without the `.*`.
_NEEDLESS_STAR = re.compile(r"((?:~=|[<>]=?)\s*\d[\d.]*)\.\*")


def judge_text(name: str, data: bytes, judge: Callable[[str], list[str]]) -> list[str]:
    """The mistakes in a text file of a .dist-info folder, each with the file's name. judge: finds those in a text"""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return [f"{name} is not UTF-8 text"]
    if text.startswith(_MARK):
        return [f"{name} begins with a byte order mark, behind which pip does not find its first line"]
    return [f"{name}: {says}" for says in judge(text)]


def judge_metadata(text: str) -> list[str]:
    """Check METADATA: it needs a name and a version. pip since 24.1, and uv, refuse versions and requirements that are
    not valid by PEP 440 and 508."""
    headers = HeaderParser().parsestr(text)
    problems = [f"has no {field}" for field in ("Name", "Version") if not str(headers.get(field, "")).strip()]
    for field, kind in (("Version", Version), ("Requires-Dist", Requirement), ("Requires-Python", _read_pythons)):
        for value in filter(str.strip, map(str, headers.get_all(field, []))):
            try:
                kind(value)
            except (InvalidVersion, InvalidRequirement, InvalidSpecifier) as error:
                problems.append(f"{field}: {value[:_LONGEST]}: {str(error).partition(chr(10))[0]}")
    return problems


def is_for_python(requires_python: str, release: str) -> bool:
    """Whether a Python's pip accepts a wheel with this Requires-Python. pip ignores an invalid one."""
    try:
        return SpecifierSet(requires_python).contains(release, prereleases=True)
    except InvalidSpecifier:
        return True


def _read_pythons(value: str) -> SpecifierSet:
    return SpecifierSet(_NEEDLESS_STAR.sub(r"\1", value))
