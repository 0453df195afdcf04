"""The results of CPython's own test runner, case by case, and how they differ from the recorded ones.

It only reads and compares results; it does not run tests. The runner's XML is incomplete: it does not name a case that
fails in a subTest, and has no entry for an error in setUpClass or setUpModule. The verbose output names both, and the
exit status tells whether there was any other failure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

# "FAIL: test_a (test.test_x.T.test_a) (i=1)"; up to 3.10 "FAIL: test_a (test.test_x.T) (i=1)"; "ERROR: setUpClass
# (test.test_x.T)".
_NOT_WELL = re.compile(r"^(?:FAIL|ERROR|UNEXPECTED SUCCESS): (\w+) \(([\w.]+)\)", re.MULTILINE)

# "test_a (test.test_x.T) ... ok"; what it prints may stand before the last word.
_RUN = re.compile(r"^(\w+) \(([\w.]+)\)(?:\n[^\n]*)? \.\.\. (?!skipped)", re.MULTILINE)


def select_cases(entries: Sequence[Mapping[str, Any]], series: str, machine: str) -> dict[str, set[str]]:
    """The cases that entries name for a series and machine, by test module; an entry without these is for all."""
    found: dict[str, set[str]] = {}
    for entry in entries:
        if series in entry.get("series", [series]) and machine in entry.get("machines", [machine]):
            found.setdefault(entry["test"], set()).update(entry["cases"])
    return found


def least_cases(plan: Mapping[str, Any], series: str) -> dict[str, int]:
    """How many cases must run in a series, by test module; 1 in others."""
    return {**plan["least"], **plan["fewer"].get(series, {})}


def read_junit(path: Path) -> tuple[set[str], set[str]]:
    """The ids of the test cases that ran (skipped ones are left out), and of those among them that did not succeed."""
    run, failed = set(), set()
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        name = case.get("name")
        if name is None or case.find("skipped") is not None:
            continue
        run.add(name)
        if any(case.find(tag) is not None for tag in ("failure", "error", "outcome")):
            failed.add(name)
    return run, failed


def read_run(output: str) -> set[str]:
    """The test cases that ran, read from the verbose output, for runs that write no XML."""
    return {f"{place}.{name}" for name, place in _RUN.findall(output)}


def read_output(output: str) -> set[str]:
    """The ids of all failures in the verbose output: test cases, subTests, setUpClass and setUpModule."""
    found = set()
    for name, place in _NOT_WELL.findall(output):
        found.add(place if place.endswith(f".{name}") else f"{place}.{name}")
    return found


def find_surprises(run: set[str], failed: set[str], known: set[str], least: int, ended: str) -> list[str]:
    """All differences between a test module's result and the recorded one; empty: as expected.

    least: how many cases must run, since cases that are skipped because a module or a program
    is missing are no success.
    """
    surprises = [f"{case}: failed" for case in sorted(failed - known)]
    surprises += [f"{case}: passes now, though it is known to fail" for case in sorted(known & (run - failed))]
    if len(run) < least:
        surprises.append(f"only {len(run)} cases ran, of at least {least}: the others were skipped")
    # The runner ends with 2 if tests failed; the failed cases are known already.
    if ended != ("exit status 2" if failed else "exit status 0"):
        surprises.append(f"{len(failed)} cases failed, but it ended with {ended}")
    return surprises
