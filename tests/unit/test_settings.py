"""What is chosen is read as SCons reads it, or refused; an empty value is never a folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from crosspython.builders.settings import Settings, read_settings
from crosspython.errors import ConfigurationError


def read(**given: Any) -> Settings:
    return read_settings(given, Path("/project"), {"PATH": "/usr/bin"})


@pytest.mark.parametrize("yes", ["1", "yes", "Yes", "y", "true", "True", "t", "on", "all", True, 1])
def test_yes_is_what_scons_takes_for_it(yes: object) -> None:
    settings = read(shared=yes, offline=yes, check=yes, slim=yes)
    assert (settings.shared, settings.offline, settings.check, settings.slim) == (True, True, True, "1")


@pytest.mark.parametrize("no", ["0", "no", "n", "false", "False", "f", "off", "none", False, 0, None])
def test_no_likewise(no: object) -> None:
    settings = read(shared=no, offline=no, check=no, slim=no)
    assert (settings.shared, settings.offline, settings.check, settings.slim) == (False, False, False, "0")


def test_what_is_no_switch_keeps_its_words() -> None:
    assert read(slim="pyc").slim == "pyc"
    assert read(cache_write="all").cache.writes == "all"
    assert read(cache_write="none").cache.writes == "none"


@pytest.mark.parametrize("value", ["perhaps", "2", "yess", ""])
def test_what_is_neither_is_refused(value: str) -> None:
    with pytest.raises(ConfigurationError, match="offline=") as caught:
        read(offline=value)
    assert caught.value.expected == "0 or 1"


@pytest.mark.parametrize("name", ["build", "downloads", "target", "python", "cache", "cache_limit", "binary"])
def test_an_empty_value_is_refused_with_the_default(name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{name}=: says nothing") as caught:
        read(**{name: ""})
    assert caught.value.expected is not None and caught.value.expected.startswith("a value; without")


def test_none_is_as_good_as_nothing() -> None:
    names: Mapping[str, Any] = dict.fromkeys(("toolchain", "rust", "build", "mirror", "prefix", "lock"))
    assert read(**names) == read()


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ("arm-linux-gnueabihf-", "arm-linux-gnueabihf-"),
        ("arm-linux-gnueabihf-gcc", "arm-linux-gnueabihf-gcc"),
        ("sdk", "/project/sdk"),
        ("./sdk", "/project/sdk"),
        ("/opt/sdk/", "/opt/sdk"),
    ],
)
def test_a_toolchains_bare_name_stays_bare_unless_it_lies_here(
    monkeypatch: pytest.MonkeyPatch, given: str, place: str
) -> None:
    monkeypatch.setattr(Path, "exists", lambda path: path == Path("/project/sdk"))
    assert read(toolchain=given).toolchain == place


def test_a_list_is_as_good_as_its_text() -> None:
    settings = read(pkgs=["numpy>=1,<3", "./app"], binary=("auto", "numpy=never"))
    assert settings.packages == "numpy>=1,<3, ./app"
    assert settings.binary.of("numpy") == "never"
