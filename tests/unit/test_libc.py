"""What follows from a C library and its version."""

from __future__ import annotations

import pytest
from crosspython.targets.libc import Libc, libc_of_abi, newest_libc, read_libc


def test_a_libc_reads_and_writes_as_people_do() -> None:
    libc = read_libc("glibc 2.28")
    assert (libc, str(libc), libc.number) == (Libc("glibc", "2.28"), "glibc 2.28", (2, 28))


def test_a_version_that_is_not_told_fits_no_wheel() -> None:
    assert Libc("musl", "unknown").number == () and Libc("musl", "unknown").platforms("armv7l", "hard") == []


@pytest.mark.parametrize(
    ("abi", "libc"), [("gnueabihf", "glibc"), ("musleabi", "musl"), ("uclibcgnueabihf", "uclibc"), ("elf", None)]
)
def test_a_triplets_last_word_names_its_libc(abi: str, libc: str | None) -> None:
    assert libc_of_abi(abi) == libc


def test_a_newest_libc_takes_wheels_of_all_versions() -> None:
    assert {"manylinux_2_17_aarch64", "manylinux_2_43_aarch64"} <= set(newest_libc("glibc").platforms("aarch64", None))
    assert newest_libc("uclibc").platforms("armv7l", "hard") == []


def test_only_uclibc_has_to_be_the_very_same() -> None:
    assert Libc("glibc", "2.28").starting == "glibc 2.28 or a newer one"
    assert Libc("uclibc", "1.0.31").starting == "uclibc 1.0.31"
