"""The dependency rule: builders/ alone knows SCons, nobody below imports it, and no two rooms need each other."""

from __future__ import annotations

import re
from collections import Counter
from graphlib import TopologicalSorter
from pathlib import Path

import crosspython

from tests.unit.imported import imports_of

PACKAGE = Path(crosspython.__file__).parent
_CLASS = re.compile(r"^class (\w+)", re.MULTILINE)


def test_scons_is_imported_by_builders_alone() -> None:
    guilty = [
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if "builders" not in path.parts and any(name.split(".")[0] == "SCons" for name in imports_of(path))
    ]
    assert guilty == []


def test_nobody_below_imports_builders() -> None:
    """The command uses them in the same way as an SConstruct."""
    guilty = [
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if "builders" not in path.parts
        and "command" not in path.parts
        and path != PACKAGE / "__init__.py"
        and any(name.startswith("crosspython.builders") for name in imports_of(path))
    ]
    assert guilty == []


def test_nobody_imports_the_command() -> None:
    guilty = [
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if "command" not in path.parts
        and path != PACKAGE / "__main__.py"
        and any(name.startswith("crosspython.command") for name in imports_of(path))
    ]
    assert guilty == []


def test_nobody_imports_the_tool() -> None:
    """__init__.py imports builders, so it stands above all of them; version.py has what others want of it."""
    guilty = [
        path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py") if "crosspython" in imports_of(path)
    ]
    assert guilty == []


def test_no_two_classes_have_one_name() -> None:
    defined = Counter(name for path in PACKAGE.rglob("*.py") for name in _CLASS.findall(path.read_text()))
    assert [name for name, count in defined.items() if count > 1] == []


def test_recipes_know_neither_processes_nor_the_network() -> None:
    for path in (PACKAGE / "recipes").glob("*.py"):
        assert imports_of(path).isdisjoint({"subprocess", "socket", "requests"}), path


def room(parts: tuple[str, ...]) -> str:
    """The room of a module, by its place below the package: a folder, in wheels/ one below that,
    or a module of its own."""
    return "/".join(parts[:2]) if parts[0] == "wheels" else parts[0]


def test_no_room_needs_itself_by_way_of_others() -> None:
    needs: dict[str, set[str]] = {}
    for path in PACKAGE.rglob("*.py"):
        place = room(path.relative_to(PACKAGE).with_suffix("").parts)
        found = {room(tuple(name.split(".")[1:])) for name in imports_of(path) if name.startswith("crosspython.")}
        needs.setdefault(place, set()).update(found - {place})
    TopologicalSorter(needs).prepare()  # raises CycleError, which names the rooms


def test_stages_and_wheels_stand_side_by_side() -> None:
    for room, other in (("stages", "wheels"), ("wheels", "stages")):
        for path in (PACKAGE / room).rglob("*.py"):
            assert not any(name.startswith(f"crosspython.{other}") for name in imports_of(path)), path
