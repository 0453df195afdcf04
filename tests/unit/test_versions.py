"""Versions of symbols, and their order."""

from __future__ import annotations

import pytest
from crosspython.elf.versions import is_newer, parse_version


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("GLIBC_2.34", (2, 34)),
        ("GLIBC_2.2.5", (2, 2, 5)),
        ("GLIBCXX_3.4.30", (3, 4, 30)),
        ("4.19", (4, 19)),
        ("GLIBC_PRIVATE", ()),
        ("GLIBC_ABI_DT_RELR", (2, 36)),
    ],
)
def test_versions_become_numbers(text: str, version: tuple[int, ...]) -> None:
    assert parse_version(text) == version


@pytest.mark.parametrize(
    ("version", "than", "newer"),
    [
        ("3.2.0", "3.2", False),
        ("3.2", "3.2.0", False),
        ("3.2.1", "3.2", True),
        ("5.10.0", "4.19", True),
        ("4.9", "4.19", False),
        ("GLIBC_2.34", "2.34", False),
    ],
)
def test_what_a_version_leaves_out_is_zero(version: str, than: str, newer: bool) -> None:
    assert is_newer(version, than) is newer
