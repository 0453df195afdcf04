"""A release of CPython that the user describes."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from crosspython.errors import ConfigurationError
from crosspython.recipes.own_release import is_release_file, read_own_release
from crosspython.recipes.release import Library, Own, Support, read_release
from crosspython.recipes.series import series_names
from crosspython.store.sources import Source

from tests.conftest import REPOSITORY

CPYTHON = REPOSITORY / "components" / "cpython"
SHA = "0" * 64


def write(folder: Path, text: str) -> str:
    (folder / "our.toml").write_text(text)
    return "./our.toml"


@pytest.mark.parametrize(("python", "is_file"), [("./a.toml", True), ("a.toml", True), ("b/a", True), ("3.5.2", False)])
def test_a_path_is_no_number(python: str, is_file: bool) -> None:
    assert is_release_file(python) is is_file


def test_what_is_not_said_is_its_series(tmp_path: Path) -> None:
    release = read_release(CPYTHON, read_own_release(write(tmp_path, 'version = "3.5.2"'), tmp_path))
    assert release == read_release(CPYTHON, "3.5.2")


def test_its_own_source_patches_and_libraries_are_taken(tmp_path: Path) -> None:
    (tmp_path / "0001-our-board.patch").touch()
    text = f"""
    version = "3.5.4"
    patches = ["0001-our-board.patch"]
    sources = [{{ file = "Python-3.5.4.tgz", sha256 = "{SHA}" }}]
    [libraries]
    openssl = "1.0.2g"
    zlib = {{ version = "1.2.8", sources = [{{ url = "https://x.invalid/zlib.tgz", sha256 = "{SHA}" }}] }}
    """
    release = read_release(CPYTHON, read_own_release(write(tmp_path, text), tmp_path))
    assert (release.version, release.series) == ("3.5.4", "3.5")
    assert [source.url for source in release.sources] == [f"file://{tmp_path}/Python-3.5.4.tgz"]
    assert release.patches == (tmp_path / "0001-our-board.patch",)
    assert release.libraries["openssl"] == Library("1.0.2g")
    assert release.libraries["zlib"].sources[0].url == "https://x.invalid/zlib.tgz"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('version = "3.5"', 'version: expected a release of CPython such as "3.5.2"'),
        ('verson = "3.5.2"', "did you mean version?"),
        ('version = "3.5.2"\nsources = [{ file = "a", sha256 = "12" }]', "64 hexadecimal digits"),
        (f'version = "3.5.2"\nsources = [{{ sha256 = "{SHA}" }}]', "a file, a url or a pool"),
        ('version = "3.5.2"\npatches = ["none.patch"]', "none.patch"),
        ('version = "3.5.2"\n[libraries]\nopenssl = 1', "libraries"),
    ],
)
def test_what_is_wrong_in_it_is_told(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_own_release(write(tmp_path, text), tmp_path)
    assert told in str(caught.value) and "python=./our.toml" in str(caught.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"python=\./none\.toml cannot be read"):
        read_own_release("./none.toml", tmp_path)


def test_of_a_series_without_data_the_nearest_is_told_with_its_end() -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_release(CPYTHON, Own("python=./our.toml", "3.4.10"))
    assert "the oldest is python=3.5, no security fixes since 2020-09-30 (PEP 478)" in str(caught.value)


def test_a_patch_release_without_a_source_can_be_described_in_a_file() -> None:
    with pytest.raises(ConfigurationError, match=r"docs/pythons\.md"):
        read_release(CPYTHON, "3.5.4")


@pytest.mark.parametrize(
    ("version", "openssl", "fits"),
    [
        ("3.7.17", "3.5.7", "1.0.2 or 1.1.0 or 1.1.1"),
        ("3.5.10", "1.1.1w", "1.0.2 or 1.1.0"),
        ("3.13.5", "1.0.2u", "1.1.1 or 3"),
        ("3.14.7", "4.0.3", "1.1.1 or 3"),
    ],
)
def test_a_library_that_does_not_fit_is_refused_with_those_that_do(version: str, openssl: str, fits: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_release(CPYTHON, Own("python=./our.toml", version, libraries={"openssl": Library(openssl)}))
    assert f"openssl {openssl} does not work with Python {version}, which needs {fits}" in str(caught.value)


def test_a_misspelt_library_is_told() -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_release(CPYTHON, Own("python=./our.toml", "3.13.5", libraries={"opensl": Library("3.5.7")}))
    assert caught.value.evidence == ("libraries.opensl: did you mean openssl?",)
    read_release(CPYTHON, Own("python=./our.toml", "3.13.5", libraries={"libours": Library("1.0")}))


@pytest.mark.parametrize("series", series_names(CPYTHON))
def test_every_series_says_how_long_it_gets_security_fixes(series: str) -> None:
    support = read_release(CPYTHON, series).support
    assert support.series == series and support.end_of_life > date(2020, 1, 1)


def test_later_series_end_later() -> None:
    ends = [read_release(CPYTHON, series).support.end_of_life for series in series_names(CPYTHON)]
    assert ends == sorted(ends)


@pytest.mark.parametrize(
    ("today", "told"),
    [
        (date(2025, 10, 31), "security fixes until 2025-10-31 (PEP 596)"),
        (date(2025, 11, 1), "no security fixes since 2025-10-31 (PEP 596)"),
    ],
)
def test_the_last_day_is_one_with_fixes(today: date, told: str) -> None:
    assert Support("3.9", date(2025, 10, 31), 596).describe(today) == told


def test_the_pip_of_a_release_that_nobody_knows_is_left_alone() -> None:
    sources = (Source(SHA, "https://x.invalid/Python-3.9.3.tgz"),)
    assert read_release(CPYTHON, "3.9.2").edits_pip
    assert not read_release(CPYTHON, Own("python=./our.toml", "3.9.3", sources)).edits_pip
    assert not read_release(CPYTHON, "3.5.10").edits_pip
