"""The size of time_t: by the abilities of libc and kernel headers, and by the compiler's own default."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from crosspython.targets import Target, load_target
from crosspython.targets.libc import read_libc
from crosspython.toolchain import time_bits
from crosspython.toolchain.time_bits import MACROS, Time, find_time

RV1126 = load_target("rv1126", Path())


def find(
    monkeypatch: pytest.MonkeyPatch,
    libc: str,
    kernel: str | None,
    *,
    target: Target = RV1126,
    plain: int = 32,
    asked: int = 64,
) -> Time:
    """The result for a compiler whose time_t has `plain` bits, and `asked` bits with glibc's macros."""
    monkeypatch.setattr(time_bits, "_measure", lambda cc, target, flags, *_: asked if flags else plain)
    return find_time(Path("gcc"), target, read_libc(libc), kernel, Path(), patience=1)


@pytest.mark.parametrize("plain", [32, 64])  # Debian 13's compiler and Yocto's CC set the macros themselves
def test_a_glibc_that_has_both_is_used_with_64(monkeypatch: pytest.MonkeyPatch, plain: int) -> None:
    assert find(monkeypatch, "glibc 2.34", "5.1.0", plain=plain) == Time(64, MACROS)


def test_musl_has_it_without_being_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert find(monkeypatch, "musl 1.2.3", "4.19.0", plain=64) == Time(64)


@pytest.mark.parametrize(
    ("libc", "kernel", "limit"),
    [
        ("glibc 2.31", "6.1.0", "glibc 2.31 is older than 2.34"),
        ("glibc 2.36", "4.19.0", "the toolchain's kernel headers (4.19.0) are older than 5.1"),
        ("glibc 2.36", None, "the toolchain's kernel headers (none) are older than 5.1"),
        ("musl 1.1.24", "6.1.0", "musl 1.1.24 has no 64-bit time_t"),
        ("uclibc 1.0.31", "6.1.0", "uclibc 1.0.31 has no 64-bit time_t"),
    ],
)
def test_otherwise_it_stays_32_and_says_why(
    monkeypatch: pytest.MonkeyPatch, libc: str, kernel: str | None, limit: str
) -> None:
    assert find(monkeypatch, libc, kernel) == Time(32, (), limit)


def test_the_boards_own_libc_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    found = find(monkeypatch, "glibc 2.36", "6.1.0", target=replace(RV1126, libc_baseline=read_libc("glibc 2.31")))
    assert found.limit == "glibc 2.31 is older than 2.34"
    found = find(monkeypatch, "glibc 2.36", "6.1.0", target=replace(RV1126, libc_baseline=read_libc("glibc 2.35")))
    assert found == Time(64, MACROS)


def test_a_target_may_ask_for_32(monkeypatch: pytest.MonkeyPatch) -> None:
    found = find(monkeypatch, "glibc 2.36", "6.1.0", target=replace(RV1126, cflags=("-D_TIME_BITS=32",)))
    assert found == Time(32, (), "the target's cflags ask for it")


def test_64_bit_machines_have_one_size(monkeypatch: pytest.MonkeyPatch) -> None:
    assert find(monkeypatch, "glibc 2.17", None, target=load_target("aarch64", Path())) == Time(64)
