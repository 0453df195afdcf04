"""Requirements (PEP 508): texts are parsed where a file or a program states them; all other code uses objects."""

from __future__ import annotations

from collections.abc import Iterable

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name


def read_requirements(texts: Iterable[str]) -> tuple[tuple[Requirement, ...], tuple[str, ...]]:
    """The requirements in texts of other projects; and the texts that are no valid requirements."""
    found, others = list[Requirement](), list[str]()
    for text in texts:
        try:
            found.append(Requirement(text))
        except InvalidRequirement:
            others.append(text)
    return tuple(found), tuple(others)


def unique(requirements: Iterable[Requirement]) -> tuple[Requirement, ...]:
    """The same without repetitions, as they are written."""
    found = dict[str, Requirement]()
    for requirement in requirements:
        found.setdefault(str(requirement), requirement)
    return tuple(found.values())


def names_of(requirements: Iterable[Requirement]) -> frozenset[str]:
    """Their names, normalized (PEP 503)."""
    return frozenset(canonicalize_name(requirement.name) for requirement in requirements)
