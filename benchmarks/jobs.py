"""How many cores a build keeps busy, and how many compilers it runs at once: mean and peak.

    python benchmarks/jobs.py [--] COMMAND ...        # such as: scons target=rv1126 build=/tmp/new cache=none

Looks five times a second at all descendants of the command. Compilers and linkers are those that crosspython knows by
name; a process counts as busy when it runs or is ready to (state R), so on a machine that does other work too the mean
is a lower bound, and the peak is not.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / "site_scons" / "site_tools")]

from crosspython.run.census import COMPILERS, LINKERS, Process, processes  # noqa: E402  (the path comes first)

PAUSE = 0.2


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
        compilers.append(sum(process.name in COMPILERS | LINKERS and process.state == "R" for process in below))
        time.sleep(PAUSE)
    if build.returncode != 0 or not busy:
        sys.exit(build.returncode or "it ended before it was looked at")
    print(f"\n{len(busy)} looks in {time.monotonic() - begin:.0f} s\n\n| what | mean | peak |\n| --- | --- | --- |")
    for what, counts in (("processes that run", busy), ("compilers and linkers that run", compilers)):
        print(f"| {what} | {sum(counts) / len(counts):.2f} | {max(counts)} |")


if __name__ == "__main__":
    main()
