"""Whether a tree fits on a board, judged from what the board told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from crosspython.board.facts import BoardFacts, Places, find_misfits, read_facts
from crosspython.board.ssh import Reply
from crosspython.finish.board_needs import BoardNeeds, VersionNeed
from crosspython.targets import load_target
from crosspython.targets.libc import Libc

TARGET = load_target("rv1126", Path())
NEEDS = BoardNeeds(
    machines=("EM_ARM",),
    interpreters=("/lib/ld-linux-armhf.so.3",),
    libraries=("libc.so.6",),
    versions={"GLIBC": VersionNeed("GLIBC_2.34", "bin/python3", "stat64")},
    kernel="3.2.0",
)
FITS = BoardFacts("armv7l", "5.10.110", (), (), Libc("glibc", "2.36"), 100_000_000, None, False, None, None, {})


def test_a_board_that_fits_gives_no_reason() -> None:
    assert find_misfits(FITS, TARGET, NEEDS, 50_000_000) == []


@pytest.mark.parametrize(
    ("change", "about", "told"),
    [
        ({"machine": "x86_64"}, "uname -m", "x86_64"),
        ({"machine": "armv6l"}, "uname -m", "armv6l"),
        ({"machine": "armv7b"}, "uname -m", "armv7b"),
        ({"missing_loaders": ("/lib/ld-linux-armhf.so.3",)}, "loader", "/lib/ld-linux-armhf.so.3"),
        ({"libc": Libc("glibc", "2.31")}, "libc", "GLIBC_2.34"),
        ({"kernel": "2.6.35-vendor"}, "kernel", "2.6.35-vendor"),
        ({"kernel": "3.1.10+"}, "kernel", "3.1.10+"),
        ({"lacks": ("tar",)}, "programs", "tar"),
        ({"free": 52_000_000}, "space", "52.0 MB are free"),
        ({"not_writable": "/opt: Permission denied"}, "rights", "/opt: Permission denied"),
        ({"not_writable": "/opt: Read-only file system", "mount": "/"}, "rights", "mount -o remount,rw /"),
        ({"not_executable": "/opt: Permission denied", "mount": "/opt"}, "rights", "mount -o remount,exec /opt"),
        ({"no_links": "/opt: Operation not permitted"}, "links", "prefix="),
    ],
)
def test_each_reason_is_told_with_what_was_found(change: dict[str, object], about: str, told: str) -> None:
    [reason] = find_misfits(replace(FITS, **change), TARGET, NEEDS, 50_000_000)
    assert reason.startswith(f"{about}: ")
    assert told in reason


def test_all_reasons_are_told_at_once() -> None:
    assert len(find_misfits(replace(FITS, machine="x86_64", libc=Libc("glibc", "2.17"), free=0), TARGET, NEEDS, 1)) == 3


def test_what_a_board_does_not_tell_is_no_reason() -> None:
    assert find_misfits(replace(FITS, libc=None, free=None), TARGET, NEEDS, 50_000_000) == []


def test_a_newer_32_bit_arm_runs_what_is_for_an_older_one() -> None:
    assert find_misfits(replace(FITS, machine="armv7l"), replace(TARGET, machine="armv6l"), NEEDS, 0) == []


@pytest.mark.parametrize(
    "kernel",
    ["4.19.111+", "5.10.160_custom", "3.10.0-rk-g1234", "6.1", "3.2", "6.6.30-yocto-standard", "unknown", "linux-next"],
)
def test_what_vendors_write_behind_a_kernels_version_is_no_reason(kernel: str) -> None:
    assert find_misfits(replace(FITS, kernel=kernel), TARGET, NEEDS, 0) == []


@pytest.mark.parametrize(
    ("kernel", "machine"),
    [
        ("aarch64", "armv7l"),
        ("aarch64", "armv6l"),
        ("armv8l", "armv7l"),
        ("armv7", "armv7l"),
        ("armv5tel", "armv5tejl"),
        ("x86_64", "i686"),
        ("our-board", "armv7l"),
    ],
)
def test_a_kernel_that_runs_such_programs_too_is_no_reason(kernel: str, machine: str) -> None:
    assert find_misfits(replace(FITS, machine=kernel), replace(TARGET, machine=machine), NEEDS, 0) == []


def test_a_loader_that_starts_is_believed_more_than_the_kernels_name() -> None:
    starts = replace(FITS, machine="x86_64", running_loaders=NEEDS.interpreters)
    assert find_misfits(starts, TARGET, NEEDS, 0) == []


def test_a_loader_that_starts_does_not_make_a_processor_newer() -> None:
    starts = replace(FITS, machine="armv6l", running_loaders=NEEDS.interpreters)
    [reason] = find_misfits(starts, TARGET, NEEDS, 0)
    assert "the tree is for armv7l, the board is armv6l" in reason


def test_a_64_bit_kernel_that_runs_no_32_bit_programs_is_told_by_what_the_loader_says() -> None:
    said = "/lib/ld-linux-armhf.so.3: Exec format error"
    [reason] = find_misfits(replace(FITS, machine="aarch64", dead_loaders=(said,)), TARGET, NEEDS, 0)
    assert reason.startswith("loader: ") and said in reason


def test_a_64_bit_tree_for_a_32_bit_system_is_refused_in_one_clear_line() -> None:
    needs = replace(NEEDS, machines=("EM_AARCH64",), interpreters=("/lib/ld-linux-aarch64.so.1",))
    system = replace(
        FITS,
        machine="aarch64",
        missing_loaders=needs.interpreters,
        loaders=("/lib/ld-2.31.so.0", "/lib/ld-linux-armhf.so.3"),
    )
    [reason] = find_misfits(system, replace(TARGET, machine="aarch64"), needs, 0)
    assert reason == (
        "loader: the tree is for aarch64 and needs /lib/ld-linux-aarch64.so.1 (64-bit ARM, glibc); "
        "the board has /lib/ld-linux-armhf.so.3 (32-bit ARM, hard float, glibc), and uname -m says aarch64"
    )


def test_the_answer_of_the_board_is_read() -> None:
    told = {
        "alive": [""],
        "machine": ["armv7l"],
        "kernel": ["6.1.0"],
        "lacks": ["tar", "df"],
        "libc": ["glibc 2.36"],
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
