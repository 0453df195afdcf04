"""Checks one ELF file against the target.

The rules for programs, libraries and objects: the file is for the right machine, needs no libc newer than the board's,
finds every library, and has nothing that a hardened kernel or loader refuses. The facts were read before; a file is
opened again only to name the symbols behind a problem. Paths in problems are below the prefix.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from crosspython.elf.file import ElfFile
from crosspython.elf.versions import is_newer
from crosspython.finish.board_needs import is_board_library
from crosspython.finish.rpath import LIB, Providers
from crosspython.targets.libc import Libc
from crosspython.targets.machines import find_machine

_NAMED_SYMBOLS = 5
# The compiler's own libraries, which were built beforehand. No other code passes a time_t to them.
_COMPILERS = ("libgcc_s", "libgfortran", "libgomp", "libquadmath", "libstdc++")


@dataclass(frozen=True)
class ElfWanted:
    """The required properties of the target's ELF files: elf.h's machine name (EM_ARM), class, byte order, float ABI
    and time_t (None: any)."""

    machine: str
    bits: int
    little_endian: bool = True
    float_abi: str | None = None
    time_bits: int | None = None


def wanted_elf(machine: str, float_abi: str | None, time_bits: int | None = None) -> ElfWanted:
    """Return the required properties of files for a machine (`uname -m`). Raises ConfigurationError for an unknown
    machine.

    time_bits: the bits of time_t in the code that the files are used with; None: any
    """
    row = find_machine(machine)
    return ElfWanted(row.elf, row.bits, row.little_endian, float_abi, time_bits if row.bits == 32 else None)


class ProblemKind(Enum):
    """Problems that a caller can act on: a file for another machine; a library that is missing everywhere."""

    FOREIGN = auto()
    NO_LIBRARY = auto()


@dataclass(frozen=True)
class Problem:
    """One problem of one file of a stage, in words; with its kind if a caller needs it."""

    path: str
    what: str
    expected: str | None = None
    found: str | None = None
    kind: ProblemKind | None = None

    def __str__(self) -> str:
        if self.expected is not None and self.found is not None:
            return f"{self.path} {self.what}: expected {self.expected}, found {self.found}"
        detail = self.found or (f"expected {self.expected}" if self.expected is not None else None)
        return f"{self.path} {self.what}" + (f": {detail}" if detail else "")


def judge_identity(elf: ElfFile, name: str, wanted: ElfWanted) -> list[Problem]:
    """Compare the machine and float ABI of a file with those of the target. A file without a float ABI fits both."""
    found = _describe_identity(elf.machine, elf.bits, elf.little_endian)
    expected = _describe_identity(wanted.machine, wanted.bits, wanted.little_endian)
    if found != expected:
        return [Problem(name, "is for another machine", expected, found, ProblemKind.FOREIGN)]
    if None not in (elf.float_abi, wanted.float_abi) and elf.float_abi != wanted.float_abi:
        return [Problem(name, "has the wrong float ABI", wanted.float_abi, elf.float_abi, ProblemKind.FOREIGN)]
    return []


def judge_elf(
    elf: ElfFile,
    stage: Path,
    *,
    wanted: ElfWanted,
    libc: Libc,
    providers: Providers,
    patterns: Sequence[str],
    kernel: str | None,
    allows_runpath: bool = False,
) -> list[Problem]:
    """Return all problems of a file. A file for another machine is not checked further.

    `providers` maps libraries of the prefix to their folders; `patterns` are the board's libraries; `kernel` is the
    version of the board's kernel; `allows_runpath` permits a RUNPATH.
    """
    name = elf.path.relative_to(stage).as_posix()
    problems = judge_identity(elf, name, wanted)
    if problems or elf.kind == "relocatable":
        return problems
    problems += _judge_versions(elf, name, libc)
    problems += judge_libraries(elf, name, providers, patterns)
    problems += _judge_rpath(elf, name, allows_runpath)
    problems += _judge_time(elf, name, wanted.time_bits)
    if elf.interpreter is not None and not is_board_library(posixpath.basename(elf.interpreter), patterns):
        problems.append(Problem(name, "needs a loader that is not the board's", found=elf.interpreter))
    if elf.has_text_relocations:
        problems.append(Problem(name, "has text relocations", expected="position-independent code"))
    if elf.has_executable_stack:
        problems.append(Problem(name, "makes its stack executable", expected=".note.GNU-stack in every object"))
    if kernel is not None and elf.kernel is not None and is_newer(elf.kernel, kernel):
        problems.append(Problem(name, "needs a newer kernel", expected=f"{kernel} at most", found=elf.kernel))
    return problems


def _describe_identity(machine: str, bits: int, little_endian: bool) -> str:
    return f"{machine.removeprefix('EM_')}, {bits} bit, {'little' if little_endian else 'big'} endian"


def _judge_versions(elf: ElfFile, name: str, libc: Libc) -> list[Problem]:
    problems = []
    for version, needed in elf.libc_versions().items():
        if not libc.loads(needed):
            problems.append(
                Problem(name, f"needs {version} ({_list_symbols(elf, version)})", expected=f"{libc} at most")
            )
        elif not needed.number:
            problems.append(
                Problem(name, f"needs {version} ({_list_symbols(elf, version)}), which is not the version of a release")
            )
    return problems


def _list_symbols(elf: ElfFile, version: str) -> str:
    symbols = elf.symbols_needing(version)
    more = len(symbols) - _NAMED_SYMBOLS
    return ", ".join(symbols[:_NAMED_SYMBOLS]) + (f" and {more} more" if more > 0 else "") or "the loader itself"


def judge_libraries(elf: ElfFile, name: str, providers: Providers, patterns: Sequence[str]) -> list[Problem]:
    """Return the problems with a file's libraries: those that the loader will find neither in the file's RPATH nor
    on the board. See `judge_elf` for the arguments."""
    problems = []
    folder = posixpath.dirname(name)
    searched = {_resolve_origin(entry, folder) for entry in (elf.rpath or "").split(":")}
    for library in elf.needed:
        if library in providers:
            if searched.isdisjoint(providers[library]):
                places = " or ".join(providers[library])
                expected, found = f"{places} below the prefix", elf.rpath or "no RPATH"
                problems.append(Problem(name, f"will not find {library}", expected=expected, found=found))
        elif not is_board_library(library, patterns):
            what = f"needs {library}, which neither the prefix nor the board has"
            problems.append(Problem(name, what, kind=ProblemKind.NO_LIBRARY))
    return problems


def judge_sonames(stage: Path, elves: Iterable[ElfFile], providers: Providers, libc: Libc) -> list[Problem]:
    """Return the problems with the sonames of the libraries in lib. A program that is linked with a library needs it by
    its soname.

    A linker notes a library's soname, and its file's name where it has none (ld(1), -soname); the loader then opens a
    file of that name.
    """
    problems = []
    for elf in elves:
        name = elf.path.relative_to(stage).as_posix()
        if elf.kind != "shared" or posixpath.dirname(name) != LIB:
            continue
        if elf.soname is None:
            wanted = f"-Wl,-soname,{_usual_soname(elf.path.name)} when it is linked"
            problems.append(
                Problem(name, "has no soname, so programs will look for this file name on the board", expected=wanted)
            )
        elif LIB not in providers.get(elf.soname, ()):
            wanted = f"a file or link lib/{elf.soname}"
            problems.append(Problem(name, "will not be found by its soname", expected=wanted))
        elif libc.reserves(elf.soname):
            problems.append(
                Problem(name, f"has a name that {libc.name}'s loader reserves for itself", found=elf.soname)
            )
    return problems


def _usual_soname(file: str) -> str:
    """The usual soname of a library's file: libz.so.1 for libz.so.1.2.11, and libfoo.so for libfoo.so."""
    stem, dot, version = file.partition(".so.")
    return f"{stem}.so.{version.partition('.')[0]}" if dot else file


def _judge_time(elf: ElfFile, name: str, wanted: int | None) -> list[Problem]:
    """Check the size of time_t: in one process, code with one size misreads the values of code with the other size."""
    if wanted is None or elf.path.name.startswith(_COMPILERS):
        return []
    expected = f"{wanted}-bit time_t, as in other files"
    return [
        Problem(name, f"was compiled with a {bits}-bit time_t", expected=expected, found=", ".join(functions))
        for bits, functions in elf.time_functions().items()
        if bits != wanted
    ]


def _judge_rpath(elf: ElfFile, name: str, allows_runpath: bool) -> list[Problem]:
    """Allow only entries relative to the file, inside the prefix, that come before LD_LIBRARY_PATH (ld.so(8))."""
    expected = "a path that starts with $ORIGIN and stays in the prefix"
    if elf.has_runpath and not allows_runpath:
        found = elf.rpath
        return [Problem(name, "has a RUNPATH, which LD_LIBRARY_PATH overrides", expected="an RPATH", found=found)]
    if elf.rpath is None:
        return []
    folder = posixpath.dirname(name)
    if any(_resolve_origin(entry, folder) is None for entry in elf.rpath.split(":")):
        return [Problem(name, "has an RPATH that leaves the prefix", expected=expected, found=elf.rpath)]
    return []


def _resolve_origin(entry: str, folder: str) -> str | None:
    """Return the folder below the prefix that an RPATH's entry names, None if it names another."""
    head, slash, way = entry.partition("/")
    if head not in ("$ORIGIN", "${ORIGIN}"):
        return None
    place = posixpath.normpath(posixpath.join(folder or ".", way)) if slash else folder or "."
    return None if place == ".." or place.startswith("../") else place
