"""What a build costs: cold, no-op, one recipe changed, an empty folder with a warm cache;
against the commands of a guide, in the same run on this machine.

    python benchmarks/build.py [--jobs 2] [--without-guide]

Needs the sources in the store (`scons fetch`). Everything is built in a temporary folder; the table goes to standard
output, for docs/benchmarks.md. Times of children come from the kernel's own accounting (getrusage),
memory is the peak of the process that is started, without its children (VmHWM in /proc).
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Cost:
    """Seconds of wall clock, and of all processors together; bytes that the process itself had at its peak."""

    wall: float
    cpu: float
    memory: int

    @property
    def cores(self) -> float:
        return self.cpu / self.wall

    def row(self, what: str) -> str:
        return f"| {what} | {self.wall:.1f} | {self.cpu:.1f} | {self.cores:.2f} | {self.memory / 1e6:.0f} |"


def measure(command: list[str], cwd: Path) -> Cost:
    """Run a command to its end; it has to succeed."""
    # Python keeps what it has compiled of our modules, as it does for a user who did not forbid it.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    memory = 0
    with tempfile.TemporaryFile("w+") as output:
        run = subprocess.Popen(command, cwd=cwd, stdout=output, stderr=subprocess.STDOUT, env=environment)
        while run.poll() is None:
            memory = max(memory, peak_memory(run.pid))
            time.sleep(0.01)
        wall, after = time.monotonic() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
        if run.returncode != 0:
            output.seek(0)
            sys.exit(f"{' '.join(command)} failed:\n{output.read()[-3000:]}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(wall, cpu, memory)


def peak_memory(pid: int) -> int:
    """The most memory that a process had so far, in bytes; 0 when it has ended."""
    try:
        found = re.search(r"^VmHWM:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    except OSError:
        return 0
    return int(found[1]) * 1024 if found else 0


def best(command: list[str], cwd: Path, times: int = 5) -> Cost:
    return min((measure(command, cwd) for _ in range(times)), key=lambda cost: cost.cpu)


def copy_repository(folder: Path) -> Path:
    """The tracked files as they are in the working tree, so that a recipe can be changed."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(REPOSITORY / name, folder / name, follow_symlinks=False)
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--downloads", type=Path, default=Path("~/.cache/crosspython/sources").expanduser())
    parser.add_argument("--without-guide", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="crosspython-benchmark-") as name:
        copy = copy_repository(Path(name) / "repository")
        places = [f"downloads={chosen.downloads}", f"cache={name}/cache"]
        scons = [sys.executable, "-m", "SCons", "-Q", f"-j{chosen.jobs}", *places]
        subprocess.run([*scons, "fetch"], cwd=copy, check=True, stdout=subprocess.DEVNULL)
        shutil.rmtree(copy / "build")
        cold = measure([*scons, "target=rv1126"], copy)
        print(f"{platform.machine()}, {chosen.jobs} jobs, Python {platform.python_version()}\n")
        print("| what | wall s | CPU s | cores busy | memory MB |\n| --- | --- | --- | --- | --- |")
        print(cold.row("cold `scons target=rv1126`"), flush=True)
        if not chosen.without_guide:
            guide = measure(
                [
                    str(REPOSITORY / "benchmarks/guide.sh"),
                    str(chosen.downloads),
                    str(Path(name) / "guide"),
                    str(chosen.jobs),
                ],
                copy,
            )
            print(guide.row("the guide's commands, one after the other"), flush=True)
        no_op = best([*scons, "target=rv1126"], copy)
        print(no_op.row("no-op"), flush=True)
        start = best([sys.executable, "-c", "import SCons.Script"], copy)
        print(start.row("SCons's own start"), flush=True)
        print(best([*scons, "-h"], copy).row("`scons -h`"), flush=True)
        recipe = copy / "components/libuuid/SConscript"
        recipe.write_text(
            recipe.read_text().replace('"--disable-nls",', '"--disable-nls",\n        "--disable-rpath",')
        )
        print(measure([*scons, "target=rv1126"], copy).row("one recipe changed (libuuid), its product not"), flush=True)
        shutil.rmtree(copy / "build")
        print(measure([*scons, "target=rv1126"], copy).row("empty build folder, warm local cache"), flush=True)
        if not chosen.without_guide:
            wall, cpu = cold.wall / guide.wall, cold.cpu / guide.cpu
            print(f"\ncold build to the guide's commands: {wall:.2f} of the wall time, {cpu:.2f} of the CPU")
        print(f"no-op above SCons's own start: {no_op.cpu - start.cpu:.2f} s of CPU")
        print(f"cold build's wall to (CPU / {chosen.jobs}): {cold.wall / (cold.cpu / chosen.jobs):.2f}")


if __name__ == "__main__":
    main()
