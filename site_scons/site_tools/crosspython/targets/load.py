"""Targets: boards described by TOML files, those that come with crosspython and the user's own.

Knows how to find and read a target's file, and how a file extends another one. rules.py defines the allowed content.
This module runs no compiler, and reads only TOML files of the build machine.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgspec.structs import asdict

from crosspython.errors import ConfigurationError
from crosspython.names import suggest
from crosspython.reading import Locate, Mistake, mistaken, read_data, read_toml
from crosspython.targets.libc import PRIVATE, USUAL, Libc, read_choice, read_libc
from crosspython.targets.machines import ALIASES
from crosspython.targets.rules import Extension, WholeTarget, judge_agreement
from crosspython.targets.triplet import parse_triplet

_SHIPPED = Path(__file__).resolve().parent
_DOCUMENTATION = "docs/targets.md says how to write one"


@dataclass(frozen=True)
class Target:
    """One board.

    machine:      the output of `uname -m` on the board; a part of wheel tags
    triplet:      canonical; autoconf's --host, and the prefix of our wrappers' names
    prefixes:     known names of compilers for the board, best first, without the trailing dash
    cflags:       CPU flags
    generic:      the cflags need no CPU feature that another board of this machine may lack
    float_abi:    "hard", "soft", or None if the machine has only one float ABI
    libc:         the glibc to build for if no SDK is given (the board's); None: the compiler's
    libc_baseline: the board's own libc; None: the toolchain's
    kernel:       the version of the board's kernel, "4.19"; or None
    emulator_cpu: a CPU of QEMU that has the features of cflags; None: QEMU's default
    prefix:       the path of Python on the board
    brings_libc:  the bundle brings the compiler's libc, so the board's own libc does not matter
    """

    name: str
    description: str
    machine: str
    triplet: str
    prefixes: tuple[str, ...]
    cflags: tuple[str, ...]
    generic: bool
    float_abi: str | None
    libc: Libc | None
    libc_baseline: Libc | None
    kernel: str | None
    emulator_cpu: str | None
    prefix: str
    brings_libc: bool = False

    def facts(self) -> dict[str, Any]:
        """The facts that compiled products depend on. A libc in the bundle affects only the bundle."""
        facts = dataclasses.asdict(self)
        del facts["brings_libc"]
        return facts


def target_names() -> tuple[str, ...]:
    """The targets that come with crosspython."""
    return tuple(sorted(path.stem for path in _SHIPPED.glob("*.toml")))


def load_target(name_or_path: str, start: Path) -> Target:
    """Read a target that comes with crosspython, by its name, or a TOML file; a relative path starts at `start`.

    Raises ConfigurationError that lists all that is wrong.
    """
    file = _find_file(name_or_path, start)
    values, locate = _read_chain(file, ())
    mistakes = judge_agreement(values)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+-]*", file.stem):
        expected = "letters, digits and . _ + -, since it names a folder"
        mistakes.append(Mistake(("the file's name",), f"expected {expected}; found {file.stem!r}"))
    if mistakes:
        raise mistaken(_name(file), mistakes, next=_DOCUMENTATION, locate=locate)
    return _make_target(file.stem, values)


def _make_target(name: str, values: dict[str, Any]) -> Target:
    boards = read_libc(values["libc_baseline"]) if "libc_baseline" in values else None
    libc = boards if boards and boards.kind.choice else None
    if "libc" in values:
        libc = read_choice(values["libc"])
    return Target(
        name=name,
        description=values.get("description", name),
        machine=values["machine"],
        triplet=values["triplet"],
        prefixes=tuple(values.get("prefixes", [values["triplet"]])),
        cflags=tuple(values.get("cflags", ())),
        generic=values.get("generic", False),
        float_abi=values.get("float_abi", parse_triplet(values["triplet"]).float_abi),
        libc=libc,
        libc_baseline=boards,
        kernel=values.get("kernel"),
        emulator_cpu=values.get("emulator_cpu"),
        prefix=values.get("prefix", "/opt/python").rstrip("/"),
        brings_libc=values.get("libc") == PRIVATE,
    )


def _find_file(name_or_path: str, start: Path) -> Path:
    if name_or_path in target_names():
        return _SHIPPED / f"{name_or_path}.toml"
    if "/" in name_or_path or name_or_path.endswith(".toml"):
        return start / Path(name_or_path).expanduser()
    meant = suggest(name_or_path, target_names(), "target={}", aliases=ALIASES)
    raise ConfigurationError(
        f"target={name_or_path}: no such target" + (f"; {meant}" if meant else ""),
        expected=f"{', '.join(target_names())}, or a path to a TOML file",
        found=name_or_path or "nothing",
        next=_DOCUMENTATION,
    )


def _read_chain(file: Path, readers: tuple[Path, ...]) -> tuple[dict[str, Any], Locate]:
    """The values of a file, with those of the file that it extends as defaults; and a function that finds its lines.

    A path in `extends` starts at the file's own folder.
    """
    if file.resolve() in readers:
        raise ConfigurationError(f"{_name(file)} extends itself", found=" -> ".join(map(_name, readers)))
    data, locate = read_toml(file, _name(file))
    kind = Extension if "extends" in data else WholeTarget
    keys = read_data(data, kind, _name(file), next=_DOCUMENTATION, locate=locate)
    values = {key: value for key, value in asdict(keys).items() if value is not None and key != "extends"}
    if keys.extends is None:
        return values, locate
    below, _ = _read_chain(_find_file(keys.extends, file.parent), (*readers, file.resolve()))
    if "libc_baseline" in values or parse_triplet(values.get("triplet", below["triplet"])).libc != USUAL:
        below.pop("libc", None)  # it was chosen for the libc of another board
    if "cflags" in values:
        below.pop("generic", None)
    return below | values, locate


def _name(file: Path) -> str:
    whose = f"{file.name} of crosspython" if file.parent == _SHIPPED else str(file)
    return f"target {file.stem}: {whose}"
