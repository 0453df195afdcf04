"""The board's Python on the build machine: QEMU's user-mode emulator under a tree that was unpacked from a bundle.

CPython and its tests start `sys.executable` again, and the kernel here runs no programs
of another machine (unless binfmt_misc is set up, which we cannot require).
So a shell script takes the interpreter's place and starts it in the emulator under the script's own name:
`sys.executable`, a venv's link to it and multiprocessing then all work.
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

    direct: starts it without the script in between, for what reads the ELF header of `sys.executable`: pip does, before
        it takes a manylinux wheel on 32-bit ARM (packaging, _manylinux.py)
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
    """The emulator with the target's CPU. root: where the loader and libc lie as on the board (libc_root)"""
    command = [find_emulator(target.machine, path)]
    if target.emulator_cpu is not None:
        command += ["-cpu", target.emulator_cpu]
    return [*command, "-L", str(root)]


def has_loader(root: Path) -> bool:
    """Whether a board's loader lies below a folder as on the board, at lib/ld-*.so*."""
    return any(root.glob("lib*/ld-*.so*"))


def libc_root(toolchain: Toolchain) -> Path:
    """The folder below which the loader lies as it does on the board, at lib/ld-linux*.so.N. Raises CheckError."""
    folder = Path(toolchain.libc_folder)
    for root in (*([toolchain.sysroot] if toolchain.sysroot else []), *folder.parents):
        if has_loader(root):
            return root
    raise CheckError("the toolchain's loader was not found", expected=f"lib/ld-*.so* above {folder}", found="none")


def link_libraries(board_root: Path, folder: Path) -> Path:
    """A root with a board's libraries and nothing else of it: QEMU looks for every file below its root first, for those
    in /dev and /tmp, too (its manual, "-L"). folder: made anew"""
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
        raise CheckError(f"{tree} is no bundle", expected="one bin/python3.N", found=f"{len(interpreters)} of them")
    python = interpreters[0]
    program = _behind(python)
    if not program.exists():
        python.rename(program)
    command, started = emulator_command(target, root, path), [str(program)]
    name_option, direct = "-0", [*command, str(program)]
    private = tree / PRIVATE_FOLDER
    if private.is_dir():
        # The starter executes the loader, which the kernel here refuses: it is called as the starter would.
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
    """The ELF file of an interpreter that may have the emulator in front of it."""
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
