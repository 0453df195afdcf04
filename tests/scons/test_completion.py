"""Completion in a real bash: what Tab offers, in folders with and without crosspython."""

from __future__ import annotations

import shlex
import subprocess
from argparse import _SubParsersAction
from pathlib import Path

import pytest
from crosspython.builders.front_door import NAMES
from crosspython.builders.settings import VARIABLES
from crosspython.command.completion import completion_script
from crosspython.command.main import _parser, main


def offered(folder: Path, line: str, breaks: str = "=:") -> set[str]:
    words = line.split(" ")
    script = f"""
{completion_script("bash")}
COMP_WORDBREAKS={shlex.quote(breaks)} COMP_LINE={shlex.quote(line)} COMP_POINT={len(line)} COMP_CWORD={len(words) - 1}
_crosspython {words[0]}
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    run = subprocess.run(["bash", "-uc", script], cwd=folder, capture_output=True, text=True, check=False)
    assert run.stderr == ""
    return set(run.stdout.split("\n")) - {""}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "crosspython.toml").touch()
    (tmp_path / "my list.txt").touch()
    (tmp_path / "mine.toml").touch()
    return tmp_path


def test_goals_and_variables_are_offered(folder: Path) -> None:
    goals = {name for name in NAMES if name != "(nothing)"}
    assert offered(folder, "scons ") == goals | {f"{variable.name}=" for variable in VARIABLES}
    assert offered(folder, "scons -n ch") == {"check", "check="}


def test_values_are_offered_behind_their_variable(folder: Path) -> None:
    assert offered(folder, "scons target=rv") == {"rv1106", "rv1126"}
    assert offered(folder, "scons target=mi") == {"mine.toml"}
    assert offered(folder, "crosspython build image slim=") == {"0", "1", "pyc"}
    assert offered(folder, "scons target=rv11", breaks=" ") == {"target=rv1106", "target=rv1126"}
    assert offered(folder, "scons lock=my") == {"my list.txt"}


def test_the_command_offers_what_it_can_do(tmp_path: Path) -> None:
    parser = _parser(with_variables=False)
    [commands] = (action.choices for action in parser._actions if isinstance(action, _SubParsersAction))
    assert offered(tmp_path, "crosspython ") == set(commands)


def test_scons_elsewhere_completes_as_before(tmp_path: Path) -> None:
    assert offered(tmp_path, "scons ") == set()
    (tmp_path / "SConstruct").write_text("Program('hello.c')\n")
    assert offered(tmp_path, "scons target=") == set()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_knows_all_goals_variables_and_targets(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    words = [
        *(name for name in NAMES if name != "(nothing)"),
        *(f"{variable.name}=" for variable in VARIABLES),
        "rk3568",
    ]
    assert [word for word in words if word not in script] == []
