"""A Python that the user offers as build-python: asked what it is, refused in one sentence, put where builds look."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from crosspython.errors import ConfigurationError
from crosspython.stages.interpreter import install_interpreter, install_stand_in, require_interpreter

SERIES = ".".join(map(str, sys.version_info[:2]))
OWN = f"{SERIES}.0"


def make_program(folder: Path, text: str) -> Path:
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def refusal(path: Path, series: str) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        require_interpreter(path, series)
    return caught.value


def test_one_of_the_same_series_is_taken() -> None:
    assert require_interpreter(Path(sys.executable), OWN).version.startswith(SERIES)


def test_one_of_another_series_is_refused() -> None:
    error = refusal(Path(sys.executable), "3.4.1")
    assert error.what == f"build_python={sys.executable} cannot build Python 3.4.1"
    assert error.expected == "CPython 3.4.1, or a newer 3.4"
    assert (error.found or "").startswith(f"CPython {SERIES}")


@pytest.mark.parametrize(
    ("version", "is_taken"), [("3.13.4", False), ("3.13.5", True), ("3.13.11", True), ("3.13.5rc1", False)]
)
def test_an_older_release_of_the_series_is_refused(tmp_path: Path, version: str, is_taken: bool) -> None:
    program = make_program(tmp_path, f"echo '{json.dumps(['CPython', version, '/usr/bin/python3'])}'")
    if is_taken:
        assert require_interpreter(program, "3.13.5").version == version
    else:
        assert refusal(program, "3.13.5").found == f"CPython {version}"


def test_3_1_is_not_3_13(tmp_path: Path) -> None:
    answer = json.dumps(["CPython", "3.13.5", "/usr/bin/python3"])
    assert refusal(make_program(tmp_path, f"echo '{answer}'"), "3.1.5").found == "CPython 3.13.5"


def test_another_implementation_is_refused(tmp_path: Path) -> None:
    answer = json.dumps(["PyPy", "3.11.4", "/usr/bin/pypy3"])
    assert refusal(make_program(tmp_path, f"echo '{answer}'"), "3.11.4").found == "PyPy 3.11.4"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("echo 'what?' >&2; exit 3", "exit status 3: what?"),
        ("exit 0", "exit status 0, and no answer"),
        ("echo 42", "exit status 0: 42"),
    ],
)
def test_what_is_no_python_is_refused(tmp_path: Path, text: str, found: str) -> None:
    error = refusal(make_program(tmp_path, text), "3.13.5")
    assert "is not a Python that runs here" in error.what
    assert error.found == found


def test_one_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none", "3.13.5").found == "No such file or directory"


def test_builds_find_it_by_both_names_where_it_thinks_it_is(tmp_path: Path) -> None:
    install_interpreter(Path(sys.executable), OWN, tmp_path / "a place" / "bin")
    for name in ("python3", f"python{SERIES}"):
        command = [tmp_path / "a place" / "bin" / name, "-c", "import sys; print(sys.prefix)"]
        out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert out.strip() == sys.prefix


@pytest.mark.parametrize(
    "question",
    [
        "import sys; print(f'{sys.version_info.major}.{sys.version_info.minor}')",  # CPython 3.11 and newer
        "import sys;sys.exit(not '.'.join(str(n) for n in sys.version_info[:2]) == '3.13')",  # 3.9
    ],
)
def test_a_stand_in_knows_its_version(tmp_path: Path, question: str) -> None:
    install_stand_in("3.13.5", tmp_path / "bin")
    for name in ("python3", "python3.13"):
        done = subprocess.run([tmp_path / "bin" / name, "-c", question], capture_output=True, text=True, check=True)
        assert done.stdout == "3.13\n"


def test_a_stand_in_fails_where_it_is_asked_for_more(tmp_path: Path) -> None:
    install_stand_in("3.13.5", tmp_path / "bin")
    done = subprocess.run([tmp_path / "bin/python3", "-m", "compileall"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "before it is there: -m compileall" in done.stderr
