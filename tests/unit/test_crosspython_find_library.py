"""ctypes.util.find_library in the Pythons that run build backends: of the board's compiler, and of nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import crosspython.wheels.building
import pytest

from tests.unit.made_elf import make_elf

DATA = Path(crosspython.wheels.building.__file__).parent / "data"
ASK = """\
import sys
sys.path.insert(0, sys.argv[1])
import crosspython_find_library
crosspython_find_library.install(sys.argv[2])
from ctypes.util import find_library
print(find_library(sys.argv[3]))
"""


def ask(folder: Path, name: str, *, soname: str = "", **environment: str) -> str:
    """The answer of a Python whose compiler knows only libz, beside a linker script of the same name."""
    library = folder / "usr/lib/libz.so"
    library.parent.mkdir(parents=True)
    library.write_bytes(make_elf())
    (folder / "usr/lib/libz.script").write_text("GROUP ( AS_NEEDED ( libz.so ) )")
    traced = f"{folder}/usr/lib/libz.script\n{library}"
    for tool, said in {
        "gcc": traced,
        "readelf": f" 0x0e (SONAME) Library soname: [{soname}]" if soname else "",
    }.items():
        script = f'#!/bin/sh\ncase "$*" in *-lz|*libz.so) echo "{said}" ;; esac\n'
        (folder / f"board-{tool}").write_text(script)
        (folder / f"board-{tool}").chmod(0o755)
    command = [sys.executable, "-c", ASK, str(DATA), f"{folder}/board-", name]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize(("soname", "answer"), [("libz.so.1", "libz.so.1"), ("", "libz.so")])
def test_a_library_of_the_boards_is_told_by_its_soname(tmp_path: Path, soname: str, answer: str) -> None:
    assert ask(tmp_path, "z", soname=soname, CROSSPYTHON_SYSROOT=str(tmp_path)) == answer


@pytest.mark.parametrize("name", ["c", "zstd", "crypt"])
def test_a_library_of_the_build_machine_alone_is_nowhere(tmp_path: Path, name: str) -> None:
    assert ask(tmp_path, name, CROSSPYTHON_SYSROOT=str(tmp_path), PATH="/usr/bin:/bin") == "None"


def test_without_a_sysroot_there_is_no_library(tmp_path: Path) -> None:
    assert ask(tmp_path, "z", soname="libz.so.1") == "None"
