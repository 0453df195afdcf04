"""CPython's own results are read case by case, also those that its XML keeps back."""

from __future__ import annotations

import tomllib
from itertools import chain
from pathlib import Path

from crosspython.checks.regrtest import find_surprises, least_cases, read_junit, read_output, read_run, select_cases
from crosspython.checks.wheels import DATA
from crosspython.recipes.series import series_names
from crosspython.targets.machines import MACHINES

from tests.unit.test_components import COMPONENTS

# As CPython 3.13 writes it: a failure in a subTest leaves a case without a name, one in setUpClass nothing.
XML = """<testsuites tests="6" errors="2" failures="3"><testsuite errors="2" failures="3">
<testcase name="test.test_x.T.test_good" status="run" />
<testcase name="test.test_x.T.test_bad"><failure>no</failure></testcase>
<testcase name="test.test_x.T.test_worse"><error>no</error></testcase>
<testcase name="test.test_x.T.test_better"><outcome>UNEXPECTED_SUCCESS</outcome></testcase>
<testcase name="test.test_x.T.test_not_here"><skipped>why</skipped></testcase>
<testcase />
</testsuite></testsuites>"""
OUTPUT = """
test_sub (test.test_x.T.test_sub) ...   test_sub (test.test_x.T.test_sub) (i=1) ... FAIL
ERROR: setUpClass (test.test_x.S)
FAIL: test_sub (test.test_x.T.test_sub) (i=1)
FAIL: test_sub (test.test_x.T.test_sub) (i=2)
FAIL: test_old (test.test_x.T)
"""
BAD = {"test.test_x.T.test_bad", "test.test_x.T.test_worse", "test.test_x.T.test_better"}


def test_results_are_read_case_by_case(tmp_path: Path) -> None:
    (tmp_path / "result.xml").write_text(XML)
    assert read_junit(tmp_path / "result.xml") == (BAD | {"test.test_x.T.test_good"}, BAD)


def test_the_output_names_failures_in_subtests_and_set_up() -> None:
    assert read_output(OUTPUT) == {
        "test.test_x.S.setUpClass",
        "test.test_x.T.test_sub",
        "test.test_x.T.test_old",
    }


def test_a_known_failure_counts_only_where_it_is_known() -> None:
    entries = [
        {"test": "t", "cases": ["c"], "machines": ["armv7l"]},
        {"test": "t", "cases": ["d", "e"], "series": ["3.9"]},
    ]
    assert select_cases(entries, "3.13", "armv7l") == {"t": {"c"}}
    assert select_cases(entries, "3.9", "aarch64") == {"t": {"d", "e"}}


def test_every_row_names_a_module_that_is_run_its_cases_and_why() -> None:
    data = tomllib.loads((DATA / "cpython-tests.toml").read_text())
    assert {*data["absent"], *data["least"], *chain(*data["fewer"].values())} <= {*data["modules"]}
    for row in (*data["known"], *data["chance"]):
        assert {"test", "cases", "reason"} <= row.keys() <= {"test", "cases", "reason", "series", "machines"}, row
        assert row["test"] in data["modules"] and {*row.get("machines", ())} <= MACHINES.keys(), row


def test_an_old_series_has_fewer_cases() -> None:
    data = tomllib.loads((DATA / "cpython-tests.toml").read_text())
    assert {*data["fewer"]} <= {*series_names(COMPONENTS / "cpython")}
    for fewer in data["fewer"].values():
        assert all(number < data["least"][name] for name, number in fewer.items())
    assert [least_cases(data, series)["test_ssl"] for series in ("3.5", "3.6", "3.13")] == [90, 100, 140]
    assert [least_cases(data, series)["test_bz2"] for series in ("3.5", "3.13")] == [90, 90]


def test_all_well_is_no_surprise() -> None:
    assert find_surprises({"a"}, set(), set(), 1, "exit status 0") == []


def test_a_known_failure_is_no_surprise() -> None:
    assert find_surprises({"a", "b"}, {"b"}, {"b"}, 2, "exit status 2") == []


def test_a_new_failure_is_a_surprise() -> None:
    assert find_surprises({"a", "b"}, {"a", "b"}, {"b"}, 1, "exit status 2") == ["a: failed"]


def test_a_known_failure_that_passes_is_a_surprise() -> None:
    (surprise,) = find_surprises({"a", "b"}, set(), {"b"}, 1, "exit status 0")
    assert surprise.startswith("b: passes now")


def test_a_module_that_skipped_too_much_is_a_surprise() -> None:
    (surprise,) = find_surprises({"a"}, set(), set(), 2, "exit status 0")
    assert surprise.startswith("only 1 cases ran, of at least 2")


def test_an_exit_status_that_no_case_explains_is_a_surprise() -> None:
    assert find_surprises({"a"}, set(), set(), 1, "exit status 2") == [
        "0 cases failed, but it ended with exit status 2"
    ]


def test_without_xml_the_words_tell_what_ran() -> None:
    output = """
test_good (test.test_x.T) ... ok
test_told (test.test_x.T)
What it is about. ... ok
test_bad (test.test_x.T) ... FAIL
test_not_here (test.test_x.T) ... skipped 'why'
FAIL: test_bad (test.test_x.T)
"""
    assert read_run(output) == {f"test.test_x.T.test_{name}" for name in ("good", "told", "bad")}
    assert read_output(output) == {"test.test_x.T.test_bad"}
