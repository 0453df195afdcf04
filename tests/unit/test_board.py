"""The needs of a stage on the board."""

from __future__ import annotations

from pathlib import Path

import pytest
from crosspython.finish.board_needs import board_needs, is_board_library
from crosspython.targets.libc import Libc

from tests.unit.made_elf import make_elf


def test_needs_are_what_the_stage_does_not_hold_itself(tmp_path: Path) -> None:
    (tmp_path / "libz.so.1").write_bytes(make_elf(soname="libz.so.1", needed=["libc.so.6"]))
    (tmp_path / "tool").write_bytes(
        make_elf(needed=["libz.so.1", "libm.so.6", "libc.so.6"], interpreter="/lib/ld-linux-armhf.so.3")
    )
    needs = board_needs(tmp_path)
    assert needs.libraries == ("libc.so.6", "libm.so.6")
    assert needs.machines == ("EM_ARM",) and needs.interpreters == ("/lib/ld-linux-armhf.so.3",)


def test_an_empty_stage_needs_nothing(tmp_path: Path) -> None:
    needs = board_needs(tmp_path)
    assert (needs.libraries, needs.versions, needs.kernel) == ((), {}, None)


def test_needs_are_told_in_lines(tmp_path: Path) -> None:
    (tmp_path / "tool").write_bytes(make_elf(needed=["libc.so.6"], interpreter="/lib/ld-linux-armhf.so.3"))
    assert board_needs(tmp_path).describe() == [
        "machine:   ARM",
        "loader:    /lib/ld-linux-armhf.so.3",
        "libraries: libc.so.6",
        "versions:  none",
        "kernel:    any",
    ]


@pytest.mark.parametrize(
    ("libc", "name", "has"),
    [
        ("glibc", "libc.so.6", True),
        ("glibc", "ld-linux-armhf.so.3", True),
        ("glibc", "libstdc++.so.6", True),
        ("glibc", "libz.so.1", False),
        ("glibc", "libcrypt.so.1", False),
        ("musl", "libc.so", True),
        ("musl", "libc.so.6", False),
        ("musl", "ld-musl-armhf.so.1", True),
        ("uclibc", "libc.so.1", True),
        ("uclibc", "ld-uClibc.so.0", True),
    ],
)
def test_each_libc_brings_its_own_libraries(libc: str, name: str, has: bool) -> None:
    assert is_board_library(name, Libc(libc, "1.0").libraries) is has
