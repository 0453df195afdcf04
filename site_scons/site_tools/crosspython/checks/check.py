"""Checks a bundle: unpacks it, runs its Python in the emulator, and compares the results with the expected ones.

First our own self-test, then again after the tree was moved to a path with a blank and an umlaut, then a named list of
CPython's own tests, compared with results kept as data. Every deviation counts, also a test that unexpectedly passes.
"""

from __future__ import annotations

import shutil
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crosspython.checks.regrtest import find_surprises, least_cases, read_junit, read_output, read_run, select_cases
from crosspython.checks.result import Result, require_all_passed, run_kept, unpack_bundle
from crosspython.checks.selftest import CERTIFICATE, SCRIPT, expect, read_results
from crosspython.finish.python_tree import is_slimmed
from crosspython.recipes.release import Release
from crosspython.store.tree import unpack_tree
from crosspython.targets import Target
from crosspython.toolchain.emulator import EmulatedPython, emulate
from crosspython.toolchain.facts import Toolchain

DATA = Path(__file__).parent / "data"
_SELFTEST_SECONDS = 900
# A background job of a shell ignores SIGINT, and its child processes inherit that: tests of signals would fail.
_START_TESTS = (
    "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "runpy.run_module('test', run_name='__main__', alter_sys=True)"
)
# Verbose: the XML does not name all that failed. The seed: what is expected must not depend on chance.
_TEST_OPTIONS = ("-v", "--randseed", "0", "-u", "curses")
# The checks that are repeated after the tree was moved.
_AFTER_MOVE = ("prefix", "tls", "sqlite", "subprocesses", "build_paths")


@dataclass(frozen=True)
class Subject:
    """The bundle to be checked, and how it is run. Paths belong to the build machine; `build_paths` must not occur in
    the bundle.

    tests:    the archive of CPython's own tests
    root:     where the board's loader and libc are, or the toolchain's in their place
    left_out: CPython's stage archive, if the bundle is slim: the tests need files that such a bundle lacks
    """

    bundle: Path
    tests: Path
    left_out: Path | None
    target: Target
    toolchain: Toolchain
    root: Path
    release: Release
    work: Path
    path: str
    build_paths: tuple[str, ...]
    jobs: int


def check_bundle(subject: Subject, say: Callable[[str], None], report: Path) -> list[Result]:
    """Run everything, say each result as it comes, write the report. Raises CheckError with all that was not right.

    CPython's own tests come when the bundle as the board gets it has been looked at.
    """
    shutil.rmtree(subject.work, ignore_errors=True)
    subject.work.mkdir(parents=True)
    results = []

    def note(result: Result) -> None:
        results.append(result)
        say(str(result))

    tree = unpack_bundle(subject.bundle, subject.work / "board")
    python = emulate(tree, subject.target, subject.root, subject.path)
    for result in _selftest(subject, python, ()):
        note(result)
    unpack_tree(subject.tests, subject.work / "board")
    moved = subject.work / "moved to über there" / "py"
    moved.parent.mkdir()
    tree = tree.rename(moved)
    python = emulate(tree, subject.target, subject.root, subject.path)
    for result in _selftest(subject, python, _AFTER_MOVE):
        note(Result(f"moved: {result.name}", result.ok, result.seconds, result.detail))
    for result in _cpython_tests(subject, python):
        note(result)
    require_all_passed(results, report, str(subject.work))
    shutil.rmtree(subject.work)
    return results


def _selftest(subject: Subject, python: EmulatedPython, only: tuple[str, ...]) -> list[Result]:
    """Run data/selftest.py; a check that did not report counts as failed."""
    folder = subject.work / ("selftest-moved" if only else "selftest")
    folder.mkdir()
    file = folder / "expected.json"
    time_bits = subject.toolchain.time_bits
    expectation = expect(python.tree, subject.release, subject.target, subject.build_paths, time_bits)
    file.write_text(expectation.as_json(str(CERTIFICATE), only))
    output, ended = run_kept(
        [str(python.python), str(SCRIPT), str(file), str(folder)], folder, subject.path, _SELFTEST_SECONDS
    )
    return read_results(output, ended)


def _cpython_tests(subject: Subject, python: EmulatedPython) -> Iterator[Result]:
    """CPython's own tests, the named modules side by side, each result as it comes."""
    plan = tomllib.loads((DATA / "cpython-tests.toml").read_text())
    known, chance = (select_cases(plan[kind], python.series, subject.target.machine) for kind in ("known", "chance"))
    library = python.tree / "lib" / f"python{subject.release.series}"
    if subject.left_out is not None:
        unpack_tree(subject.left_out, python.tree, only=is_slimmed)
    names = [name for name in plan["modules"] if _find_test(library, name)]
    for name in plan["modules"]:
        if name not in names and python.series not in plan["absent"].get(name, []):
            yield Result(name, False, 0.0, "there is no such test module")
    with ThreadPoolExecutor(subject.jobs) as pool:
        running = [
            pool.submit(_run_test, subject, python, name, known.get(name, set()), chance.get(name, set()), plan)
            for name in names
        ]
        for test in as_completed(running):
            yield test.result()


def _find_test(library: Path, name: str) -> bool:
    return (library / "test" / f"{name}.py").is_file() or (library / "test" / name).is_dir()


def _run_test(
    subject: Subject, python: EmulatedPython, name: str, known: set[str], chance: set[str], plan: Mapping[str, Any]
) -> Result:
    """One module, without the cases whose result depends on chance; `known` are the cases that must fail."""
    folder = subject.work / "tests" / name
    folder.mkdir(parents=True)
    xml = folder / "result.xml"
    left_out = [word for case in sorted(chance) for word in ("--ignore", case)]
    report = ("--junit-xml", str(xml)) if subject.release.writes_junit_xml else ()
    command = [str(python.python), "-c", _START_TESTS, *_TEST_OPTIONS, *left_out, *report, name]
    begin = time.monotonic()
    output, ended = run_kept(command, folder, subject.path, plan["seconds"])
    took = round(time.monotonic() - begin, 1)
    if (report and not xml.is_file()) or not ended.startswith("exit status"):
        return Result(name, False, took, f"{output[-1500:]}\nno result: {ended}")
    run, failed = read_junit(xml) if report else (read_run(output), set[str]())
    failed |= read_output(output)
    surprises = find_surprises(run, failed, known, least_cases(plan, python.series).get(name, 1), ended)
    detail = f"{len(run)} run" + (f", {len(failed)} known to fail" if failed else "")
    return Result(name, not surprises, took, "\n".join(surprises) or detail)
