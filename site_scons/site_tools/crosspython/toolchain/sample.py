"""A tiny program, compiled to see what code a compiler makes.

Knows which code a target can run, and how to report in one sentence that a compiler makes other code. It does not know
the compiler's name or libc. It writes only into a folder of the caller.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

from crosspython.errors import ToolchainError
from crosspython.targets import Target
from crosspython.targets.machines import MACHINES, find_machine
from crosspython.toolchain.find import prefix_of
from crosspython.toolchain.query import try_ask

_FREESTANDING = "double twice(double number) { return number + number; }\n"
_PROGRAM = '#include <stdio.h>\nint main(void) { return puts("") < 0; }\n'
_CXX_PROGRAM = "#include <string>\nint main(int count, char **) { return std::string(count, 'x').size() > 9; }\n"
_EVIDENCE_LINES = 6

# Messages of a compiler about the machine that it runs on: then flags and code are not the reason.
_OF_THE_MACHINE = (
    (
        "No space left on device|Disk quota exceeded",
        "a disk is full",
        "free some space there, or name another folder for temporary files: TMPDIR=FOLDER",
    ),
    (
        "Read-only file system|(?i:cannot create|can't create|unable to open) temporary"
        "|(?:cc\\w+\\.\\w+|/tmp\\S*): Permission denied",
        "it may not write its temporary files",
        "name a folder for them: TMPDIR=FOLDER",
    ),
    (
        "error while loading shared libraries|cannot execute|cannot find .ld.|error trying to exec"
        "|posix_spawn|execvp?:|Exec format error|installation problem",
        "one of its own programs cannot be started",
        "install the toolchain again, with its binutils and the libraries that they need",
    ),
    (
        "[Cc]annot allocate memory|virtual memory exhausted|out of memory|Killed signal"
        "|Resource temporarily unavailable",
        "there is not enough memory, or there are too many processes",
        "end other programs, or start with fewer jobs: -j1",
    ),
)


def check_code(cc: Path, target: Target, folder: Path, *, patience: float) -> str:
    """Compile and link for the target; return the loader that programs ask for. Raises ToolchainError."""
    complaint = compile_sample(cc, target, folder / "object.o", ("-c", "-x", "c"), _FREESTANDING, patience)
    if complaint is not None:
        _judge_plain(cc, target, folder, patience)
        raise compiler_refusal(cc, f"does not know the flags of {target.name}", " ".join(target.cflags), complaint)
    judge_code(cc, target, folder / "object.o")
    complaint = compile_sample(cc, target, folder / "program", ("-x", "c"), _PROGRAM, patience)
    if complaint is not None:
        _judge_plain(cc, target, folder, patience)
        raise compiler_refusal(cc, "cannot make a program", "headers and libraries of a libc", complaint)
    return judge_code(cc, target, folder / "program")


def find_no_cxx(cc: Path, target: Target, folder: Path, *, patience: float) -> str:
    """Why there is no C++ compiler that works, or "". Some SDKs have only the compiler, without its library.

    Raises ToolchainError if there is one that cannot be run on this machine.
    """
    cxx = Path(prefix_of(cc) + "g++")
    if not os.access(cxx, os.X_OK):
        return f"there is no {cxx.name}"
    complaint = compile_sample(cxx, target, folder / "cxx", ("-x", "c++"), _CXX_PROGRAM, patience)
    if complaint is None:
        return ""
    if _find_fault_of_machine(complaint) is not None:
        raise compiler_refusal(cxx, "cannot make a C++ program", "a C++ compiler with its library", complaint)
    said = next((line for line in complaint if "error" in line), complaint[-1])
    return f"{cxx.name} cannot make a program: {said.strip()}"


def compile_sample(
    compiler: Path,
    target: Target,
    product: Path,
    how: tuple[str, ...],
    text: str,
    patience: float,
    *,
    after: tuple[str, ...] = (),
) -> list[str] | None:
    """Compile a sample. Return None if that worked, else the compiler's messages. `after`: arguments after the program,
    such as libraries."""
    arguments = (*target.cflags, *how, "-", *after, "-o", str(product))
    status, said, complaint = try_ask(compiler, *arguments, input=text, cwd=product.parent, patience=patience)
    if status == 0 and product.exists():
        return None
    return (complaint or said).splitlines()[-_EVIDENCE_LINES:] or [f"exit status {status}, and no file"]


def _judge_plain(cc: Path, target: Target, folder: Path, patience: float) -> None:
    """Check the code that the compiler makes without our flags, to explain better than the compiler why they fail."""
    if (
        compile_sample(cc, replace(target, cflags=()), folder / "plain.o", ("-c", "-x", "c"), _FREESTANDING, patience)
        is None
    ):
        judge_code(cc, target, folder / "plain.o")


def compiler_refusal(compiler: Path, what: str, expected: str, complaint: list[str]) -> ToolchainError:
    """The error for a compiler that failed; if its messages name a problem of this machine, the error says so."""
    fault = _find_fault_of_machine(complaint)
    if fault is None:
        return ToolchainError(f"{compiler} {what}", expected=expected, evidence=complaint)
    said, reason, advice = fault
    return ToolchainError(f"{compiler} failed: {reason}", found=said, evidence=complaint, next=advice)


def _find_fault_of_machine(complaint: list[str]) -> tuple[str, str, str] | None:
    """A compiler's message about the machine that it runs on, the reason and an advice; None if there is none."""
    for words, reason, advice in _OF_THE_MACHINE:
        if said := next((line for line in complaint if re.search(words, line)), None):
            return said, reason, advice
    return None


def judge_code(cc: Path, target: Target, product: Path) -> str:
    """Compare a program with the code that the board runs; return the loader that the program needs, if any."""
    from crosspython.elf.file import read_elf  # pyelftools is slow to import, and a remembered toolchain needs none

    machine = find_machine(target.machine)
    elf = read_elf(product)
    if elf is None:
        raise ToolchainError(
            f"{cc} does not compile for Linux", expected=f"{machine.elf} ELF files", found="a file of another kind"
        )
    wanted, made = (
        _describe(machine.elf, machine.bits, machine.little_endian),
        _describe(elf.machine, elf.bits, elf.little_endian),
    )
    if made != wanted:
        name = _name_machine(elf.machine, elf.bits)
        raise ToolchainError(f"{cc} makes {name} code, which {target.name} cannot run", expected=wanted, found=made)
    if target.float_abi and elf.float_abi and elf.float_abi != target.float_abi:
        raise ToolchainError(
            f"{cc} makes {elf.float_abi}-float code, which {target.name} cannot run",
            expected=f"{target.float_abi}-float",
            found=f"{elf.float_abi}-float",
        )
    return elf.interpreter or ""


def _name_machine(elf: str, bits: int) -> str:
    fitting = [row.name for row in MACHINES.values() if (row.elf, row.bits) == (elf, bits)]
    return fitting[0] if len(fitting) == 1 else elf.removeprefix("EM_").lower()


def _describe(elf: str, bits: int, little_endian: bool) -> str:
    return f"{elf}, {bits}-bit, {'little' if little_endian else 'big'}-endian"
