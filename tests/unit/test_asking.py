"""A program that does not answer is as good as none."""

from __future__ import annotations

import sys

import pytest
from crosspython.run import asking
from crosspython.run.asking import ask_program


def test_an_answer_is_what_it_prints() -> None:
    assert ask_program([sys.executable, "-c", "print('yes')"]) == "yes\n"


def test_its_environment_is_the_given_one() -> None:
    assert ask_program(["sh", "-c", "echo $ANSWER"], {"PATH": "/usr/bin:/bin", "ANSWER": "42"}) == "42\n"


def test_nothing_comes_from_one_that_fails_or_does_not_exist() -> None:
    assert ask_program(["sh", "-c", "echo half; exit 3"]) == ""
    assert ask_program(["no-such-program"]) == ""


def test_nothing_comes_from_one_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "_PATIENCE", 0.1)
    assert ask_program(["sh", "-c", "echo early; sleep 5"]) == ""


def test_bytes_that_are_no_text_are_no_reason_to_fail() -> None:
    assert ask_program(["printf", r"caf\351"]).startswith("caf")
