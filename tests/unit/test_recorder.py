"""compile_commands.json: the recorder's script notes real calls, and what becomes of them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from crosspython.toolchain.containment import folders_of
from crosspython.toolchain.launcher import reason_for_network
from crosspython.toolchain.recorder import recorder_environment, write_commands

COMPILER = "/bin/true"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "notes"


@pytest.fixture
def environment(folder: Path) -> dict[str, str]:
    return recorder_environment(folder)


def call(environment: dict[str, str], cwd: Path, *arguments: str, compiler: str = COMPILER) -> int:
    command = [environment["CROSSPYTHON_LAUNCHER"], compiler, *arguments]
    return subprocess.run(command, cwd=cwd, env={"PATH": "/usr/bin:/bin", **environment}).returncode


def commands(folder: Path, file: Path) -> list[dict[str, object]]:
    count = write_commands(folder, file)
    found = json.loads(file.read_text())
    assert len(found) == count
    return found


def test_each_compilation_is_noted_as_it_was_called(folder: Path, environment: dict[str, str], tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "src").mkdir(parents=True)
    for name in ("src/a.c", "b with blank.cpp"):
        (source / name).write_text("")
    assert call(environment, source, "-c", "src/a.c", '-DX="a\'b"', "-o", "a.o") == 0
    assert call(environment, source / "src", "-I", "..", "-c", "../b with blank.cpp") == 0
    assert commands(folder, source / "compile_commands.json") == [
        {
            "directory": str(source / "src"),
            "file": str(source / "b with blank.cpp"),
            "arguments": [COMPILER, "-I", "..", "-c", "../b with blank.cpp"],
        },
        {
            "directory": str(source),
            "file": str(source / "src/a.c"),
            "arguments": [COMPILER, "-c", "src/a.c", '-DX="a\'b"', "-o", "a.o"],
        },
    ]


def test_questions_of_configure_and_values_of_options_are_no_sources(
    folder: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "config.c").write_text("")
    call(environment, tmp_path, "-c", "conftest.c")
    call(environment, tmp_path, "-include", "config.c", "-c", "gone.c")
    assert commands(folder, tmp_path / "compile_commands.json") == []


def test_the_compilers_exit_status_is_kept(environment: dict[str, str], tmp_path: Path) -> None:
    assert call(environment, tmp_path, "-c", "a.c", compiler="/bin/false") == 1


def test_what_cannot_be_noted_is_compiled_all_the_same(environment: dict[str, str], tmp_path: Path) -> None:
    elsewhere = {**environment, "CROSSPYTHON_COMMANDS": str(tmp_path / "nowhere")}
    assert call(elsewhere, tmp_path, "-c", "a.c") == 0


def test_a_contained_build_may_write_notes_and_needs_no_network(folder: Path, environment: dict[str, str]) -> None:
    written, read = folders_of(environment)
    assert written == (folder / "calls",) and read == (folder / "note-commands",)
    assert reason_for_network(environment) == ""
