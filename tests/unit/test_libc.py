"""The facts that follow from a C library and its version."""

from __future__ import annotations

import pytest
from crosspython.targets.libc import LIBCS, USUAL, Libc, libc_of_abi, list_libcs, newest_libc, read_libc


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


def test_what_came_with_a_version_is_in_all_later_ones() -> None:
    assert [Libc("glibc", version).has_since("2.33") for version in ("2.9", "2.33", "2.40")] == [False, True, True]
    assert not Libc("musl", "1.2.5").has_since("") and not Libc("glibc", "unknown").has_since("2.33")


def test_a_wheel_is_for_all_boards_from_the_libc_that_it_needs_on() -> None:
    board = Libc("glibc", "2.36")
    assert board.oldest_platform("aarch64", None, Libc("glibc", "2.28")) == "manylinux_2_28_aarch64"
    assert board.oldest_platform("aarch64", None, None) == "manylinux_2_17_aarch64"
    assert Libc("musl", "1.2.5").oldest_platform("aarch64", None, None) is None  # nothing tells what a wheel needs
    assert board.oldest_platform("armv7l", "soft", None) is None  # pip takes none there


def test_libcs_are_listed_as_in_a_sentence() -> None:
    assert list_libcs(["musl", "uclibc", "glibc"]) == "musl, uClibc or glibc"
    assert list_libcs(["uclibc"]) == "uClibc"


@pytest.mark.parametrize("name", LIBCS)
def test_no_loader_is_taken_for_that_of_another_libc(name: str) -> None:
    loaders = [pattern.replace("*", "1") for pattern in LIBCS[name].loaders]
    assert loaders and all(Libc(name, "").is_own(loader) for loader in loaders)
    assert not any(Libc(other, "").is_own(loader) for other in LIBCS if other != name for loader in loaders)


def test_the_usual_libc_can_be_brought_along_and_chosen() -> None:
    assert LIBCS[USUAL].argv0 and LIBCS[USUAL].choice
