"""Versions of a component: the recipe describes one of them, and lists only the differences of the others.

The release of CPython chooses the version, because an old Python cannot be compiled with every new library. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import takewhile
from typing import Any, TypeVar

from crosspython.errors import ConfigurationError
from crosspython.reading import Locate, Mistake, find_mistakes, is_right, mistaken, read_data
from crosspython.recipes.placeholders import find_misspelt
from crosspython.recipes.release import Library

T = TypeVar("T")


def read_recipe(
    recipe: Mapping[str, Any],
    kind: type[T],
    libraries: Mapping[str, Library],
    what: str,
    *,
    next: str | None = None,
    locate: Locate | None = None,
) -> T:
    """Read a recipe's keywords into the class of its kind, for the version that a Python is built with.

    All versions are checked, so that every mistake is found, whichever version is built.
    Raises ConfigurationError that lists all mistakes.
    """
    mistakes = [] if is_right(recipe, kind) else find_mistakes(recipe, kind)
    others = recipe.get("others", {})
    for version, differs in others.items() if isinstance(others, Mapping) else ():
        if not isinstance(differs, Mapping):
            continue  # reported as a mistake of the whole recipe
        whole = {**recipe, **differs, "version": version}
        if not is_right(whole, kind):
            own = (each for each in find_mistakes(whole, kind) if {*each.keys[:1]} & differs.keys())
            mistakes += [Mistake(("others", version, *each.keys), each.problem) for each in own]
    mistakes += find_misspelt(recipe)
    mistakes += (
        Mistake((key,), f"expected a list, because its order counts; found {value}")
        for key, value in recipe.items()
        if isinstance(value, (set, frozenset))
    )
    if mistakes:
        raise mistaken(what, mistakes, next=next, locate=locate)
    return read_data(choose_version(recipe, libraries), kind, what, next=next, locate=locate)


def choose_version(recipe: Mapping[str, Any], libraries: Mapping[str, Library]) -> dict[str, Any]:
    """A recipe's keywords for the version that a Python is built with; if the Python names no version, for the recipe's
    own version.

    recipe: with `others`, keywords by version that replace those of the recipe
    A version with a source of the user's own is built like the known version with the most similar number.
    Raises ConfigurationError for a version that the recipe does not know and that has no such source.
    """
    name, wanted = recipe.get("name"), libraries.get(str(recipe.get("name")))
    if wanted is None:
        return dict(recipe)
    others = {str(recipe.get("version")): {}, **recipe.get("others", {})}
    if wanted.version not in others and not wanted.sources:
        raise ConfigurationError(
            f"{name} {wanted.version}: no source is known for this version",
            expected=f"one of {', '.join(others)}",
            next="name its source in a release file: docs/pythons.md says how",
        )
    like = wanted.version if wanted.version in others else _most_alike(wanted.version, others)
    own = [{"url": each.url, "pool": each.pool, "sha256": each.sha256} for each in wanted.sources]
    sources = [{key: value for key, value in each.items() if value is not None} for each in own]
    return {**recipe, **others[like], "version": wanted.version, **({"sources": sources} if sources else {})}


def _most_alike(version: str, known: Iterable[str]) -> str:
    """The known version that shares the most leading parts of its number; of several, the first."""

    def common(other: str) -> int:
        pairs = zip(_parts(version), _parts(other), strict=False)
        return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))

    return max(known, key=common)


def _parts(version: str) -> list[str]:
    return re.findall(r"\d+|[a-z]+", version)
