"""The verdict: only listed cases may fail, and failures are named."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from crosspython.checks.check import DATA
from crosspython.checks.result import Result, require_all_passed
from crosspython.errors import CheckError


def test_every_exception_has_a_reason_and_a_test_that_is_run() -> None:
    plan = tomllib.loads((DATA / "cpython-tests.toml").read_text())
    for entry in (*plan["known"], *plan["chance"]):
        assert entry["reason"]
        assert entry["test"] in plan["modules"]
        assert set(entry) <= {"test", "cases", "reason", "series", "machines"}


def test_one_failure_fails_the_check_and_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckError, match="1 of 2 checks failed") as caught:
        require_all_passed(
            [Result("tls", False, 0.1, "AssertionError: no"), Result("sqlite", True, 0.1, "")],
            tmp_path / "r.json",
            "work/check",
        )
    assert "tls:" in str(caught.value)
    assert "AssertionError: no" in str(caught.value)


def test_all_well_passes(tmp_path: Path) -> None:
    require_all_passed([Result("tls", True, 0.1, "")], tmp_path / "r.json", "work/check")
