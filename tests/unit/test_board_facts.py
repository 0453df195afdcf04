"""Whether a tree fits on a board, judged from what the board told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from crosspython.board.facts import BoardFacts, Places, find_misfits, read_facts
from crosspython.board.ssh import Reply
from crosspython.stages.board import BoardNeeds, VersionNeed
from crosspython.targets import load_target

TARGET = load_target("rv1126", Path())
NEEDS = BoardNeeds(
    machines=("EM_ARM",),
    interpreters=("/lib/ld-linux-armhf.so.3",),
    libraries=("libc.so.6",),
    versions={"GLIBC": VersionNeed("GLIBC_2.34", "bin/python3", "stat64")},
    kernel="3.2.0",
)
FITS = BoardFacts("armv7l", "5.10.110", (), (), "2.36", 100_000_000, None, False, None, None, {})


def test_a_board_that_fits_gives_no_reason() -> None:
    assert find_misfits(FITS, TARGET, NEEDS, 50_000_000) == []


@pytest.mark.parametrize(
    ("change", "about", "told"),
    [
        ({"machine": "aarch64"}, "uname -m", "aarch64"),
        ({"machine": "armv6l"}, "uname -m", "armv6l"),
        ({"missing_loaders": ("/lib/ld-linux-armhf.so.3",)}, "loader", "/lib/ld-linux-armhf.so.3"),
        ({"glibc": "2.31"}, "libc", "GLIBC_2.34"),
        ({"kernel": "2.6.35-vendor"}, "kernel", "2.6.35-vendor"),
        ({"lacks": ("tar",)}, "programs", "tar"),
        ({"free": 52_000_000}, "space", "52.0 MB are free"),
        ({"not_writable": "/opt"}, "rights", "/opt"),
    ],
)
def test_each_reason_is_told_with_what_was_found(change: dict[str, object], about: str, told: str) -> None:
    [reason] = find_misfits(replace(FITS, **change), TARGET, NEEDS, 50_000_000)
    assert reason.startswith(f"{about}: ")
    assert told in reason


def test_all_reasons_are_told_at_once() -> None:
    assert len(find_misfits(replace(FITS, machine="x86_64", glibc="2.17", free=0), TARGET, NEEDS, 1)) == 3


def test_what_a_board_does_not_tell_is_no_reason() -> None:
    assert find_misfits(replace(FITS, glibc=None, free=None), TARGET, NEEDS, 50_000_000) == []


def test_a_newer_32_bit_arm_runs_what_is_for_an_older_one() -> None:
    assert find_misfits(replace(FITS, machine="armv7l"), replace(TARGET, machine="armv6l"), NEEDS, 0) == []


def test_the_answer_of_the_board_is_read() -> None:
    told = {
        "alive": [""],
        "machine": ["armv7l"],
        "kernel": ["6.1.0"],
        "lacks": ["tar", "df"],
        "glibc": ["2.36"],
        "free": ["1024"],
        "current": [".python-versions/3.13.5-abc"],
        "previous": ["3.13.5-old"],
        "item": ["755\tab\t3\t-\tbin/x"],
    }
    facts = read_facts(Reply(0, "", told))
    assert (facts.lacks, facts.free, facts.current, facts.previous) == (
        ("tar", "df"),
        1048576,
        "3.13.5-abc",
        "3.13.5-old",
    )
    assert facts.items["bin/x"].size == 3


def test_versions_lie_beside_the_prefix() -> None:
    assert Places("/opt/python").versions == "/opt/.python-versions"
    assert Places("/python").versions == "/.python-versions"
