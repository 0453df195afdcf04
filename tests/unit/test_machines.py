"""A machine is one row: each is complete, and nothing else in the code is a table of machines."""

from __future__ import annotations

import ast
from pathlib import Path

import crosspython
import pytest
from crosspython.board.systems import runs
from crosspython.doctor import OPTIONAL_TOOLS, TOOLS
from crosspython.errors import ConfigurationError
from crosspython.hosttools import PINNED, package_of
from crosspython.recipes.kinds import KINDS
from crosspython.targets.machines import ALIASES, MACHINES, Machine, find_machine
from elftools.elf.enums import ENUM_E_MACHINE
from mesonbuild.envconfig import known_cpu_families
from msgspec.structs import fields

from tests.unit.declared import board, declare

PACKAGE = Path(crosspython.__file__).parent
# What boards and their kernels say, which need be no machine that anything is built for.
OTHERS = {"board/systems.py"}


@pytest.mark.parametrize("machine", MACHINES.values(), ids=lambda row: row.name)
def test_others_know_the_names_that_a_machine_has_there(machine: Machine) -> None:
    assert machine.elf in ENUM_E_MACHINE
    assert machine.meson in known_cpu_families
    assert package_of(machine.emulator) is not None


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("kind", [name for name in KINDS if name not in ("CPython", "BuildPython")])
def test_every_kind_has_a_plan_for_every_machine(kind: str, machine: str) -> None:
    assert declare(kind, board(machine)).plan.steps


@pytest.mark.parametrize("kind", [name for name in KINDS if name not in ("CPython", "BuildPython")])
def test_the_doctor_looks_for_every_tool_of_a_kind(kind: str) -> None:
    assert {*declare(kind).plan.tools} <= {*TOOLS, *OPTIONAL_TOOLS, *PINNED}


@pytest.mark.parametrize("machine", MACHINES)
def test_a_board_of_each_machine_is_known_to_run_what_is_built_for_it(machine: str) -> None:
    assert runs(machine, machine)


def test_no_alias_stands_in_two_rows() -> None:
    assert len(ALIASES) == sum(len(machine.aliases) for machine in MACHINES.values())


@pytest.mark.parametrize("machine", MACHINES.values(), ids=lambda row: row.name)
def test_rust_is_known_by_float_abis_that_the_machine_has(machine: Machine) -> None:
    assert machine.rust.keys() <= (set(machine.float_abis) or {None})


def test_a_machine_that_has_no_row_is_told_with_those_that_have() -> None:
    with pytest.raises(ConfigurationError, match="'vax' is not known") as caught:
        find_machine("vax")
    assert "armv7l" in (caught.value.expected or "")


def test_every_field_of_a_row_says_what_it_is() -> None:
    said = Machine.__doc__ or ""
    plain = {"name", "bits", "little_endian"}
    assert [field.name for field in fields(Machine) if field.name not in plain and f"{field.name}:" not in said] == []


def tables_of_machines(path: Path) -> list[int]:
    """The lines of dicts and sets in a module that have two machines or more for keys, also within keys."""
    found, text = [], path.read_text()
    if sum(name in text for name in MACHINES) < 2:
        return []
    for node in ast.walk(ast.parse(text)):
        keys = node.keys if isinstance(node, ast.Dict) else node.elts if isinstance(node, ast.Set) else []
        words = {part.value for key in keys if key for part in ast.walk(key) if isinstance(part, ast.Constant)}
        if len(words & MACHINES.keys()) > 1:
            found.append(node.lineno)
    return found


def test_there_is_no_second_table_of_machines() -> None:
    places = {path.relative_to(PACKAGE).as_posix(): tables_of_machines(path) for path in PACKAGE.rglob("*.py")}
    assert {name: lines for name, lines in places.items() if lines and name not in OTHERS} == {}
