"""The pages of the documentation, as Markdown reads them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_item_of_a_list_begins_a_line(page: Path) -> None:
    lines = page.read_text().splitlines()
    assert [line for line in lines if re.search(r"\. (?:- \*\*.*|-|\d\.)$", line)] == []
