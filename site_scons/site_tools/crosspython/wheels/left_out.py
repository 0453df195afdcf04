"""Optional extensions that a build left out and went on: most backends say so in a line that nobody reads.

The patterns of such lines are left_out.toml. What an extension was for is not known here.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

_CATALOGUE = Path(__file__).with_name("left_out.toml")
_SHOWN = 3
_WIDTH = 160


def remark_left_out(output: Iterable[str]) -> tuple[str, ...]:
    """Remarks for the user on what a backend's output says was left out, the first few."""
    told = (line for line in output if any(pattern.search(line) for pattern in _read_patterns()))
    found = dict.fromkeys(line.strip(" \t*")[:_WIDTH] for line in told)
    return tuple(f"an optional extension may have been left out: {line}" for line in list(found)[:_SHOWN])


@cache
def _read_patterns() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(row["pattern"]) for row in tomllib.loads(_CATALOGUE.read_text(encoding="utf-8")).values())
