"""Instructions that a board's program takes, counted by QEMU's user-mode emulator: no other load is measured.

Needs an emulator with plugins (Debian: qemu-user 7.2; qemu-user-static has none), setarch and a C compiler.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).with_name("count_instructions.c")


def build_plugin(folder: Path) -> Path:
    plugin = folder / "libcount.so"
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-w", "-o", plugin, SOURCE], check=True)
    return plugin


@dataclass(frozen=True)
class Counter:
    """emulator: its program, such as qemu-arm; root: where the loader and libc are as on the board."""

    plugin: Path
    emulator: str
    root: Path
    environment: Mapping[str, str]

    def count(self, command: Sequence[str | Path], *, check: bool = True) -> tuple[int, str]:
        """Instructions of a run, and what it printed. The layout of its memory is the same each time."""
        with tempfile.NamedTemporaryFile(mode="r") as told:
            emulator = shutil.which(self.emulator) or self.emulator  # the run has no PATH
            words = ["setarch", "-R", emulator, "-L", self.root, "-plugin", self.plugin, "-d", "plugin"]
            run = subprocess.run(
                [*words, "-D", told.name, *command],
                env={"QEMU_RAND_SEED": "1", **self.environment},
                capture_output=True,
                text=True,
                check=check,
            )
            return int(told.read().split()[0]), run.stdout.strip()
