"""Versions of symbols, and their order."""

from __future__ import annotations

import pytest
from crosspython.elf.versions import parse_version


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
