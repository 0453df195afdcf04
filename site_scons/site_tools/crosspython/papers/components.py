"""Describes a component as a part of a product, from the facts of its recipe."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec.structs import asdict
from packageurl import PackageURL

from crosspython.papers.part import COMPONENT, Change, Origin, Part, full_cpe
from crosspython.recipes.plan import Edit
from crosspython.recipes.recipe import Recipe
from crosspython.store.fetch import hash_file
from crosspython.store.sources import Source


def describe_component(recipe: Recipe, recipes: Mapping[str, Recipe], stage: Path | None = None) -> Part:
    """A component as a part. recipes: all, by name. stage: its stage archive, if it is there."""
    return Part(
        kind=COMPONENT,
        name=recipe.name,
        version=recipe.version,
        purl=_purl(recipe),
        cpe=full_cpe(recipe.cpe, recipe.version),
        license=recipe.license,
        sha256=hash_file(stage) if stage is not None and stage.is_file() else "",
        origins=tuple(_origin(source) for source in recipe.sources),
        changes=tuple(Change(patch.name, patch.read_text(encoding="utf-8")) for patch in recipe.patches),
        edited=tuple(sorted(_edited(recipe))),
        depends=tuple(sorted(_ref(recipes[name]) for name in recipe.depends if name in recipes)),
        made="cross-compiled from source",
    )


def _purl(recipe: Recipe) -> str:
    """The package URL of a component. Its release is in no package index, so the URL is of the type generic and has the
    source's address (purl-spec, generic)."""
    origin = next((source for source in recipe.sources if source.url), recipe.sources[0] if recipe.sources else None)
    qualifiers = {}
    if origin is not None:
        qualifiers = {"checksum": f"sha256:{origin.sha256}"}
        if origin.url:
            qualifiers["download_url"] = origin.url
    return PackageURL("generic", None, recipe.name, recipe.version, qualifiers).to_string()


def _ref(recipe: Recipe) -> str:
    return _purl(recipe).partition("?")[0]


def _origin(source: Source) -> Origin:
    return Origin(source.filename, source.sha256, source.url or f"pool/main/{source.pool}")


def _edited(recipe: Recipe) -> set[str]:
    """The files that a plan's edits change, in all of its steps."""
    found = set[str]()
    waiting: list[Any] = list(asdict(recipe.plan).values())
    while waiting:
        thing = waiting.pop()
        if isinstance(thing, Edit):
            found.add(thing.file)
        elif isinstance(thing, (tuple, list)):
            waiting += thing
        elif hasattr(thing, "edits"):
            waiting.append(thing.edits)
    return found
