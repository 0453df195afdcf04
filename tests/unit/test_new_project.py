"""`crosspython init`: what it writes, what it leaves as it is, and what it refuses before anything is written."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import jsonschema
import msgspec
import pytest
from crosspython import documents
from crosspython.builders.project_file import read_project_file
from crosspython.builders.schema import project_schema
from crosspython.command.main import main

from tests.conftest import REPOSITORY


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def data(file: Path) -> dict:
    return tomllib.loads(file.read_text())


def test_a_new_folder_gets_a_project_with_an_example(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "camera"
    assert main(["init", str(folder)]) == 0
    assert files(folder) == {
        "SConstruct",
        "crosspython.toml",
        ".gitignore",
        ".github/workflows/board.yml",
        "app/pyproject.toml",
        "app/src/camera/__init__.py",
    }
    assert data(folder / "crosspython.toml") == {"target": "rv1126", "python": "3.13", "pkgs": ["./app"]}
    assert data(folder / "app/pyproject.toml")["project"]["scripts"] == {"camera": "camera:main"}
    compile((folder / "app/src/camera/__init__.py").read_text(), "camera", "exec")
    assert f"cd {folder} && " in capsys.readouterr().out


def test_the_next_step_is_what_to_type_from_here(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["init", "camera"]) == 0
    assert "next:  cd camera && " in capsys.readouterr().out
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert main(["init"]) == 0
    assert "next:  cd" not in capsys.readouterr().out


def test_every_flag_is_written_as_the_reader_takes_it(tmp_path: Path) -> None:
    chosen = ["--target", "rk3568", "--slim", "yes", "--max-size", "80M", "--binary", "auto,numpy=never"]
    assert main(["init", str(tmp_path), *chosen, "--pkgs", "numpy>=2 idna; python_version<'4'", "--ci", "gitlab"]) == 0
    written = data(tmp_path / "crosspython.toml")
    assert written == {
        "target": "rk3568",
        "python": "3.13",
        "slim": True,
        "max_size": "80M",
        "binary": "auto,numpy=never",
        "pkgs": ["./app", "numpy>=2", "idna; python_version<'4'"],
    }
    assert jsonschema.Draft202012Validator(json.loads(project_schema())).is_valid(written)
    assert read_project_file(tmp_path).texts["slim"] == "1"
    assert "g++-aarch64-linux-gnu" in (tmp_path / ".gitlab-ci.yml").read_text()


def test_an_application_that_is_there_takes_the_examples_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "mine"\nversion = "1"\n')
    (tmp_path / ".gitignore").write_text("*.swp\n")
    assert main(["init", str(tmp_path), "--ci", "none"]) == 0
    assert data(tmp_path / "crosspython.toml")["pkgs"] == ["."]
    assert files(tmp_path) == {"pyproject.toml", ".gitignore", "crosspython.toml", "SConstruct"}
    assert (tmp_path / ".gitignore").read_text() == "*.swp\n"
    assert ".gitignore exists, and is not changed; add /build/ to it" in capsys.readouterr().out


def test_requirements_that_are_there_take_the_examples_place(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("numpy\n")
    (tmp_path / "pyproject.toml").write_text("[tool.ruff]\nline-length = 100\n")
    assert main(["init", str(tmp_path), "--ci", "none", "--pkgs", "idna"]) == 0
    assert data(tmp_path / "crosspython.toml")["pkgs"] == ["@requirements.txt", "idna"]
    assert not (tmp_path / "app").exists()


def test_a_folder_app_that_is_no_project_is_refused_unless_there_is_to_be_no_example(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "app").mkdir()
    assert main(["init", str(tmp_path)]) == 2
    assert f"{tmp_path}/app exists, but is not a Python project" in capsys.readouterr().err
    assert main(["init", str(tmp_path), "--no-example", "--ci", "none"]) == 0
    assert files(tmp_path) == {"SConstruct", "crosspython.toml", ".gitignore"}
    assert data(tmp_path / "crosspython.toml")["pkgs"] == []


def test_ci_installs_the_compilers_of_all_boards(tmp_path: Path) -> None:
    assert main(["init", str(tmp_path), "--target", "rv1126,aarch64"]) == 0
    assert "g++-arm-linux-gnueabihf g++-aarch64-linux-gnu" in (tmp_path / ".github/workflows/board.yml").read_text()
    assert data(tmp_path / "crosspython.toml")["target"] == "rv1126,aarch64"


@pytest.mark.parametrize("taken", ["SConstruct", "crosspython.toml"])
def test_a_project_that_is_there_is_refused(tmp_path: Path, taken: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / taken).write_text("")
    assert main(["init", str(tmp_path)]) == 2
    assert files(tmp_path) == {taken}
    assert "there already is a project" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--target", "rk3586"], "target=rk3586: no such target; did you mean target=rk3568?"),
        (["--python", "3.19"], "python=3.19: crosspython does not know this series"),
        (["--slim", "perhaps"], "slim=perhaps: not an allowed value"),
        (["--name", "json"], "--name json: not a name for the example"),
        (["--name", "My App"], "--name My App: not a name for the example"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_written(
    tmp_path: Path, arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", str(tmp_path / "new"), *arguments]) == 2
    assert not (tmp_path / "new").exists()
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("folder", "name"),
    [("Kamera 2", "kamera-2"), ("json", "app"), ("2026", "app"), ("msgpack", "app"), ("ñ", "app"), ("a.b_c", "a-b-c")],
)
def test_the_example_is_called_as_the_folder_where_that_is_a_name(tmp_path: Path, folder: str, name: str) -> None:
    assert main(["init", str(tmp_path / folder)]) == 0
    assert data(tmp_path / folder / "app/pyproject.toml")["project"]["name"] == name


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert main(["init", str(tmp_path / "file" / "new")]) == 2
    assert "Not a directory" in capsys.readouterr().err


def test_the_doctor_takes_variables_and_the_projects_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "crosspython.toml").write_text('target = "aarch64"\ntoolchain = "/no/sdk"\n')
    monkeypatch.chdir(tmp_path)
    assert main(["doctor"]) == 2
    assert "missing  /no/sdk" in capsys.readouterr().out
    assert main(["doctor", "format=json"]) == 2
    told = msgspec.json.decode(capsys.readouterr().out, type=documents.Doctor)
    assert [each.ok for each in told.findings if each.name == "/no/sdk"] == [False] and "toolchain=" in told.mend
    assert main(["doctor", "target"]) == 2
    assert "doctor: target: not a variable with a value" in capsys.readouterr().err
    assert files(tmp_path) == {"crosspython.toml"}


def test_the_front_door_is_the_one_of_the_repository() -> None:
    ours, theirs = (
        REPOSITORY / "SConstruct",
        REPOSITORY / "site_scons/site_tools/crosspython/command/data/SConstruct",
    )
    differing = set(ours.read_text().splitlines()[3:]) ^ set(theirs.read_text().splitlines()[2:])
    assert {line.split("(")[0] for line in differing} == {"env.Tool", "package = PyPackageDir"}
