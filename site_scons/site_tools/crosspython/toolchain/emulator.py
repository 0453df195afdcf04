"""Runs the board's Python on the build machine: an unpacked bundle in QEMU's user-mode emulator.

CPython and its tests start `sys.executable` again, but the kernel of the build machine cannot run programs of another
machine (unless binfmt_misc is set up, which we cannot require). So a shell script takes the interpreter's place. It
starts the interpreter in the emulator, under the script's own name. Then `sys.executable`, a venv's link to it, and
multiprocessing all work.
"""

from __future__ import annotations

import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path

from crosspython.errors import CheckError, HostToolError
from crosspython.hosttools import find_tool, install_command
from crosspython.targets import Target
from crosspython.targets.libc import PRIVATE_FOLDER, PRIVATE_PROGRAMS
from crosspython.targets.machines import find_machine
from crosspython.toolchain.facts import Toolchain

_SCRIPT = """\
#!/bin/sh
# Written by crosspython: {name} in the emulator, under this script's name.
exec {command} "$@"
"""


@dataclass(frozen=True)
class EmulatedPython:
    """An unpacked bundle whose interpreter runs here. `python` starts it.

    direct: starts it without the script, for programs that read the ELF header of `sys.executable`: pip does, before it
        accepts a manylinux wheel on 32-bit ARM (packaging, _manylinux.py)
    """

    tree: Path
    python: Path
    series: str
    direct: tuple[str, ...] = ()


def find_emulator(machine: str, path: str) -> str:
    """QEMU's user-mode emulator for a machine, on PATH. Raises HostToolError with the package that brings it."""
    name = find_machine(machine).emulator
    if found := find_tool(name, path):
        return found
    raise HostToolError(
        f"there is no emulator for {machine} on this machine",
        expected=f"{name}-static or {name} on PATH",
        found="none",
        next=install_command([name]),
    )


def emulator_command(target: Target, root: Path, path: str) -> list[str]:
    """The emulator with the target's CPU. root: the folder with the loader and libc at their places on the board (see
    libc_root)"""
    command = [find_emulator(target.machine, path)]
    if target.emulator_cpu is not None:
        command += ["-cpu", target.emulator_cpu]
    return [*command, "-L", str(root)]


def has_loader(root: Path) -> bool:
    """Whether a folder contains a loader at its place on the board, lib/ld-*.so*."""
    return any(root.glob("lib*/ld-*.so*"))


def libc_root(toolchain: Toolchain) -> Path:
    """The folder that contains the loader at its place on the board, lib/ld-linux*.so.N. Raises CheckError."""
    folder = Path(toolchain.libc_folder)
    for root in (*([toolchain.sysroot] if toolchain.sysroot else []), *folder.parents):
        if has_loader(root):
            return root
    raise CheckError("the toolchain's loader was not found", expected=f"lib/ld-*.so* above {folder}", found="none")


def link_libraries(board_root: Path, folder: Path) -> Path:
    """Make a root that contains only links to a board's libraries. QEMU searches every file below its root first, also
    those in /dev and /tmp (its manual, "-L"). folder: made anew"""
    shutil.rmtree(folder, ignore_errors=True)
    for place in (*board_root.glob("lib*"), *board_root.glob("usr/lib*")):
        link = folder / place.relative_to(board_root)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(place)
    return folder


def emulate(tree: Path, target: Target, root: Path, path: str) -> EmulatedPython:
    """Put the emulator in front of the interpreter of an unpacked bundle. root: as of emulator_command"""
    interpreters = [p for p in tree.glob("bin/python3.*") if p.suffix[1:].isdigit() and not p.is_symlink()]
    if len(interpreters) != 1:
        raise CheckError(f"{tree} is not a bundle", expected="one bin/python3.N", found=f"{len(interpreters)} of them")
    python = interpreters[0]
    program = _behind(python)
    if not program.exists():
        python.rename(program)
    command, started = emulator_command(target, root, path), [str(program)]
    name_option, direct = "-0", [*command, str(program)]
    private = tree / PRIVATE_FOLDER
    if private.is_dir():
        # The starter executes the loader, but the kernel here cannot run it. So the loader is called in the emulator,
        # with the starter's arguments.
        command.append(str(private / python.name))
        started = ["--library-path", str(private), str(tree / PRIVATE_PROGRAMS / python.name)]
        name_option, direct = "--argv0", [*command, "--argv0", str(program), *started]
    words = f'{shlex.join(command)} {name_option} "$0" {shlex.join(started)}'
    python.write_text(_SCRIPT.format(name=target.name, command=words))
    python.chmod(0o755)
    return EmulatedPython(tree, python, python.name.removeprefix("python"), tuple(direct))


def _behind(python: Path) -> Path:
    return python.with_name(f".{python.name}.target")


def program_behind(python: Path) -> Path:
    """The ELF file of an interpreter, which may have been replaced by a script for the emulator."""
    program = _behind(python)
    return program if program.exists() else python


def check_environment(folder: Path, path: str) -> dict[str, str]:
    """The environment of the emulated Python: as little of this machine as possible."""
    home = folder / "home"
    home.mkdir(parents=True, exist_ok=True)
    return {
        "PATH": path,
        "HOME": str(home),
        "TMPDIR": str(home),
        "LANG": "C.UTF-8",
        "TERM": "xterm",
        "TZ": "UTC",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
