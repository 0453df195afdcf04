"""The table at the end of a run: a wheel's line says why it failed, not which command was ended."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import SCons.Node
from crosspython.builders.wheel_table import RunSummary
from crosspython.errors import AuditError, CrosspythonError, StepError
from crosspython.wheels.model import LockedPackage

COMMAND = "pyfftw-0.15: build: `unshare --net -- /work/build/kit/bin/python ...` ended with exit status 1"


class Node:
    def get_state(self) -> Any:
        return SCons.Node.failed


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (StepError(COMMAND, found="the header fftw3.h is missing"), "the header fftw3.h is missing"),
        (
            StepError(COMMAND, evidence=["  CC x.o", "a.c:1:2: error: no such type", "..."]),
            "a.c:1:2: error: no such type",
        ),
        (StepError(COMMAND, evidence=["nothing to say"]), COMMAND),
        (AuditError("x 1.0: the wheel would not work on the board", found="glibc 2.40"), "would not work on the board"),
    ],
)
def test_a_failed_wheel_is_told_by_its_cause(error: CrosspythonError, told: str) -> None:
    tally = RunSummary(lambda: None, "wheels")
    tally._is_registered = True
    package = LockedPackage("pyfftw", "0.15")
    tally.expect(package, Node())
    error.log = Path("logs/pyfftw.log")

    def fail() -> Any:
        raise error

    with pytest.raises(CrosspythonError):
        tally.watch(package, fail)
    line = tally.lines()[-1]
    assert told in line
    assert line.endswith("; log: logs/pyfftw.log")
    assert ("unshare" in line) is (told == COMMAND)
