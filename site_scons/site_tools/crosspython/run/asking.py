"""Asks a program of the build machine a question that the run can do without: its output, or nothing.

It knows how programs fail to answer. It does not know what the answers mean.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence

_PATIENCE = 60.0  # seconds; package databases on a slow disk need some of them


def ask_program(command: Sequence[str], env: Mapping[str, str] | None = None) -> str:
    """What a program prints; empty if it does not exist, fails, or does not end within a minute.

    env: its environment; this process's by default
    """
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            env=env,
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""
