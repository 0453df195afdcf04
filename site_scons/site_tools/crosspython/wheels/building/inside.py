"""Paths in a package's source that a lock or an override names: none may lead out of the source."""

from __future__ import annotations

from pathlib import Path

from crosspython.errors import StepError


def path_inside(source: Path, path: str) -> Path:
    """The path of a file or folder in a source. Raises StepError if it is elsewhere, also through a link."""
    place = source / path
    if not place.resolve().is_relative_to(source.resolve()):
        raise StepError(f"{path}: not in the package's source", expected="a path in it", found=str(place.resolve()))
    return place
