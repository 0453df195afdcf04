"""Checks a wheelhouse: the target's own pip installs it, then all its modules are imported, in the emulator.

One process a wheel imports its modules at the top and all its extension modules, and runs the snippets that
data/smoke.toml has for it. A process that dies is started again after the module that killed it.
A module may fail if it is listed as known, or needs a package that was not asked for.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from crosspython.checks.result import MARK, Result, require_all_passed, run_kept, unpack_bundle
from crosspython.checks.suites import read_suites, run_suite
from crosspython.run.console import format_count
from crosspython.targets import Target
from crosspython.toolchain.emulator import EmulatedPython, emulate
from crosspython.wheels.model import Override
from crosspython.wheels.repairing.archive import WheelName, parse_wheel_name
from crosspython.wheels.repairing.modules import Modules, read_modules

DATA = Path(__file__).parent / "data"
_INSTALL_SECONDS = 1800
_WHEEL_SECONDS = 900

Task = tuple[str, str, str, str]


@dataclass(frozen=True)
class WheelSubject:
    """The wheels to be checked, and how they are run. Paths belong to the build machine.

    wheels:   the wheels to be installed, in the folder that is given to pip
    bundle:   the archive with the Python that installs them
    root:     where the board's loader and libc are, or the toolchain's in their place
    override: returns the override of a package
    """

    bundle: Path
    wheels: tuple[Path, ...]
    target: Target
    root: Path
    work: Path
    path: str
    jobs: int
    override: Callable[[str], Override]


@dataclass(frozen=True)
class Installed:
    """The wheels as they were installed, and the names that can be imported of all of them together."""

    python: EmulatedPython
    modules: Mapping[Path, Modules]
    smoke: Mapping[str, list[Task]]

    @property
    def supplied(self) -> frozenset[str]:
        every = (name for found in self.modules.values() for name in (*found.top, *found.extensions))
        return frozenset(name.partition(".")[0] for name in every)


def check_wheels(subject: WheelSubject, say: Callable[[str], None], report: Path) -> list[Result]:
    """Run everything, say each result as it comes, write the report. Raises CheckError with all that was not right."""
    shutil.rmtree(subject.work, ignore_errors=True)
    subject.work.mkdir(parents=True)
    results = []
    for result in _check(subject):
        results.append(result)
        say(str(result))
    require_all_passed(results, report, str(subject.work))
    shutil.rmtree(subject.work)
    return results


def _check(subject: WheelSubject) -> Iterator[Result]:
    tree = unpack_bundle(subject.bundle, subject.work / "board")
    python = emulate(tree, subject.target, subject.root, subject.path)
    installed = install_wheels(subject, python)
    yield installed
    if not installed.ok:
        return
    modules = {wheel: read_modules(wheel) for wheel in subject.wheels}
    house = Installed(python, modules, read_smoke(DATA / "smoke.toml"))
    with ThreadPoolExecutor(subject.jobs) as pool:
        running = [pool.submit(_check_wheel, subject, house, wheel) for wheel in subject.wheels]
        for wheel in as_completed(running):
            yield wheel.result()
    names = {parse_wheel_name(wheel.name).name for wheel in subject.wheels}
    for suite in read_suites(DATA / "package-tests.toml", names):
        yield from run_suite(suite, python, subject.work, subject.path)


def install_wheels(subject: WheelSubject, python: EmulatedPython) -> Result:
    """Let the target's pip install the wheels by name and version, from their folder alone."""
    folder = subject.work / "install"
    folder.mkdir()
    names = [parse_wheel_name(wheel.name) for wheel in subject.wheels]
    options = ["--no-index", "--no-compile", "--no-cache-dir", "--no-warn-script-location", "--root-user-action=ignore"]
    places = {str(wheel.parent) for wheel in subject.wheels}
    command = [*python.direct, "-m", "pip", "install", *options, *(f"--find-links={place}" for place in places)]
    begin = time.monotonic()
    output, ended = run_kept(
        [*command, *(f"{each.name}=={each.version}" for each in names)], folder, subject.path, _INSTALL_SECONDS
    )
    ok = ended == "exit status 0"
    detail = f"{format_count(len(names), 'wheel')} accepted" if ok else f"{output[-2000:]}\nended with {ended}"
    return Result("pip install", ok, round(time.monotonic() - begin, 1), detail)


def read_smoke(file: Path) -> dict[str, list[Task]]:
    """The snippets by package: what to run and what it has to print."""
    found: dict[str, list[Task]] = {}
    for number, entry in enumerate(tomllib.loads(file.read_text(encoding="utf-8"))["smoke"]):
        task = ("smoke", f"smoke test {number} of {entry['package']}", entry["code"], entry["prints"])
        found.setdefault(entry["package"], []).append(task)
    return found


@dataclass
class _Outcome:
    """The results of the imports of one wheel."""

    tried: int = 0
    noted: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def _check_wheel(subject: WheelSubject, house: Installed, wheel: Path) -> Result:
    name = parse_wheel_name(wheel.name)
    override, modules = subject.override(name.name), house.modules[wheel]
    top = override.imports or modules.top
    names = dict.fromkeys((*top, *modules.extensions))
    tasks: list[Task] = [("import", each, "", "") for each in names]
    tasks += house.smoke.get(name.name, [])
    outcome = _Outcome()
    begin = time.monotonic()
    for answer in _run_tasks(tasks, subject, house.python, name):
        outcome.tried += 1
        if answer["wrong"]:
            excuse = find_excuse(answer, override, house.supplied, is_only=top == (answer["name"],))
            (outcome.noted if excuse else outcome.wrong).append(
                excuse or f"{answer['name']}: {answer['wrong'].strip()}"
            )
    detail = "\n".join(outcome.wrong) or ", ".join([f"{outcome.tried} tried", *outcome.noted])
    return Result(f"{name.name} {name.version}", not outcome.wrong, round(time.monotonic() - begin, 1), detail)


def _run_tasks(
    tasks: Sequence[Task], subject: WheelSubject, python: EmulatedPython, name: WheelName
) -> Iterator[dict[str, Any]]:
    """Give tasks to a process until all have an answer. If the process dies during a task, that is the task's answer,
    and a new process gets the remaining tasks."""
    waiting, turn = list(tasks), 0
    while waiting:
        folder = subject.work / "imports" / f"{name.name}-{turn}"
        folder.mkdir(parents=True)
        (folder / "tasks.json").write_text(json.dumps(waiting))
        command = [str(python.python), str(DATA / "imports.py"), str(folder / "tasks.json")]
        output, ended = run_kept(command, folder, subject.path, _WHEEL_SECONDS)
        answers = read_import_results(output)
        yield from answers
        waiting = waiting[len(answers) :]
        if waiting:  # the process died during the first of these tasks, or before it
            yield {"name": waiting[0][1], "wrong": f"{output[-800:]}\nended with {ended}", "missing": None}
            waiting, turn = waiting[1:], turn + 1


def read_import_results(output: str) -> list[dict[str, Any]]:
    """The answers in what data/imports.py printed; other lines are the modules' own."""
    lines = [json.loads(line.removeprefix(MARK)) for line in output.splitlines() if line.startswith(MARK)]
    return [line for line in lines if "begins" not in line]


def find_excuse(
    answer: Mapping[str, Any], override: Override, supplied: frozenset[str], *, is_only: bool
) -> str | None:
    """Why a failed import is not the wheel's fault: it is listed as known, or another package is missing. None if it is
    the wheel's fault.

    is_only: the module is the only one at the top of the wheel; it must be importable
    """
    module, missing = answer["name"], (answer["missing"] or "").partition(".")[0]
    for pattern, reason in override.not_importable.items():
        if fnmatch(module, pattern):
            return f"not {module}: {reason}"
    if missing and not is_only and missing not in supplied and not _is_ours(missing):
        return f"not {module}: it needs {missing}, which was not requested"
    return None


def _is_ours(module: str) -> bool:
    """Whether a missing module is our fault: it is one of the standard library that bundles contain."""
    return module in sys.stdlib_module_names and module not in ("_tkinter", "tkinter", "_gdbm", "_dbm")
