"""A full disk, a stopped process, files from the future, two runs at once: the next run gives the undisturbed bytes.

    python benchmarks/faults.py [--places 30] [--stops 10] [--seed 0]

The project is that of benchmarks/kills.py. Its build folder and its cache are in a small file system of their own
(tmpfs, in a mount namespace), which is full at one place after the other; then it gets room, and the next run is
compared. Prints each fault after which the next run failed, gave other bytes, or a traceback was shown, and ends with 1
if there is any.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "site_scons/site_tools"), str(ROOT)]

from benchmarks.kills import Wheels  # noqa: E402

_DAY = 86_400
_NAMESPACE = ["unshare", "--mount"] if os.getuid() == 0 else ["unshare", "--mount", "--map-root-user"]


def digest(products: dict[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(data).hexdigest() for name, data in products.items()}


class SmallDisk(Wheels):
    """The project, with all that it writes in a file system whose size can be changed."""

    @classmethod
    def of(cls, folder: Path) -> SmallDisk:
        """One that was made before."""
        project = cls.__new__(cls)
        project.folder, project.mirror = folder, folder / "mirror"
        return project

    @property
    def disk(self) -> Path:
        return self.folder / "disk"

    @property
    def goals(self) -> tuple[str, ...]:
        return "all", "pkgs=top", f"build={self.disk / 'build'}", f"cache={self.disk / 'cache'}"

    def products(self) -> dict[str, bytes]:
        folder = self.disk / "build/rv1126"
        files = [*folder.glob("stages/*.tar.zst"), *folder.glob("wheels/**/*")]
        kept = [file for file in files if file.is_file() and ".debug." not in file.name]
        return {str(file.relative_to(folder)): file.read_bytes() for file in kept}

    def mount(self, kilobytes: int, *, again: bool = False) -> None:
        options = f"size={kilobytes}k" + (",remount" if again else "")
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", self.disk], check=True)


def fill(folder: Path, kilobytes: int) -> None:
    """In a mount namespace: one run with so much room, and one with enough. Prints what happened as JSON."""
    project = SmallDisk.of(folder)
    project.mount(kilobytes)
    first = subprocess.run(
        project.command(*project.goals),
        cwd=folder,
        env=project.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    project.mount(1 << 20, again=True)
    used = int(
        subprocess.run(["du", "-sk", project.disk], capture_output=True, text=True, check=True).stdout.split()[0]
    )
    try:
        project.scons(*project.goals)
        says = "a traceback" if "Traceback" in first.stdout + first.stderr else ""
    except (AssertionError, subprocess.SubprocessError) as error:
        says = f"the next run failed: {error}"
    print(json.dumps({"code": first.returncode, "says": says, "used": used, "products": digest(project.products())}))


def run_with(folder: Path, kilobytes: int) -> dict[str, Any]:
    command = [*_NAMESPACE, sys.executable, __file__, "--fill", str(kilobytes), "--folder", str(folder)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    return json.loads(run.stdout) if run.returncode == 0 else {"says": run.stderr[-2000:], "code": 1, "products": {}}


def fill_the_disk(places: int) -> Iterator[tuple[str, str]]:
    """Each place with what is wrong there; the first run has room enough, and says how much it needs."""
    with TemporaryDirectory() as name:
        project = SmallDisk(Path(name) / "project")
        project.disk.mkdir()
        whole = run_with(project.folder, 1 << 20)
        assert whole["code"] == 0 and not whole["says"], whole
        for number in range(places):
            size = 16 + int(whole["used"]) * number // places
            end = run_with(project.folder, size)
            changed = sorted({name for name, _ in end["products"].items() ^ whole["products"].items()})
            says = f"other bytes: {', '.join(changed)}" if changed else ""
            yield f"disk full at {size} kB{' (it was enough)' if not end['code'] else ''}", str(end["says"]) or says


def stop_it(stops: int, chance: random.Random) -> Iterator[tuple[str, str]]:
    """SIGSTOP for scons and all that it started, at a random moment, and SIGCONT two seconds later."""
    with TemporaryDirectory() as name:
        project = Wheels(Path(name) / "project")
        begin = time.monotonic()
        project.scons(*project.goals)
        duration, undisturbed = time.monotonic() - begin, project.products()
        for _ in range(stops):
            project.clear(keeps_cache=False)
            moment = chance.uniform(0, duration)
            run = project.start(*project.goals)
            time.sleep(moment)
            for sign in (signal.SIGSTOP, signal.SIGCONT):
                os.killpg(run.pid, sign) if run.poll() is None else None
                time.sleep(2 if sign == signal.SIGSTOP else 0)
            run.communicate(timeout=300)
            yield f"stopped after {moment:.1f} s", compare(project, undisturbed, run.returncode)
        yield "files from tomorrow", from_tomorrow(project, undisturbed)
        yield "two runs at once", at_once(project, undisturbed)


def compare(project: Wheels, undisturbed: dict[str, bytes], code: int) -> str:
    if code:
        return f"it ended with {code}"
    return "" if project.products() == undisturbed else "other bytes"


def from_tomorrow(project: Wheels, undisturbed: dict[str, bytes]) -> str:
    """The clock was set back: all that was written is of tomorrow. A source that changes now is built nevertheless."""
    for path in project.folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            os.utime(path, (time.time() + _DAY, time.time() + _DAY))
    project.scons(*project.goals)
    if project.products() != undisturbed:
        return "other bytes"
    project.add("base", code="int f(void){return 2;}\n")
    project.scons(*project.goals)
    if project.products() == undisturbed:
        return "a changed source was not built"
    project.add("base")
    project.scons(*project.goals)
    return compare(project, undisturbed, 0)


def at_once(project: Wheels, undisturbed: dict[str, bytes]) -> str:
    """Two runs in one folder: one of them may be refused, and the products are right."""
    project.clear(keeps_cache=False)
    runs = [project.start(*project.goals) for _ in range(2)]
    told = [run.communicate(timeout=300)[0] for run in runs]
    if any("Traceback" in text for text in told) or all(run.returncode for run in runs):
        return f"they ended with {[run.returncode for run in runs]}"
    project.scons(*project.goals)
    return compare(project, undisturbed, 0)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--places", type=int, default=30)
    parser.add_argument("--stops", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--fill", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.fill is not None:
        fill(options.folder, options.fill)
        return 0
    ends: list[str] = []
    for faults in (fill_the_disk(options.places), stop_it(options.stops, random.Random(options.seed))):
        for fault, says in faults:
            ends.append(says)
            print(f"{fault}: {says or 'the same bytes'}", flush=True)
    print(f"{ends.count('')} of {len(ends)} faults survived with the same bytes")
    return ends.count("") < len(ends)


if __name__ == "__main__":
    sys.exit(main())
