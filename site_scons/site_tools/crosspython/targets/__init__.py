"""Targets: boards as data. One TOML file a board, here or in the user's own tree; all its mistakes are told at once."""

from __future__ import annotations

import dataclasses
import tomllib
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from crosspython.errors import ConfigurationError
from crosspython.toolchain.machines import MACHINES

_SHIPPED = Path(__file__).parent
_LISTS = ("prefixes", "cflags")
_REQUIRED = ("machine", "triplet")


@dataclass(frozen=True)
class Target:
    """One board.

    machine:      what `uname -m` says there; wheel tags are made of it
    triplet:      the canonical one, which configure scripts get as --host and our compiler wrappers carry
    prefixes:     names that compilers for it go by, in the order in which they are looked for
    cflags:       options that choose the CPU
    libc_baseline: the board's own libc ("glibc 2.31", "musl 1.2"), where it is older than the toolchain's
    kernel:       the board's, where products must not ask for a newer one
    emulator_cpu: what QEMU calls the CPU
    prefix:       where Python lies on the board
    """

    name: str
    machine: str
    triplet: str
    description: str = ""
    prefixes: tuple[str, ...] = ()
    cflags: tuple[str, ...] = ()
    float_abi: str | None = None
    libc_baseline: str | None = None
    kernel: str | None = None
    emulator_cpu: str | None = None
    prefix: str = "/opt/python"


def target_names() -> tuple[str, ...]:
    """The boards that come with crosspython."""
    return tuple(sorted(path.stem for path in _SHIPPED.glob("*.toml")))


def load_target(name_or_path: str, start: Path) -> Target:
    """A shipped board by name, or a user's by the path of its TOML file, relative to `start`. Raises ConfigurationError."""
    if name_or_path in target_names():
        return _read(_SHIPPED / f"{name_or_path}.toml")
    path = start / Path(name_or_path).expanduser()
    if name_or_path.endswith(".toml") or "/" in name_or_path:
        return _read(path)
    close = get_close_matches(name_or_path, target_names(), n=1)
    raise ConfigurationError(
        f"target={name_or_path}: no such board",
        expected=f"one of {', '.join(target_names())}, or the path of a TOML file of your own",
        next=f"did you mean target={close[0]}?" if close else "docs/targets.md shows how to write one",
    )


def _read(path: Path) -> Target:
    data = _read_toml(path)
    base = data.pop("extends", None)
    if base is not None:
        inherited = load_target(str(base), path.parent)
        data = {**dataclasses.asdict(inherited), "description": "", **data}
    data.pop("name", None)
    problems = _find_problems(data)
    if problems:
        raise ConfigurationError(
            f"{path}: the target file is wrong", evidence=problems, next="docs/targets.md lists the keys"
        )
    return Target(name=path.stem, **{key: tuple(value) if key in _LISTS else value for key, value in data.items()})


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{path}: the target file cannot be read", found=error.strerror) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"{path}: the target file is not TOML", found=str(error), next="docs/targets.md shows one"
        ) from error


def _find_problems(data: dict[str, Any]) -> list[str]:
    known = {field.name for field in dataclasses.fields(Target)} - {"name"}
    problems = []
    for key in data:
        if key not in known:
            close = get_close_matches(key, known | {"extends"}, n=1)
            problems.append(f"{key}: no such key" + (f"; did you mean {close[0]}?" if close else ""))
    problems += [f"{key}: missing" for key in _REQUIRED if key not in data]
    for key in known & set(data):
        problems += _judge_type(key, data[key])
    return problems or _judge_machine(data)


def _judge_type(key: str, value: Any) -> list[str]:
    if key in _LISTS:
        good = isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value)
        return [] if good else [f"{key}: expected a list of strings, found {value!r}"]
    optional = value is None and key not in _REQUIRED
    return [] if optional or isinstance(value, str) else [f"{key}: expected a string, found {value!r}"]


def _judge_machine(data: dict[str, Any]) -> list[str]:
    """The machine is one we know, and agrees with the triplet and the float ABI."""
    problems = []
    machine = MACHINES.get(data["machine"])
    if machine is None:
        return [f"machine: {data['machine']!r} is not known; known are {', '.join(MACHINES)}"]
    arch = data["triplet"].split("-")[0]
    if arch not in machine.architectures:
        problems.append(f"triplet: {data['triplet']!r} does not make code for {data['machine']}")
    if data["triplet"].endswith("eabihf") and data.get("float_abi") == "soft":
        problems.append(f"float_abi: soft does not go with triplet {data['triplet']!r}")
    if data.get("float_abi") not in (None, *machine.float_abis):
        problems.append(f"float_abi: {data['float_abi']!r} is none of {', '.join(machine.float_abis) or 'none'}")
    prefix = data.get("prefix", "/opt/python")
    if not prefix.startswith("/") or prefix.rstrip("/") in ("", "/usr"):
        problems.append(f"prefix: {prefix!r} is not an absolute path of a folder of its own on the board")
    baseline = data.get("libc_baseline")
    if baseline is not None and (len(baseline.split()) != 2 or baseline.split()[0] not in ("glibc", "musl", "uclibc")):
        problems.append(f"libc_baseline: {baseline!r} is not like 'glibc 2.31' or 'musl 1.2'")
    return problems
