"""The audit: it checks whether a stage works on the board, and contains nothing of the build machine.

The facts come from the files themselves, never from the output of a build. All problems are collected before they are
reported. The stage belongs to the build machine, the prefix to the board. elf_rules.py has the rules for binaries; this
module has those for all kinds of files, and the error.
"""

from __future__ import annotations

import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from crosspython.elf.file import ELF_MAGIC, ElfFile, read_elf
from crosspython.elf.static_archive import THIN_ARCHIVE_MAGIC, read_archive_members
from crosspython.errors import AuditError, DamagedFileError
from crosspython.finish.board_needs import oldest_libc
from crosspython.finish.elf_rules import (
    ElfWanted,
    Problem,
    judge_elf,
    judge_identity,
    judge_libraries,
    judge_sonames,
    wanted_elf,
)
from crosspython.finish.leaks import BuildPaths
from crosspython.finish.rpath import find_providers
from crosspython.store.ar import ARCHIVE_MAGIC
from crosspython.store.walk import walk_entries
from crosspython.targets import Target
from crosspython.targets.libc import Libc
from crosspython.toolchain.facts import Toolchain


@dataclass(frozen=True)
class Audit:
    """The rules that follow from a target and its toolchain, for all its components."""

    target: Target
    toolchain: Toolchain
    provided: frozenset[str]
    forbidden: tuple[str, ...]

    def find_problems(self, stage: Path) -> list[Problem]:
        """Return all problems of a stage. If the target states its libc, the stage is checked against that libc."""
        return audit_stage(
            stage,
            wanted=wanted_elf(self.target.machine, self.target.float_abi, self.toolchain.time_bits),
            libc=oldest_libc(self.target, self.toolchain),
            forbidden_paths=self.forbidden,
            provided=self.provided,
            kernel=self.target.kernel,
            is_linked_with=True,
        )

    def require_clean(self, stage: Path, component: str, log: Path | None = None) -> None:
        """Raise one AuditError that lists all problems of a stage, if there are any."""
        require_clean(self.find_problems(stage), component, log)


@dataclass
class _Found:
    """The results of the walk over the files."""

    problems: list[Problem]
    elves: list[ElfFile]


def audit_stage(
    stage: Path,
    *,
    wanted: ElfWanted,
    libc: Libc,
    forbidden_paths: Sequence[str],
    provided: frozenset[str] = frozenset(),
    board_libraries: Iterable[str] | None = None,
    kernel: str | None = None,
    allows_runpath: bool = False,
    is_linked_with: bool = False,
) -> list[Problem]:
    """Return all problems that would keep a stage from working on the board, sorted by path; an empty list means none.

    `libc` is the oldest libc that products must load on. `provided` are the sonames of other components in the prefix's
    lib; `board_libraries` (patterns) defaults to the libraries of the libc. `allows_runpath` is for files that other
    people built: a RUNPATH also finds libraries. `is_linked_with` says that other components are linked with the
    libraries in lib.
    """
    stage = stage.absolute()
    build_paths = BuildPaths.without_neutral({*forbidden_paths, str(stage), str(stage.resolve())})
    found = _Found([], [])
    for entry in walk_entries(stage):
        path = Path(entry.path)
        if entry.is_symlink():
            found.problems += _judge_link(stage, path)
            continue
        found.problems += _judge_mode(stage, path)
        if entry.is_file(follow_symlinks=False):
            _judge_content(stage, path, build_paths, wanted, found)
    patterns = tuple(libc.libraries if board_libraries is None else board_libraries)
    providers = find_providers(stage, found.elves, provided)
    for elf in found.elves:
        found.problems += judge_elf(
            elf,
            stage,
            wanted=wanted,
            libc=libc,
            providers=providers,
            patterns=patterns,
            kernel=kernel,
            allows_runpath=allows_runpath,
        )
    if is_linked_with:
        found.problems += judge_sonames(stage, found.elves, providers, libc)
    return sorted(found.problems, key=lambda problem: (problem.path, problem.what))


def audit_libraries(tree: Path, elves: Sequence[ElfFile], patterns: Sequence[str]) -> list[Problem]:
    """Return the libraries that files of a finished tree need, but that are neither in the tree nor on the board.

    patterns: the libraries of the board
    """
    providers = find_providers(tree, elves, ())
    return [
        problem
        for elf in elves
        for problem in judge_libraries(elf, elf.path.relative_to(tree).as_posix(), providers, patterns)
    ]


def require_clean(
    problems: Sequence[Problem], component: str, log: Path | None = None, advice: str | None = None
) -> None:
    """Raise one AuditError that lists all problems, if there are any."""
    if problems:
        count = "one problem" if len(problems) == 1 else f"{len(problems)} problems"
        raise AuditError(
            f"{component}: the build made files that would not work on the board ({count})",
            evidence=[str(problem) for problem in problems],
            log=log,
            next=advice,
        )


def _judge_content(stage: Path, path: Path, build_paths: BuildPaths, wanted: ElfWanted, found: _Found) -> None:
    name = path.relative_to(stage).as_posix()
    leak = build_paths.find_in(path)
    if leak is not None:
        found.problems.append(Problem(name, "contains a path of the build machine", found=leak))
    with path.open("rb") as file:
        magic = file.read(len(ARCHIVE_MAGIC))
    try:
        if magic.startswith(ELF_MAGIC):
            elf = read_elf(path)
            found.elves += [elf] if elf is not None else []
        elif magic in (ARCHIVE_MAGIC, THIN_ARCHIVE_MAGIC):
            found.problems += _judge_archive(path, name, wanted)
    except DamagedFileError as error:
        found.problems.append(Problem(name, error.reason, found=error.found))


def _judge_archive(path: Path, name: str, wanted: ElfWanted) -> list[Problem]:
    """Check the objects of a static library. Only the first wrong object is reported: the others have the same
    problem."""
    folder = name.removesuffix(path.name)
    for member in read_archive_members(path):
        problems = judge_identity(member, folder + member.path.name, wanted)
        if problems:
            return problems
    return []


def _judge_mode(stage: Path, path: Path) -> list[Problem]:
    name = path.relative_to(stage).as_posix()
    mode = path.lstat().st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        return [Problem(name, "is not a file, a folder or a link", found=stat.filemode(mode))]
    problems = []
    if mode & (stat.S_ISUID | stat.S_ISGID):
        problems.append(Problem(name, "has the set-user-ID or set-group-ID bit", found=stat.filemode(mode)))
    if mode & stat.S_IWOTH:
        problems.append(Problem(name, "is writable by every user", found=stat.filemode(mode)))
    return problems


def _judge_link(stage: Path, path: Path) -> list[Problem]:
    name = path.relative_to(stage).as_posix()
    target = str(path.readlink())
    if target.startswith("/"):
        return [Problem(name, "is an absolute link", expected="a relative link", found=target)]
    if not path.exists():
        return [Problem(name, "is a link whose target does not exist", found=target)]
    if not path.resolve().is_relative_to(stage.resolve()):
        return [Problem(name, "is a link that leaves the prefix", found=target)]
    return []
