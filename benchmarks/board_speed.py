"""How fast Pythons for a board are, against each other: instructions that QEMU executes, so no other load is measured.

    python benchmarks/board_speed.py ours=build/rv1126/python-3.13.5-rv1126.tar.gz debian=/srv/armhf/usr/bin/python3.13

Each is a bundle, or a program in an unpacked root file system of its own; the last one is 1.000. The bundles run with
the libc of --root=FOLDER, a root file system too; without it, with that of the last one. Needs QEMU's emulator with
plugins (Debian: qemu-user 7.2; qemu-user-static has none), setarch and a C compiler. The figures repeat to
about 1e-3: -I leaves the hash seed to chance.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "site_scons" / "site_tools"))

from counting import Counter, build_plugin
from crosspython.elf.file import read_elf
from crosspython.store.tree import unpack_tree
from crosspython.targets.machines import MACHINES
from speed.workloads import WORKLOADS

HERE = Path(__file__).resolve().parent / "speed"
IMPORTS = "import asyncio, json, ssl, sqlite3, logging, argparse"


@dataclass(frozen=True)
class Python:
    """An interpreter for the board, and the root file system that it finds its libc in."""

    label: str
    program: Path
    root: Path

    def count(self, plugin: Path, *arguments: str) -> tuple[int, str]:
        """Instructions that a run took, and what it printed."""
        elf = read_elf(self.program)
        assert elf is not None, f"{self.program} is no program of a board"
        [emulator] = {machine.emulator for machine in MACHINES.values() if machine.elf == elf.machine}
        counter = Counter(plugin, emulator, self.root, {"LANG": "C.UTF-8"})
        return counter.count([self.program, "-I", *arguments])


def read_pythons(given: list[str], root: Path | None, folder: Path) -> list[Python]:
    """LABEL=FILE as the user wrote them."""
    pythons = []
    places = dict(each.split("=", 1) for each in given)
    last = Path(list(places.values())[-1]).resolve()
    for label, text in places.items():
        place = Path(text).resolve()
        if place.name.endswith(".tar.gz"):
            unpack_tree(place, folder / label)
            pythons.append(Python(label, (folder / label / "python/bin/python3").resolve(), root or last.parents[2]))
        else:
            pythons.append(Python(label, place, place.parents[2]))
    return pythons


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pythons", nargs="+", metavar="LABEL=FILE")
    parser.add_argument("--root", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pythons = read_pythons(given.pythons, given.root, folder)
        plugin = build_plugin(folder)
        for python in pythons:
            python.count(plugin, "-c", f"{IMPORTS}, re")  # bytecode that it may write is there then
        print("| instructions, millions |", " | ".join(python.label for python in pythons), "|")
        print("| --- |" + " --- |" * len(pythons))
        ratios: list[list[float]] = []
        for work in WORKLOADS:
            counts, answers = [], set()
            for python in pythons:
                instructions, answer = python.count(plugin, str(HERE / "workloads.py"), work.__name__)
                counts.append(instructions)
                answers.add(answer)
            assert answers == {str(work())}, f"{work.__name__}: {answers}"
            show(work.__name__, counts)
            ratios.append([count / counts[-1] for count in counts])
        means = [math.exp(sum(map(math.log, column)) / len(column)) for column in zip(*ratios, strict=True)]
        print("| geometric mean of the ratios |", " | ".join(f"{mean:.3f}" for mean in means), "|")
        for name, code in (("`-c pass`", "pass"), ("six imports", IMPORTS)):
            show(name, [python.count(plugin, "-c", code)[0] for python in pythons])


def show(name: str, counts: list[int]) -> None:
    cells = [f"{count / 1e6:.1f} ({count / counts[-1]:.3f})" for count in counts]
    print(f"| {name} |", " | ".join(cells), "|", flush=True)


if __name__ == "__main__":
    main()
