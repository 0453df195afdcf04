"""How many cores a build keeps busy, and how many compilers it runs at once: mean and peak.

    python benchmarks/jobs.py [--] COMMAND ...        # such as: .venv/bin/scons target=rv1126 build=/tmp/new cache=none

Looks into /proc five times a second at all descendants of the command. Compilers are what does the work of a compilation
or a link (cc1, cc1plus, lto1, as, ld, rustc); a process counts as busy when it runs or is ready to (state R), so on a machine
that does other work too the mean is a lower bound, and the peak is not.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

WORKERS = frozenset({"cc1", "cc1plus", "lto1", "as", "ld", "ld.bfd", "ld.gold", "rustc"})
PAUSE = 0.2


@dataclass(frozen=True)
class Process:
    """A line of /proc/PID/stat (proc(5)): fields 2 to 4."""

    pid: int
    name: str
    state: str
    parent: int


def processes() -> Iterator[Process]:
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            text = (folder / "stat").read_text(errors="replace")
        except OSError:  # it has ended
            continue
        name, _, rest = text.partition("(")[2].rpartition(")")
        state, parent = rest.split()[:2]
        yield Process(int(folder.name), name, state, int(parent))


def descendants(root: int) -> list[Process]:
    """All processes below one. A child whose parent has ended is not found: it has another parent then."""
    children: dict[int, list[Process]] = {}
    for process in processes():
        children.setdefault(process.parent, []).append(process)
    found, waiting = [], [root]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += [process.pid for process in below]
    return found


def main() -> None:
    command = sys.argv[1:]
    if command[:1] == ["--"]:
        command = command[1:]
    if not command:
        sys.exit(__doc__)
    begin = time.monotonic()
    build = subprocess.Popen(command)
    busy, compilers = [], []
    while build.poll() is None:
        below = descendants(build.pid)
        busy.append(sum(process.state == "R" for process in below))
        compilers.append(sum(process.name in WORKERS and process.state == "R" for process in below))
        time.sleep(PAUSE)
    if build.returncode != 0 or not busy:
        sys.exit(build.returncode or "it ended before it was looked at")
    print(f"\n{len(busy)} looks in {time.monotonic() - begin:.0f} s\n\n| what | mean | peak |\n| --- | --- | --- |")
    for what, counts in (("processes that run", busy), ("compilers and linkers that run", compilers)):
        print(f"| {what} | {sum(counts) / len(counts):.2f} | {max(counts)} |")


if __name__ == "__main__":
    main()
