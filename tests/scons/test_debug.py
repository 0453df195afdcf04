"""Debug symbols are beside products that were built here, and come from the cache on request."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.conftest import Project

SYMBOLS = "build/rv1126/stages/hello-1.0.debug.tar.zst"


@pytest.fixture
def cached(project: Project, tmp_path: Path) -> tuple[Project, bytes]:
    """A project whose component comes from the cache from now on, and the symbols that were made with it."""
    project.add("hello")
    project.scons(f"cache={tmp_path / 'cache'}")
    made = (project.folder / SYMBOLS).read_bytes()
    shutil.rmtree(project.folder / "build")
    return project, made


def test_they_lie_beside_what_was_built(project: Project) -> None:
    project.add("hello")
    project.scons("cache=none")
    before = (project.folder / SYMBOLS).read_bytes()
    assert " built " not in project.scons("cache=none", SYMBOLS)
    assert (project.folder / SYMBOLS).read_bytes() == before


def test_nobody_who_does_not_ask_gets_them(cached: tuple[Project, bytes], tmp_path: Path) -> None:
    project, _ = cached
    assert project.scons(f"cache={tmp_path / 'cache'}").count("from the cache") == 1
    assert not (project.folder / SYMBOLS).exists()


def test_who_asks_gets_them_from_the_cache(cached: tuple[Project, bytes], tmp_path: Path) -> None:
    project, made = cached
    assert "hello 1.0 symbols    from the cache" in project.scons(f"cache={tmp_path / 'cache'}", SYMBOLS)
    assert (project.folder / SYMBOLS).read_bytes() == made


def test_symbols_that_the_cache_has_lost_are_made_again(cached: tuple[Project, bytes], tmp_path: Path) -> None:
    project, made = cached
    project.scons(f"cache={tmp_path / 'cache'}")
    assert "hello 1.0            built" in project.scons("cache=none", SYMBOLS)
    assert (project.folder / SYMBOLS).read_bytes() == made


def test_those_of_an_older_product_go_when_another_comes_from_the_cache(project: Project, tmp_path: Path) -> None:
    cache = f"cache={tmp_path / 'cache'}"
    project.add("hello")
    recipe = project.recipes / "hello/SConscript"
    first = recipe.read_text()
    project.scons(cache)
    recipe.write_text(first.replace("environment={", 'make=["-s"], environment={'))
    project.scons(cache)
    recipe.write_text(first)
    assert "from the cache" in project.scons(cache)
    assert not (project.folder / SYMBOLS).exists()


def test_clean_takes_them_along(project: Project) -> None:
    project.add("hello")
    project.scons("cache=none")
    project.scons("cache=none", "-c")
    assert not (project.folder / SYMBOLS).exists()
