"""The requirements of products: libraries of the board's libc, versions of symbols, a kernel.

Reads these needs from a stage. The audit and the user decide whether a board meets them. Paths belong to the build
machine, except for the interpreter's, which belongs to the board.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from crosspython.elf.file import ElfFile, find_elf_files
from crosspython.elf.versions import libc_with, parse_version
from crosspython.targets import Target
from crosspython.targets.libc import Libc
from crosspython.toolchain.facts import Toolchain


def oldest_libc(target: Target, toolchain: Toolchain) -> Libc:
    """The oldest libc that products must load on: the one that the target's file states, else the toolchain's."""
    return target.libc_baseline or toolchain.libc


@dataclass(frozen=True)
class VersionNeed:
    """The newest needed symbol version of a kind (GLIBC, GLIBCXX, GCC, ...), with a file and symbol that need it."""

    version: str
    path: str
    symbol: str | None

    @property
    def libc(self) -> Libc | None:
        """The libc that brought this version; None for another library's."""
        return libc_with(self.version)

    def __str__(self) -> str:
        return f"{self.version} ({self.path}{f': {self.symbol}' if self.symbol else ''})"


@dataclass(frozen=True)
class BoardNeeds:
    """All that a stage needs of the board; `kernel` is the oldest that is sufficient, None if no program states one."""

    machines: tuple[str, ...]
    interpreters: tuple[str, ...]
    libraries: tuple[str, ...]
    versions: dict[str, VersionNeed]
    kernel: str | None

    @property
    def of_libc(self) -> VersionNeed | None:
        """The newest version of the libc's symbols; None if it needs none, or if these have no versions."""
        return next((need for need in self.versions.values() if need.libc), None)

    def describe(self) -> list[str]:
        """Return the lines that tell a user what the board needs to have."""
        versions = ", ".join(str(need) for need in self.versions.values())
        return [
            f"machine:   {', '.join(name.removeprefix('EM_') for name in self.machines)}",
            f"loader:    {', '.join(self.interpreters) or 'none'}",
            f"libraries: {', '.join(self.libraries) or 'none'}",
            f"versions:  {versions or 'none'}",
            f"kernel:    {f'{self.kernel} or newer' if self.kernel else 'any'}",
        ]


def board_needs(stage: Path) -> BoardNeeds:
    """Read what a stage needs of the board: each library and loader that it does not hold itself, and the newest
    versions."""
    return sum_up_needs(stage, find_elf_files(stage))


def sum_up_needs(stage: Path, elves: Iterable[ElfFile]) -> BoardNeeds:
    """The same for ELF files of a stage that were read before."""
    elves = [elf for elf in elves if elf.kind in ("executable", "shared")]
    own = {elf.soname or elf.path.name for elf in elves if elf.kind == "shared"}
    kernels = [elf.kernel for elf in elves if elf.kernel is not None]
    return BoardNeeds(
        machines=tuple(sorted({elf.machine for elf in elves})),
        interpreters=tuple(sorted({each for elf in elves if (each := elf.interpreter) and Path(each).name not in own})),
        libraries=tuple(sorted({name for elf in elves for name in elf.needed} - own)),
        versions=_find_newest(stage, elves, own),
        kernel=max(kernels, key=parse_version, default=None),
    )


def is_board_library(name: str, patterns: Iterable[str]) -> bool:
    """Tell whether one of the board's libraries has this soname."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _find_newest(stage: Path, elves: Iterable[ElfFile], own: set[str]) -> dict[str, VersionNeed]:
    newest: dict[str, tuple[str, ElfFile]] = {}
    for elf in elves:
        for library, versions in elf.version_needs.items():
            for version in versions if library not in own else ():
                libc = libc_with(version)
                family = libc.kind.symbols if libc else version.rpartition("_")[0]
                if family not in newest or parse_version(version) > parse_version(newest[family][0]):
                    newest[family] = (version, elf)
    return {family: _name_need(stage, version, elf) for family, (version, elf) in sorted(newest.items())}


def _name_need(stage: Path, version: str, elf: ElfFile) -> VersionNeed:
    symbols = elf.symbols_needing(version)
    return VersionNeed(version, elf.path.relative_to(stage).as_posix(), symbols[0] if symbols else None)
