"""What `scons outdated` costs: wall and CPU seconds, the index asked a moment ago and, with --cold, never.

    python benchmarks/outdated.py [--tries 5] [--pkgs @benchmarks/wheels.txt] [--cold]

A lock is made first, in a folder of its own; uv's cache is the usual one, unless it is cold. Each try is a run of
scons, with Python's start. uv tells how long it resolved.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]
_LOG = "build/rv1126/logs/lock.log"


def run_scons(*words: str) -> tuple[float, float]:
    """Wall and CPU seconds of a run in the repository."""
    begin, before = time.monotonic(), os.times()
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "site_scons/site_tools")}
    command = [sys.executable, "-m", "SCons", "-s", *words]
    subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, check=True)
    wall, after = time.monotonic() - begin, os.times()
    return wall, sum(after[2:4]) - sum(before[2:4])


def resolving() -> str:
    """How long uv resolved in the last run, in its own words."""
    found = re.findall(r"Resolved .*", (ROOT / _LOG).read_text())
    return found[-1] if found else "not told"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tries", type=int, default=5)
    parser.add_argument("--pkgs", default=f"@{ROOT / 'benchmarks/wheels.txt'}")
    parser.add_argument("--cold", action="store_true", help="each try with an empty cache of uv")
    options = parser.parse_args()
    with TemporaryDirectory() as name:
        lock = f"lock={name}/pylock.toml"
        run_scons("lock", f"pkgs={options.pkgs}", lock)
        run_scons("outdated", lock)
        for number in range(options.tries):
            cold = [f"downloads={name}/{number}"] if options.cold else []
            wall, cpu = run_scons("outdated", lock, *cold)
            print(f"{wall:.2f} s, {cpu:.2f} s of CPU; uv: {resolving()}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
