"""Runs packages' own tests on the target. data/package-tests.toml names the test modules, which the wheels contain.

A package's tests are run only if the wheelhouse also contains the packages that run them (`needs`), such as pytest.
"""

from __future__ import annotations

import time
import tomllib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from crosspython.checks.result import Result, run_kept
from crosspython.toolchain.emulator import EmulatedPython

_OPTIONS = ("-q", "-p", "no:cacheprovider", "--tb=line", "-m", "not slow")


@dataclass(frozen=True)
class Suite:
    """Tests of one package: `needs` are packages that run them, `seconds` the limit for each module."""

    package: str
    needs: tuple[str, ...]
    modules: tuple[str, ...]
    seconds: float


def read_suites(file: Path, installed: Collection[str]) -> list[Suite]:
    """The suites of installed packages for which all that they need is installed, too."""
    data = tomllib.loads(file.read_text(encoding="utf-8"))
    suites = [
        Suite(entry["package"], tuple(entry["needs"]), tuple(entry["modules"]), entry["seconds"])
        for entry in data["suite"]
    ]
    return [suite for suite in suites if {suite.package, *suite.needs} <= set(installed)]


def run_suite(suite: Suite, python: EmulatedPython, work: Path, path: str) -> Iterator[Result]:
    """Run a package's tests module by module, each result as it comes."""
    for module in suite.modules:
        folder = work / "suites" / module
        folder.mkdir(parents=True)
        command = [str(python.python), "-m", "pytest", *_OPTIONS, "--pyargs", module]
        begin = time.monotonic()
        output, ended = run_kept(command, folder, path, suite.seconds)
        ok = ended == "exit status 0"
        last = (output.strip().splitlines() or [""])[-1]
        detail = last if ok else f"{output[-2000:]}\nended with {ended}"
        yield Result(f"tests: {module}", ok, round(time.monotonic() - begin, 1), detail)
