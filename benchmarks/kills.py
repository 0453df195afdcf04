"""SIGKILL at random moments, for scons or for one of its children: the next run gives the undisturbed bytes.

    python benchmarks/kills.py [--count 200] [--seed 0]

The project is one of the tests', with two components whose configure is a few lines long, a wheel, and a cache that is
filled and read: what is killed are our own actions, between any two of them and within. Prints each kill after which
the next run failed, or gave other bytes, and ends with 1 if there is any.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "site_scons/site_tools"), str(ROOT)]

from tests.conftest import Project, processes_below  # noqa: E402
from tests.unit.made_wheel import make_wheel  # noqa: E402


class Wheels(Project):
    """Two components and a wheel that is taken ready."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.add("base")
        self.add("user", options='depends=["base"]')
        script = self.folder / "SConstruct"
        script.write_text(f'{script.read_text()}wheels = env.Wheels()\nenv.Alias("all", [nodes, wheels])\n')
        make_wheel(self.folder / "links", "top-1.0-py3-none-any.whl", {"top.py": "x = 1\n"})

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.folder / "links")}

    @property
    def goals(self) -> tuple[str, ...]:
        return "all", "pkgs=top", f"cache={self.folder / 'cache'}"

    def clear(self, keeps_cache: bool) -> None:
        shutil.rmtree(self.folder / "build", ignore_errors=True)
        if not keeps_cache:
            shutil.rmtree(self.folder / "cache", ignore_errors=True)

    def products(self) -> dict[str, bytes]:
        """Stage archives and the wheelhouse. Debug symbols are there only where no stage came from the cache."""
        folder = self.folder / "build/rv1126"
        files = [*folder.glob("stages/*.tar.zst"), *folder.glob("wheels/**/*")]
        kept = [file for file in files if file.is_file() and ".debug." not in file.name]
        return {str(file.relative_to(folder)): file.read_bytes() for file in kept}


def disturb(project: Wheels, moment: float, chance: random.Random) -> str:
    """Start a run and kill it, or one of its children; what was killed."""
    run = project.start(*project.goals)
    time.sleep(moment)
    below = [pid for pid in processes_below(project.folder) if pid != run.pid]
    victim = chance.choice(below) if below and chance.random() < 0.5 else run.pid
    try:
        os.kill(victim, signal.SIGKILL)
    except ProcessLookupError:
        victim = 0
    run.communicate(timeout=120)
    return "scons" if victim == run.pid else f"a child of {len(below)}" if victim else "nothing, it had ended"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    chance, failed = random.Random(options.seed), 0
    with TemporaryDirectory() as name:
        project = Wheels(Path(name) / "project")
        begin = time.monotonic()
        project.scons(*project.goals)
        duration, undisturbed = time.monotonic() - begin, project.products()
        for number in range(options.count):
            project.clear(keeps_cache=chance.random() < 0.3)
            moment = chance.uniform(0, duration)
            killed = disturb(project, moment, chance)
            try:
                project.scons(*project.goals)
                changed = sorted({name for name, _ in project.products().items() ^ undisturbed.items()})
                says = f"other bytes: {', '.join(changed)}" if changed else ""
            except (AssertionError, subprocess.SubprocessError) as error:
                says = f"the next run failed: {error}"
            if says:
                failed += 1
                print(f"kill {number} after {moment:.2f} s, {killed}: {says}", flush=True)
    print(f"{options.count - failed} of {options.count} kills survived with the same bytes")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
