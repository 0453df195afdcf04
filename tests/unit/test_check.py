"""The verdict: CPython's own results are read case by case, and only what is written down may fail."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from crosspython.checks.check import DATA, Result, _judge, _known_failures, read_junit
from crosspython.errors import CheckError

XML = """<testsuites><testsuite>
<testcase name="test.test_x.T.test_good" />
<testcase name="test.test_x.T.test_bad"><failure>no</failure></testcase>
<testcase name="test.test_x.T.test_worse"><error>no</error></testcase>
<testcase name="test.test_x.T.test_not_here"><skipped>why</skipped></testcase>
</testsuite></testsuites>"""


def test_results_are_read_case_by_case(tmp_path: Path) -> None:
    (tmp_path / "result.xml").write_text(XML)
    run, failed = read_junit(tmp_path / "result.xml")
    assert run == {"test.test_x.T.test_good", "test.test_x.T.test_bad", "test.test_x.T.test_worse"}
    assert failed == {"test.test_x.T.test_bad", "test.test_x.T.test_worse"}


def test_a_known_failure_counts_only_where_it_is_known() -> None:
    entries = [{"test": "t", "case": "c", "machines": ["armv7l"]}, {"test": "t", "case": "d", "series": ["3.9"]}]
    assert _known_failures(entries, "3.13", "armv7l") == {"t": {"c"}}
    assert _known_failures(entries, "3.9", "aarch64") == {"t": {"d"}}


def test_every_known_failure_has_a_reason_and_a_test_that_is_run() -> None:
    plan = tomllib.loads((DATA / "cpython-tests.toml").read_text())
    for entry in plan["known"]:
        assert entry["reason"]
        assert entry["test"] in plan["modules"]
        assert set(entry) <= {"test", "case", "reason", "series", "machines"}


def test_one_failure_fails_the_check_and_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckError, match="1 of 2 checks failed") as caught:
        _judge([Result("tls", False, 0.1, "AssertionError: no"), Result("sqlite", True, 0.1, "")], tmp_path / "r.json")
    assert "tls:" in str(caught.value)
    assert "AssertionError: no" in str(caught.value)


def test_all_well_passes(tmp_path: Path) -> None:
    _judge([Result("tls", True, 0.1, "")], tmp_path / "r.json")
