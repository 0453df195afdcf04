"""Recipes as an SConscript declares them, read without SCons."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from crosspython.reading import read_data
from crosspython.recipes.kind import Choices
from crosspython.recipes.kinds import KINDS
from crosspython.recipes.plan import Plan
from crosspython.recipes.recipe import Recipe
from crosspython.recipes.release import read_release
from crosspython.targets import Target, load_target

from tests.conftest import REPOSITORY

SHA = "0" * 64
RELEASE = read_release(REPOSITORY / "components/cpython", "3.13")
_ANY = load_target("armv7l", Path())


def board(machine: str = "armv7l", cflags: tuple[str, ...] = ()) -> Target:
    """A board with a machine, for planners that ask for no more."""
    return replace(_ANY, machine=machine, cflags=cflags)


def declare(kind: str, target: Target | None = None, folder: Path = Path(), **said: Any) -> Recipe:
    """The component that env.<kind>(...) declares, with a default name, version and source."""
    source = {"url": "https://upstream.invalid/x-1.0.tar.gz", "sha256": SHA}
    data = {"name": "x", "version": "1.0", "sources": [source], **said}
    choices = Choices(target or board(), RELEASE, shared=False)
    return read_data(data, KINDS[kind], f"{data['name']}: the recipe").recipe(choices, folder)


def plan(kind: str, target: Target | None = None, **said: Any) -> Plan:
    return declare(kind, target, **said).plan
