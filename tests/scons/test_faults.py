"""A sample of what the scripts in benchmarks/ do to runs: after each fault the next run gives the undisturbed bytes."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.conftest import REPOSITORY


@pytest.mark.parametrize(
    "script", [["kills.py", "--count", "3"], ["faults.py", "--places", "3", "--stops", "1"]], ids=lambda words: words[0]
)
def test_the_next_run_gives_the_undisturbed_bytes(script: list[str]) -> None:
    name, *options = script
    command = [sys.executable, str(REPOSITORY / "benchmarks" / name), *options]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
