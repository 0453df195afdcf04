"""crosspython.toml and [tool.crosspython]: what may stand there, what it means, and the line of each mistake."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import jsonschema
import pytest
from crosspython.builders.project_file import ProjectFile, read_project_file
from crosspython.builders.schema import project_schema
from crosspython.builders.settings import VARIABLES, read_settings
from crosspython.errors import ConfigurationError

from tests.conftest import REPOSITORY


def written(folder: Path, text: str, name: str = "crosspython.toml") -> ProjectFile:
    (folder / name).write_text(text)
    return read_project_file(folder)


def refusal(folder: Path, text: str, name: str = "crosspython.toml") -> str:
    with pytest.raises(ConfigurationError) as caught:
        written(folder, text, name)
    return str(caught.value)


def test_a_folder_without_a_file_sets_nothing(tmp_path: Path) -> None:
    assert read_project_file(tmp_path) == ProjectFile()


def test_every_variable_may_stand_in_it_with_its_default(tmp_path: Path) -> None:
    with_default = [variable for variable in VARIABLES if variable.default]
    text = "".join(f"{variable.name} = {json.dumps(variable.default)}\n" for variable in with_default)
    project = written(tmp_path, text)
    assert project.texts == {variable.name: variable.default for variable in with_default}
    assert read_settings(project.texts, tmp_path, {}) == read_settings({}, tmp_path, {})


@pytest.mark.parametrize("variable", VARIABLES, ids=lambda each: each.name)
def test_every_variable_takes_what_it_allows(tmp_path: Path, variable) -> None:
    for value in variable.allowed or ("some text",):
        assert written(tmp_path, f'{variable.name} = "{value}"').texts == {variable.name: value}


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("slim = true", "1"),
        ("slim = false", "0"),
        ('slim = "pyc"', "pyc"),
        ('pkgs = ["numpy>=2", "idna; python_version < \'4\'"]', "numpy>=2, idna; python_version < '4'"),
        ('pkgs = ["./my app", "@my list.txt"]', '"./my app", @"my list.txt"'),
        ('target = ["rk3568", "./boards/mine.toml"]', "rk3568,./boards/mine.toml"),
        ('upgrade = ["numpy", "idna"]', "numpy,idna"),
        ('binary = ["auto", "numpy=never"]', "auto,numpy=never"),
        ('cache = ["~/products", "https://cache.example"]', "~/products,https://cache.example"),
        ('forbid_licenses = ["GPL-3.0-only", "AGPL-3.0*"]', "GPL-3.0-only AGPL-3.0*"),
    ],
)
def test_values_are_those_of_the_command_line(tmp_path: Path, line: str, text: str) -> None:
    assert list(written(tmp_path, line).texts.values()) == [text]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("# a board\npyhton = '3.11'", "line 2: pyhton: no such key; did you mean python?"),
        ("python = 3.10", "line 1: python: expected text in quotes; found 3.1"),
        ("\n\nslim = 'pcy'", "line 3: slim: expected true or false or \"pyc\"; found 'pcy'"),
        ("libraries = 'wheels'", 'line 1: libraries: expected "wheel" or "bundle"; found \'wheels\''),
        ("pkgs = ['a', 2]", "line 1: pkgs"),
        ("target = ''", "line 1: target: expected text in quotes, or a list of such texts; found ''"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    assert f"{tmp_path}/crosspython.toml is wrong\n" in refusal(tmp_path, text)
    assert told in refusal(tmp_path, text)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    found = refusal(tmp_path, "slimm = 1\npython = 3\noffline = 'x'")
    assert re.findall(r"line \d", found) == ["line 1", "line 2", "line 3"]


def test_what_is_no_toml_is_told(tmp_path: Path) -> None:
    assert "crosspython.toml is not TOML" in refusal(tmp_path, "target = rv1126")


def test_the_table_in_pyproject_is_the_same(tmp_path: Path) -> None:
    head = '[project]\nname = "app"\n\n'
    assert written(tmp_path, head + '[tool.crosspython]\nslim = "pyc"', "pyproject.toml").texts == {"slim": "pyc"}
    assert "pyproject.toml is wrong\n  line 5: tget: no such key; did you mean target?" in refusal(
        tmp_path, head + "[tool.crosspython]\ntget = 'rk3568'", "pyproject.toml"
    )


@pytest.mark.parametrize("text", ['[project]\nname = "crosspython"', "[tool.other]\nx = 1", "tool = 3 # crosspython"])
def test_a_pyproject_without_the_table_sets_nothing(tmp_path: Path, text: str) -> None:
    assert written(tmp_path, text, "pyproject.toml") == ProjectFile()


def test_two_files_may_not_disagree(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.crosspython]\npython = "3.13"\ntarget = "rk3568"')
    assert written(tmp_path, 'target = "rk3568"\nslim = true').texts == {
        "target": "rk3568",
        "slim": "1",
        "python": "3.13",
    }
    found = refusal(tmp_path, '\ntarget = "rv1126"')
    assert "two files disagree about target" in found
    assert f"{tmp_path}/crosspython.toml, line 2: target = rv1126" in found
    assert f"{tmp_path}/pyproject.toml, line 3: target = rk3568" in found


def test_what_was_given_counts_before_the_file_and_an_empty_value_too(tmp_path: Path) -> None:
    project = written(tmp_path, 'target = "rk3568"\npkgs = "numpy"')
    assert project.under({"target": "rv1126", "pkgs": "", "python": None}) == {"target": "rv1126", "pkgs": ""}
    assert project.without({"target": "rv1126"}).texts == {"pkgs": "numpy"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("slim = true\ntarget = 'rk3586'", "target= is set in {}, line 2"),
        ("python = '3.13'\n\nlibc = 'glibc 3'", "libc= is set in {}, line 3"),
        ("cache_limit = '20'", "cache_limit= is set in {}, line 1"),
        ("board_root = './no'", "board_root= is set in {}, line 1"),
    ],
)
def test_a_value_that_is_refused_later_is_told_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    project = written(tmp_path, text)
    with pytest.raises(ConfigurationError) as caught, project.naming_lines(tmp_path):
        read_settings(project.texts, tmp_path, {})
    assert told.format(tmp_path / "crosspython.toml") in str(caught.value)


def test_a_target_of_the_users_own_with_a_mistake_is_told_with_the_line_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("cflags = 3")
    project = written(tmp_path, "\ntarget = './mine.toml'")
    with pytest.raises(ConfigurationError) as caught, project.naming_lines(tmp_path):
        read_settings(project.texts, tmp_path, {})
    assert "target= is set in" in str(caught.value) and "crosspython.toml, line 2" in str(caught.value)


def test_the_published_schema_is_that_of_the_reader() -> None:
    assert (REPOSITORY / "docs/crosspython.schema.json").read_text() == project_schema(), (
        "scons schema && cp build/crosspython.schema.json docs/"
    )


@pytest.mark.parametrize(
    "line",
    [
        *("slim = true", "slim = 1", 'slim = "pyc"', 'pkgs = ["a", "./b"]', "pkgs = [3]", "python = 3.13"),
        *('python = ""', 'target = "rk3568"', 'launcher = "ccache"', 'launcher = "make"', "shared = 'yes'"),
        *("tarket = 'x'", "lock = 'x'"),
    ],
)
def test_schema_and_reader_agree(tmp_path: Path, line: str) -> None:
    (tmp_path / "crosspython.toml").write_text(line)
    try:
        read_project_file(tmp_path)
        is_read = True
    except ConfigurationError:
        is_read = False
    checker = jsonschema.Draft202012Validator(json.loads(project_schema()))
    assert checker.is_valid(tomllib.loads(line)) is is_read


def test_the_schema_knows_every_variable_and_no_other_key() -> None:
    schema = json.loads(project_schema())
    assert list(schema["properties"]) == [variable.name for variable in VARIABLES]
    assert schema["additionalProperties"] is False
    described = {name: value["description"] for name, value in schema["properties"].items()}
    assert described == {variable.name: variable.help for variable in VARIABLES}
    assert schema["properties"]["slim"]["anyOf"] == [{"type": "boolean"}, {"enum": ["0", "1", "pyc"]}]
