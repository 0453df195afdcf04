"""Remarks name the extensions that builds leave out and the processes that they leave running, and nothing else."""

from __future__ import annotations

import re
import tomllib

import pytest
from crosspython.wheels.known.left_out import remark_left_behind, remark_left_out

from tests.conftest import REPOSITORY

# What the tools themselves say, by row of the catalogue.
MESSAGES = (
    """building extension "yaml._yaml" failed: command '/usr/bin/arm-linux-gnueabihf-gcc' failed with exit code 1""",
    "WARNING: The C extension could not be compiled, speedups are not enabled.",
    "WARNING: The bson._cbson extension module could not be compiled."
    " No C extensions are essential for PyMongo to run,",
    "Error compiling module, falling back to pure Python",
    "** Couldn't install with extension module, trying without it...",
    "tmp/yajl_version5sxkp0v7.c:2:18: fatal error: yajl/yajl_version.h: No such file or directory",
)
HARMLESS = (
    "building 'markupsafe._speedups' extension",
    "copying src/markupsafe/_speedups.c -> build/lib.linux-armv7l-cpython-313/markupsafe",
    "checking whether the C compiler works... yes",
    "warning: no previously-included files matching '*.pyc' found anywhere in distribution",
)


def test_every_row_has_a_message_it_was_written_for() -> None:
    folder = REPOSITORY / "site_scons/site_tools/crosspython/wheels/known"
    rows = tomllib.loads((folder / "left_out.toml").read_text())
    assert [name for name, row in rows.items() if not any(re.search(row["pattern"], line) for line in MESSAGES)] == []


@pytest.mark.parametrize("line", MESSAGES)
def test_what_was_left_out_is_told(line: str) -> None:
    (remark,) = remark_left_out([*HARMLESS, line])
    assert line.strip("* ") in remark


def test_the_same_line_is_told_once_and_many_are_not_all_shown() -> None:
    lines = [f'building extension "a.b{number}" failed: no' for number in (1, 1, 2, 3, 4, 5)]
    assert len(remark_left_out(lines)) == 3


def test_an_ordinary_build_gives_no_remark() -> None:
    assert remark_left_out(HARMLESS) == ()


def test_a_process_that_was_left_behind_is_told_once() -> None:
    line = "crosspython: the build left a process running, which was ended: redis-server *:6379"
    assert remark_left_behind([*HARMLESS, line, line]) == (
        "its build left a process running, which was ended: redis-server *:6379",
    )
    assert remark_left_behind([*HARMLESS, f"echo {line}"]) == ()
