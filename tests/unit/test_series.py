"""The files of CPython's series: those of crosspython are correct, and mistakes are reported with their lines."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from crosspython.errors import ConfigurationError
from crosspython.recipes.release import read_release
from crosspython.recipes.series import read_edits, read_series, series_names

from tests.conftest import REPOSITORY

CPYTHON = REPOSITORY / "components" / "cpython"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of our own with one series."""
    for name in ("3.13.toml", "edits.toml"):
        shutil.copy(CPYTHON / name, tmp_path)
    return tmp_path


def line_of(file: Path, start: str) -> int:
    return next(number for number, line in enumerate(file.read_text().splitlines(), 1) if line.startswith(start))


@pytest.mark.parametrize("series", series_names(CPYTHON))
def test_every_series_can_be_read(series: str) -> None:
    assert read_series(CPYTHON, series).default in read_series(CPYTHON, series).releases


@pytest.mark.parametrize(
    ("line", "instead", "told"),
    [
        ("default", "default = 3.13", "default: expected a string; found 3.13"),
        ("default", 'default = "3.13.99"', "default: expected one of the releases here, "),
        (
            "compileall",
            'compileall = "2"',
            "compileall: expected the number of times that its Makefile byte-compiles; found '2'",
        ),
        ("depends", 'depends = "zlib"', "depends: expected a list of strings; found 'zlib'; write ['zlib']"),
        ("end_of_life", 'end_of_life = "2029"', "end_of_life: expected a date such as 2029-10-31; found '2029'"),
        ("can_leave_tests_out", "can_leave_tests_out = 1", "can_leave_tests_out: expected True or False; found 1"),
        ("cross_configure", 'cross_confgure = ["--x"]', "cross_confgure: no such key; did you mean cross_configure?"),
    ],
)
def test_a_mistake_is_told_with_its_line(folder: Path, line: str, instead: str, told: str) -> None:
    file = folder / "3.13.toml"
    number = line_of(file, f"{line} = ")
    lines = file.read_text().splitlines()
    lines[number - 1] = instead
    file.write_text("\n".join(lines))
    with pytest.raises(ConfigurationError) as caught:
        read_release(folder, "3.13")
    (evidence,) = caught.value.evidence
    assert evidence.startswith(f"line {number}: {told}")
    assert str(file) in caught.value.what


def test_all_mistakes_are_told_at_once(folder: Path) -> None:
    file = folder / "3.13.toml"
    text = file.read_text().replace('sha256 = "', 'sha-256 = "', 1).replace("without = [", "wthout = [")
    file.write_text(text + '\n[[edits]]\nfile = "a"\npattern = "b"\nreplacement = 3\nmatchs = 2\n')
    with pytest.raises(ConfigurationError) as caught:
        read_series(folder, "3.13")
    told = "\n".join(caught.value.evidence)
    for part in ("sha-256: no such key", "sha256: missing", "build_python.wthout: no such key; did you mean without?"):
        assert part in told
    assert "edits[0].replacement: expected a string; found 3" in told
    assert "edits[0].matchs: no such key; did you mean matches?" in told


def test_an_edit_of_every_series_is_read_as_strictly(folder: Path) -> None:
    (folder / "edits.toml").write_text('[[edits]]\nfile = "a"\npattern = "b"\nreplacment = "c"\n')
    with pytest.raises(ConfigurationError) as caught:
        read_edits(folder)
    assert caught.value.evidence == (
        "line 1: edits[0].replacement: missing, expected a string",
        "line 4: edits[0].replacment: no such key; did you mean replacement?",
    )


def test_a_pattern_that_is_none_is_told(folder: Path) -> None:
    (folder / "edits.toml").write_text('[[edits]]\nfile = "a"\npattern = "(b"\nreplacement = "c"\n')
    with pytest.raises(ConfigurationError) as caught:
        read_edits(folder)
    assert "line 1: edits[0]: expected a regular expression as its pattern" in caught.value.evidence[0]
    assert "unterminated subpattern" in caught.value.evidence[0]


def test_a_file_that_is_no_toml_is_told(folder: Path) -> None:
    (folder / "3.13.toml").write_text("default = \n")
    with pytest.raises(ConfigurationError, match=r"3\.13\.toml is not TOML"):
        read_release(folder, "3.13")
