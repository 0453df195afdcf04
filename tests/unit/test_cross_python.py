"""cross-python is judged before it builds anything, and told flags that wheels can do with."""

from __future__ import annotations

from pathlib import Path

import pytest
from crosspython.errors import ToolchainError
from crosspython.wheels.building.cross_python import judge_answers, without_debug_information


def test_every_wrong_answer_is_named_with_the_right_one() -> None:
    expected = {"platform.machine()": "armv7l", "SOABI": "cpython-313-arm-linux-gnueabihf", "CC": "gcc"}
    answers = {"platform.machine()": "arm", "CC": "gcc"}
    with pytest.raises(ToolchainError) as caught:
        judge_answers(answers, expected, Path("log"))
    assert caught.value.evidence == (
        "platform.machine() should be 'armv7l'; got 'arm'",
        "SOABI should be 'cpython-313-arm-linux-gnueabihf'; got None",
    )


def test_right_answers_pass() -> None:
    judge_answers({"a": 1, "b": 2}, {"a": 1}, Path("log"))


def test_no_time_goes_into_debug_information() -> None:
    flags = {"CFLAGS": "-O3 -g -Wall -g3 -DX=-g", "OPT": "-DNDEBUG -g", "LDFLAGS": "-g"}
    assert without_debug_information(flags) == {"CFLAGS": "-O3 -Wall -DX=-g", "OPT": "-DNDEBUG "}
