"""The script of our self-test, run by this machine's own Python, as far as that is like a board's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from crosspython.checks.result import Result
from crosspython.checks.selftest import SCRIPT, Expectation, read_results

MACHINE = os.uname().machine
TAG = "cp{}{}".format(*sys.version_info)


def run(tmp_path: Path, check: str, *, machine: str = MACHINE, patch: str = "") -> Result:
    """One check; `patch` is run first by each Python."""
    (tmp_path / "sitecustomize.py").write_text(patch)
    file = tmp_path / "expected.json"
    expected = Expectation((), machine, True, TAG, TAG, False, ("TLSv1.3", "TLSv1.2"), (), 64)
    file.write_text(expected.as_json("", (check,)))
    run = subprocess.run(
        [sys.executable, str(SCRIPT), str(file), str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    [result] = read_results(run.stdout + run.stderr, f"exit status {run.returncode}")
    return result


def says(machine: str) -> str:
    """A kernel that calls the machine so."""
    return f"import os; told = os.uname(); os.uname = lambda: os.uname_result((*told[:4], {machine!r}))"


def test_a_kernel_of_another_name_is_no_other_machine(tmp_path: Path) -> None:
    result = run(tmp_path, "machine", patch=says("armv8l"))
    assert result.ok, result.detail
    assert result.detail.startswith(f"{MACHINE} on armv8l; pip takes linux_armv8l")


def test_a_program_for_another_machine_is_found(tmp_path: Path) -> None:
    assert not run(tmp_path, "machine", machine="riscv64").ok


def test_wheels_that_its_pip_would_refuse_are_told(tmp_path: Path) -> None:
    assert run(tmp_path, "machine", patch=says("other")).detail.endswith(f"linux_other and NOT linux_{MACHINE}")
    refused = run(tmp_path, "pip_installs", patch=says("other"))
    assert not refused.ok
    assert f"its pip accepts linux_other, but not linux_{MACHINE}" in refused.detail


@pytest.mark.slow  # pip makes a virtual environment and installs into it
@pytest.mark.parametrize("year", [1970, 2050])
def test_pip_installs_whatever_the_clock_says(tmp_path: Path, year: int) -> None:
    there = f"import time; time.localtime = lambda *_: time.struct_time(({year}, 1, 1, 0, 3, 20, 3, 1, 0))"
    result = run(tmp_path, "pip_installs", patch=there)
    assert result.ok, result.detail


def test_a_python_without_positions_after_two_gibibytes_is_found(tmp_path: Path) -> None:
    result = run(tmp_path, "large_files")
    assert result.ok and result.detail == "5 GiB"
    narrow = "import os; os.lseek = lambda *_: (_ for _ in ()).throw(OverflowError('too large'))"
    assert not run(tmp_path, "large_files", patch=narrow).ok
