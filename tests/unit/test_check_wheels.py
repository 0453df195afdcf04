"""The verdict on a wheelhouse: what may fail, what a process said, and the data."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from crosspython.checks.wheels import DATA, find_excuse, read_import_results, read_smoke
from crosspython.wheels.model import Override
from packaging.utils import canonicalize_name


def excuse(module: str, missing: str | None, *, is_only: bool = False, **override: Any) -> str | None:
    answer = {"name": module, "missing": missing, "wrong": "ImportError"}
    return find_excuse(answer, Override("toy", **override), frozenset({"toy", "numpy"}), is_only=is_only)


def test_what_is_written_down_may_fail() -> None:
    reason = {"RPi._GPIO": "it wants a Raspberry Pi"}
    assert excuse("RPi._GPIO", None, not_importable=reason) == "not RPi._GPIO: it wants a Raspberry Pi"


def test_written_down_names_may_be_patterns() -> None:
    assert excuse("PIL._imagingtk", None, not_importable={"PIL._*tk": "no Tk"}) is not None


def test_a_module_for_an_optional_package_may_fail() -> None:
    assert excuse("toy._cffi", "_cffi_backend") == "not toy._cffi: it needs _cffi_backend, which was not requested"


@pytest.mark.parametrize("missing", ["numpy.core", "toy._c", "_sqlite3", None])
def test_nothing_excuses_what_should_be_there(missing: str | None) -> None:
    assert excuse("toy.sub", missing) is None


def test_tk_is_in_no_bundle_and_so_excuses() -> None:
    assert excuse("toy._tk", "_tkinter") is not None


def test_the_only_module_at_the_top_has_to_import() -> None:
    assert excuse("toy", "objgraph", is_only=True) is None


def test_what_modules_print_is_no_answer() -> None:
    answer = {"name": "toy", "wrong": "", "missing": None, "seconds": 0.1}
    output = f'noise\nCROSSPYTHON {{"begins": "toy"}}\nmore noise\nCROSSPYTHON {json.dumps(answer)}\n'
    assert read_import_results(output) == [answer]


def run_tasks(tmp_path: Path, *tasks: tuple[str, str, str, str]) -> list[dict[str, Any]]:
    (tmp_path / "tasks.json").write_text(json.dumps(tasks))
    command = [sys.executable, str(DATA / "imports.py"), str(tmp_path / "tasks.json")]
    run = subprocess.run(command, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=False)
    return read_import_results(run.stdout)


@pytest.mark.parametrize(
    ("end", "is_right"),
    [
        ("class Error(Exception): pass\nfrom toy_a import value\n", True),
        ("from toy_a import value\nclass Error(Exception): pass\n", False),
    ],
)
def test_of_two_modules_that_import_each_other_either_may_be_asked_for(
    tmp_path: Path, end: str, is_right: bool
) -> None:
    (tmp_path / "toy_a.py").write_text("from toy_b import Error\nvalue = 1\n")
    (tmp_path / "toy_b.py").write_text(end)
    (answer,) = run_tasks(tmp_path, ("import", "toy_a", "", ""))
    assert (answer["wrong"] == "") == is_right


def test_a_failed_import_names_the_module_that_is_missing(tmp_path: Path) -> None:
    (answer,) = run_tasks(tmp_path, ("import", "no_such_module_anywhere", "", ""))
    assert answer["missing"] == "no_such_module_anywhere" and "ModuleNotFoundError" in answer["wrong"]


def test_what_a_snippet_prints_is_compared_without_its_blanks(tmp_path: Path) -> None:
    right, wrong = run_tasks(tmp_path, ("smoke", "a", "print(1)\nprint(2)", "1  2"), ("smoke", "b", "print(3)", "4"))
    assert right["wrong"] == "" and "expected '4', found '3'" in wrong["wrong"]


def test_an_exit_is_an_answer_and_the_next_is_tried(tmp_path: Path) -> None:
    first, second = run_tasks(tmp_path, ("smoke", "a", "raise SystemExit(3)", ""), ("import", "json", "", ""))
    assert "SystemExit" in first["wrong"] and second["wrong"] == ""


def test_a_death_is_no_answer_so_that_others_see_it(tmp_path: Path) -> None:
    tasks = (("import", "json", "", ""), ("smoke", "a", "import os; os.abort()", ""), ("import", "re", "", ""))
    assert [answer["name"] for answer in run_tasks(tmp_path, *tasks)] == ["json"]


def test_every_snippet_compiles_and_says_what_it_prints() -> None:
    for package, tasks in read_smoke(DATA / "smoke.toml").items():
        for _, name, code, prints in tasks:
            compile(code, name, "exec")
            assert prints.strip(), package


def test_every_snippet_is_found_by_the_name_of_its_package() -> None:
    assert [name for name in read_smoke(DATA / "smoke.toml") if name != canonicalize_name(name)] == []
