"""Packages' own tests: when they are run, and what counts as passed."""

from __future__ import annotations

from pathlib import Path

import pytest
from crosspython.checks.check import DATA
from crosspython.checks.suites import Suite, read_suites, run_suite
from crosspython.toolchain.emulator import EmulatedPython

PLAN = DATA / "package-tests.toml"


def test_a_suite_is_run_only_where_all_that_runs_it_is_installed() -> None:
    assert read_suites(PLAN, {"numpy", "pytest"}) == []
    assert [suite.package for suite in read_suites(PLAN, {"numpy", "pytest", "hypothesis", "iniconfig"})] == ["numpy"]


def run(tmp_path: Path, script: str) -> list[tuple[str, bool, str]]:
    python = tmp_path / "python3.13"
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    suite = Suite("toy", ("pytest",), ("toy.tests.test_a", "toy.tests.test_b"), 30.0)
    results = run_suite(suite, EmulatedPython(tmp_path, python, "3.13"), tmp_path, "/usr/bin:/bin")
    return [(result.name, result.ok, result.detail) for result in results]


def test_each_module_is_a_result_that_ends_with_the_count(tmp_path: Path) -> None:
    ran = run(tmp_path, 'echo "3 passed in 0.1s"')
    assert [(name, ok) for name, ok, _ in ran] == [("tests: toy.tests.test_a", True), ("tests: toy.tests.test_b", True)]
    assert "3 passed" in ran[0][2]


@pytest.mark.parametrize("status", [1, 5], ids=["a failure", "no test found"])
def test_any_other_end_is_a_failure(tmp_path: Path, status: int) -> None:
    assert [ok for _, ok, _ in run(tmp_path, f"exit {status}")] == [False, False]
