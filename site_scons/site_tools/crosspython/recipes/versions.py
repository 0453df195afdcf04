"""Versions of a component: the one that its recipe describes, and others, each by what differs from that.

The release of CPython says which one is built: not every Python can be compiled with the newest library. Pure.
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
    """A recipe's keywords as those of its kind, for the version that a Python is built with.

    All versions are read, so that a mistake shows whichever is built.
    Raises ConfigurationError that lists all mistakes.
    """
    mistakes = [] if is_right(recipe, kind) else find_mistakes(recipe, kind)
    others = recipe.get("others", {})
    for version, differs in others.items() if isinstance(others, Mapping) else ():
        if not isinstance(differs, Mapping):
            continue  # a mistake of the whole
        whole = {**recipe, **differs, "version": version}
        if not is_right(whole, kind):
            own = (each for each in find_mistakes(whole, kind) if {*each.keys[:1]} & differs.keys())
            mistakes += [Mistake(("others", version, *each.keys), each.problem) for each in own]
    mistakes += find_misspelt(recipe)
    if mistakes:
        raise mistaken(what, mistakes, next=next, locate=locate)
    return read_data(choose_version(recipe, libraries), kind, what, next=next, locate=locate)


def choose_version(recipe: Mapping[str, Any], libraries: Mapping[str, Library]) -> dict[str, Any]:
    """A recipe's keywords for the version that a Python is built with; where it names none, for the recipe's own.

    recipe: with `others`, keywords by version that replace those of the recipe
    A version with a source of the user's own is built like the known one that its number has most in common with.
    Raises ConfigurationError for one without, where the recipe does not know it.
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
    """Of known versions the one with most parts in common, from the left; the first of several."""

    def common(other: str) -> int:
        pairs = zip(_parts(version), _parts(other), strict=False)
        return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))

    return max(known, key=common)


def _parts(version: str) -> list[str]:
    return re.findall(r"\d+|[a-z]+", version)
