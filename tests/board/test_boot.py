"""The virtual board itself: what it claims to be, it is."""

from __future__ import annotations

import time

import pytest

from tests.board.machine import Board

pytestmark = pytest.mark.slow


def test_the_board_is_a_32_bit_arm(board: Board) -> None:
    assert board.command("uname -m") == "armv7l\n"


def test_its_sister_is_a_64_bit_arm(board64: Board) -> None:
    assert board64.command("uname -m") == "aarch64\n"


def test_an_ordinary_user_has_a_home_of_his_own(board: Board) -> None:
    assert board.command("ls -ld /home/user").split()[:4:2] == ["drwx------", "user"]


def test_its_clock_is_that_of_today_after_a_resume(board: Board) -> None:
    assert abs(int(board.command("date +%s")) - time.time()) < 120
