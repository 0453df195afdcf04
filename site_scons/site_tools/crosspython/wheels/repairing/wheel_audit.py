"""Checks whether a wheel works on the board: reads its content, and applies the audit of stages to it.

Knows the special rules for wheels: the names of extension modules; no other component is linked with their libraries; a
build may leave out an extension without an error. finish/audit.py has the rules for code and paths. Paths belong to the
build machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from crosspython.elf.file import ElfFile
from crosspython.errors import AuditError
from crosspython.finish.audit import audit_stage
from crosspython.finish.elf_rules import Problem, ProblemKind, wanted_elf
from crosspython.store.ar import ARCHIVE_MAGIC
from crosspython.store.pieces import read_pieces
from crosspython.store.walk import find_files, walk_entries
from crosspython.targets import Target
from crosspython.wheels.repairing.archive import WheelTree
from crosspython.wheels.repairing.modules import init_symbol
from crosspython.wheels.tags import BoardTags, MachineCode

_SHOWN = 3  # names in a remark


@dataclass(frozen=True)
class WheelContents:
    """The machine code in a wheel. `extensions` are the extension modules that Python can import, by dotted name."""

    extensions: dict[str, Path]
    code: MachineCode


def read_contents(tree: WheelTree, elves: Sequence[ElfFile]) -> WheelContents:
    """Read a wheel's files: ELF files and static libraries are machine code, all others are not.

    elves: the tree's ELF files, but for those that are to be ignored
    """
    modules: dict[str, Path] = {}
    for elf in elves:
        if name := _module_of(elf, tree.site):
            modules[name] = elf.path
    others = len(elves) > len(modules) or any(is_static_library(path) for path in find_files(tree.root))
    return WheelContents(modules, MachineCode(tuple(path.name for path in modules.values()), others))


def _module_of(elf: ElfFile, site: Path) -> str | None:
    """The name by which Python imports a file; None if it is no extension module, which would define PyInit_<name>."""
    if elf.kind != "shared" or elf.path.suffix != ".so" or not elf.path.is_relative_to(site):
        return None
    parts = list(elf.path.relative_to(site).parts)
    parts[-1] = parts[-1].partition(".")[0]
    if parts[-1] == "__init__":
        parts.pop()
    name = ".".join(parts)
    symbol = init_symbol(name)
    return name if parts and any(symbol in piece for piece, _ in read_pieces(elf.path, len(symbol))) else None


def is_static_library(path: Path) -> bool:
    """Whether a file is an archive of objects."""
    with path.open("rb") as file:
        return file.read(len(ARCHIVE_MAGIC)) == ARCHIVE_MAGIC


def find_wheel_problems(
    tree: WheelTree,
    target: Target,
    board: BoardTags,
    *,
    forbidden: Iterable[str],
    provided: frozenset[str] = frozenset(),
    is_ready: bool = False,
    time_bits: int | None = None,
) -> list[Problem]:
    """Return all problems that would keep a wheel from working on the board.

    forbidden: folders of the build machine
    provided: sonames of libraries in the prefix's lib
    is_ready: it is a ready wheel, which may have a RUNPATH
    time_bits: the bits of time_t in the libraries that it was built against; None: it contains all code that it passes
               a time_t to
    """
    problems = [
        Problem(tree.name_in_wheel(Path(entry.path)), "is a link, which a wheel cannot contain")
        for entry in walk_entries(tree.root)
        if entry.is_symlink()
    ]
    if problems:
        return problems
    problems += [problem for path in find_files(tree.root) for problem in _judge_name(path, tree, board)]
    problems += audit_stage(
        tree.root,
        wanted=wanted_elf(target.machine, target.float_abi, time_bits),
        libc=board.libc,
        forbidden_paths=tuple(forbidden),
        provided=provided,
        kernel=target.kernel,
        allows_runpath=is_ready,
    )
    return problems


def find_foreign(problems: Iterable[Problem], tree: WheelTree, contents: WheelContents) -> list[Problem]:
    """The problems of files for other machines that are no extension modules: a package may choose one of several at
    run time."""
    modules = {path.relative_to(tree.root).as_posix() for path in contents.extensions.values()}
    return [problem for problem in problems if problem.kind is ProblemKind.FOREIGN and problem.path not in modules]


def remark_foreign(problems: Sequence[Problem], tree: WheelTree) -> list[str]:
    """The remark for the user about such files."""
    names = [tree.name_in_wheel(tree.root / problem.path) for problem in problems]
    if not names:
        return []
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return [f"chooses at run time among files, some of which this board cannot run: {', '.join(names[:_SHOWN])}{more}"]


def _judge_name(path: Path, tree: WheelTree, board: BoardTags) -> list[Problem]:
    """Check the suffix of an extension module: the board's Python never imports one with the suffix of another Python
    or machine."""
    name = tree.name_in_wheel(path)
    if ".cpython-" not in path.name or path.suffix != ".so" or path.name.endswith(board.suffixes[:-1]):
        return []
    found = path.name[path.name.index(".") :]
    return [Problem(name, "is not imported by the board's Python", expected=board.suffixes[0], found=found)]


def require_clean_wheel(problems: Sequence[Problem], title: str, site: str, log: Path | None) -> None:
    """Raise one AuditError that lists all problems, if there are any. `site` is site-packages below the prefix."""
    if problems:
        count = "one problem" if len(problems) == 1 else f"{len(problems)} problems"
        raise AuditError(
            f"{title}: the wheel would not work on the board ({count})",
            evidence=[str(problem).replace(f"{site}/", "") for problem in problems],
            log=log,
            next=_advise(problems),
        )


def _advise(problems: Sequence[Problem]) -> str | None:
    if any(problem.kind is ProblemKind.NO_LIBRARY for problem in problems):
        return "name the component that contains the library in an override of the package: docs/overrides.md"
    return None


def remark_dropped(contents: WheelContents, others: Iterable[str]) -> list[str]:
    """The remark for the user about a wheel without extension modules, if the project's wheels for other machines have
    some.

    others: file names of these wheels; one with a platform contains machine code, nearly always extension modules
    """
    if contents.code:
        return []
    native = sorted(name for name in others if not name.endswith("-any.whl"))
    if not native:
        return []
    return [
        f"contains no extension module, but {native[0]} does: an optional one may have been left out; the log says why"
    ]
