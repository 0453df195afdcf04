"""What embedding costs a host project's own start: the CPU of a build that has nothing to do,
with crosspython and without.

    python benchmarks/embedding.py [--times 7] [--emulator qemu-x86_64]

The host has one C file's worth of work, up to date, and an SConscript of its own. With crosspython it declares all
components, the bundle, the sysroot and a deployment as well, and still asks for its own target alone. Each figure is
the least of several runs, taken in turn, so that a busy machine hits both alike. With --emulator, the instructions of
the programs are counted instead, so that no other load is measured (counting.py says what that needs), and those of
declaring one class of five fields, twice: as a frozen dataclass and as msgspec's.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from counting import Counter, build_plugin

TOOLS = Path(__file__).resolve().parents[1] / "site_scons" / "site_tools"
HOST = """\
env = Environment(tools=[])
mine = SConscript("mine/SConscript", exports="env")
"""
GUEST = f"""\
env.Tool("crosspython", toolpath=[{str(TOOLS)!r}], target="rv1126")
env.Components()
bundle = env.Bundle()
env.Depends("image", [bundle, env.Sysroot(), env.Deploy(bundle, board="root@camera")])
"""
CLASSES = """\
import dataclasses, msgspec
for number in range({count}):
    {decorator}
        name: str
        folder: str = "."
        options: tuple = ()
        level: int = 1
        note: str = ""
"""
DECORATORS = {
    "a frozen dataclass": "@dataclasses.dataclass(frozen=True)\n    class Kind:",
    "a frozen msgspec.Struct": "class Kind(msgspec.Struct, frozen=True):",
}
MINE = """\
Import("env")
env.Command("mine.txt", "SConscript", Copy("$TARGET", "$SOURCE"))
"""


def cpu(folder: Path) -> float:
    """Seconds of processor time that one run takes; it has to have nothing to do."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run = [sys.executable, "-m", "SCons", "-Q", "mine"]
    output = subprocess.run(run, cwd=folder, capture_output=True, text=True, check=True).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if "up to date" not in output:
        sys.exit(f"it had something to do:\n{output}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def count_instructions(counter: Counter, *arguments: str) -> float:
    """Millions of instructions that Python takes; the first run writes bytecode."""
    for _ in range(2):
        counted, _ = counter.count([sys.executable, *arguments])
    return counted / 1e6


def count_all(folders: dict[str, Path], emulator: str, place: Path) -> None:
    """Print the table in millions of instructions."""
    counter = Counter(build_plugin(place), emulator, Path("/"), {"PATH": os.environ["PATH"], "PYTHONHASHSEED": "0"})
    found = {
        what: count_instructions(counter, "-m", "SCons", "-Q", "-C", str(folder), "mine")
        for what, folder in folders.items()
    }
    print_table("million instructions", found, 1)
    none = count_instructions(counter, "-c", CLASSES.format(count=0, decorator=DECORATORS["a frozen dataclass"]))
    print("\n| a class | million instructions |\n| --- | --- |")
    for what, decorator in DECORATORS.items():
        many = count_instructions(counter, "-c", CLASSES.format(count=50, decorator=decorator))
        print(f"| {what} | {(many - none) / 50:.2f} |")


def print_table(unit: str, found: dict[str, float], digits: int) -> None:
    print(f"| a host's own no-op | {unit} |\n| --- | --- |")
    for what, figure in found.items():
        print(f"| {what} | {figure:.{digits}f} |")
    alone, ours = found["without crosspython"], found["with crosspython"] - found["without crosspython"]
    print(
        f"| difference | {ours:.{digits}f} |\n\nthe difference, as a part of the host's own no-op: {ours / alone:.2f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=7)
    parser.add_argument("--emulator", help="an emulator of this machine, with plugins")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="crosspython-benchmark-") as name:
        hosts = {"without crosspython": HOST, "with crosspython": HOST + GUEST}
        folders = {}
        for number, (what, text) in enumerate(hosts.items()):
            folders[what] = folder = Path(name) / str(number)
            (folder / "mine").mkdir(parents=True)
            (folder / "mine/SConscript").write_text(MINE)
            (folder / "SConstruct").write_text(text)
            subprocess.run([sys.executable, "-m", "SCons", "-Q", "mine"], cwd=folder, check=True, capture_output=True)
        if chosen.emulator:
            count_all(folders, chosen.emulator, Path(name))
        else:
            runs = [{what: cpu(folder) for what, folder in folders.items()} for _ in range(chosen.times)]
            print_table("CPU s", {what: min(run[what] for run in runs) for what in hosts}, 3)


if __name__ == "__main__":
    main()
