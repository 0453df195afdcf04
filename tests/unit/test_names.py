"""Suggestions: of names that may have been meant, and of no others."""

from __future__ import annotations

from pathlib import Path

import pytest
from crosspython.errors import ConfigurationError
from crosspython.names import nearest_numbers, suggest
from crosspython.targets import load_target
from crosspython.targets.machines import ALIASES, MACHINES, find_machine

SERIES = ("3.9", "3.11", "3.13", "3.14")


def test_what_is_known_is_not_suggested_for_itself() -> None:
    assert suggest("simplejson", ["simplejson", "json5"]) is None


def test_capitals_are_no_other_name() -> None:
    assert suggest("AARCH64", ["aarch64", "armv6l"]) == "did you mean aarch64?"


@pytest.mark.parametrize(
    ("wanted", "nearest"),
    [
        ("3.12", "the nearest are python=3.11 and python=3.13"),
        ("3.10", "the nearest are python=3.9 and python=3.11"),
        ("3.31", "the newest is python=3.14"),
        ("4", "the newest is python=3.14"),
        ("2.7", "the oldest is python=3.9"),
    ],
)
def test_numbers_are_near_by_their_value(wanted: str, nearest: str) -> None:
    assert nearest_numbers(wanted, SERIES, "python={}".format) == nearest


def test_what_is_no_number_has_no_nearest() -> None:
    assert nearest_numbers("latest", SERIES) is None


@pytest.mark.parametrize(
    ("typed", "meant"), [("arm64", "aarch64"), ("amd64", "x86_64"), ("armhf", "armv7l"), ("i386", "i686")]
)
def test_a_machines_other_names_are_known(typed: str, meant: str) -> None:
    with pytest.raises(ConfigurationError, match=f"did you mean {meant}\\?"):
        find_machine(typed)


def test_every_alias_is_of_a_known_machine_and_none_itself() -> None:
    assert set(ALIASES.values()) <= MACHINES.keys()
    assert ALIASES.keys().isdisjoint(MACHINES)


def test_a_target_file_says_so_too(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('machine = "arm64"\ntriplet = "aarch64-linux-gnu"\n')
    with pytest.raises(ConfigurationError, match=r"did you mean aarch64\?"):
        load_target("mine.toml", tmp_path)


@pytest.mark.parametrize(("typed", "said"), [("arm64", "did you mean target=aarch64?"), ("amd64", "no such target")])
def test_a_board_by_its_machines_other_name(typed: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_target(typed, Path())
    assert said in str(caught.value)
    assert "armv" not in caught.value.what
