"""Optional extensions that a successful build left out, and processes that it left running. Both are only reported by
lines in its output.

left_out.toml has the patterns for left-out extensions. This module does not know the purpose of an extension.
run/data/supervise.py writes the lines about processes.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

_CATALOGUE = Path(__file__).with_name("left_out.toml")
_LEFT_BEHIND = "crosspython: the build left a process running, which was ended: "
_SHOWN = 3
_WIDTH = 160


def remark_left_out(output: Iterable[str]) -> tuple[str, ...]:
    """Remarks for the user on what a backend's output says was left out, the first few."""
    told = (line for line in output if any(pattern.search(line) for pattern in _read_patterns()))
    found = dict.fromkeys(line.strip(" \t*")[:_WIDTH] for line in told)
    return tuple(f"an optional extension may have been left out: {line}" for line in list(found)[:_SHOWN])


def remark_left_behind(output: Iterable[str]) -> tuple[str, ...]:
    """Remarks for the user on processes that a build left running, the first few."""
    told = (line.partition(_LEFT_BEHIND) for line in output)
    found = dict.fromkeys(command for before, mark, command in told if mark and not before)
    return tuple(f"its build left a process running, which was ended: {command}" for command in list(found)[:_SHOWN])


@cache
def _read_patterns() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(row["pattern"]) for row in tomllib.loads(_CATALOGUE.read_text(encoding="utf-8")).values())
