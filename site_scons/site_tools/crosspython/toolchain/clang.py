"""The questions that Clang answers in another way than GCC: its sysroot, and the programs that it runs.

Clang has no option that prints these, but it shows the commands that it would run (its manual, `-###`). Paths belong to
the build machine.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

from crosspython.errors import ToolchainError
from crosspython.toolchain.query import try_ask


@dataclass(frozen=True)
class ClangParts:
    """sysroot: the folder with the board's headers and libraries; programs: compiler and linker, by their names"""

    sysroot: Path
    programs: dict[str, Path]


def ask_clang(cc: Path, *, patience: float) -> ClangParts:
    """The parts of a Clang. Raises ToolchainError if it has no sysroot: it would use this machine's headers."""
    _, _, shown = try_ask(cc, "-###", "-x", "c", "-", patience=patience)
    commands = [shlex.split(line) for line in shown.splitlines() if line.startswith(' "')]
    words = [word for command in commands for word in command]
    sysroot = Path(words[words.index("-isysroot") + 1] if "-isysroot" in words else "/").resolve()
    if sysroot == Path("/"):
        raise ToolchainError(
            f"{cc}: Clang has no sysroot, so it would use the headers and libraries of the build machine",
            expected="a compiler that knows the board's sysroot",
            next="name a script as toolchain=, called TRIPLET-clang, that starts it with --target= and --sysroot="
            " (docs/targets.md, Toolchains)",
        )
    programs = [Path(command[0]) for command in commands]
    return ClangParts(sysroot, {program.name: program for program in programs if program.is_file()})
