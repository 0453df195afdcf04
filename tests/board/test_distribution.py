"""CPython's own tests on the board: a case that the distribution's Python does well there, ours does well, too.

A short list; `python -m tests.board.compare` runs the long one.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.board.compare import board_with_both, compare, explain
from tests.board.machine import Board

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
MODULES = {"test_struct": 30, "test_zlib": 50, "test_hashlib": 60, "test_select": 4}


@pytest.fixture(scope="module")
def both() -> Iterator[Board]:
    with board_with_both(MODULES) as board:
        yield board


@pytest.mark.parametrize(("module", "least"), MODULES.items())
def test_a_modules_cases_come_to_what_they_do_with_the_distributions(both: Board, module: str, least: int) -> None:
    common, differences = compare(both, module)
    assert len(common) >= least
    assert explain(differences) == []
