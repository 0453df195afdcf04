"""The rules for a target's file: the keys, their types, and which values must agree.

Knows neither files nor compilers. A new key has to be added here, and to `Target` in load.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from crosspython.errors import ConfigurationError
from crosspython.names import suggest
from crosspython.reading import Mistake
from crosspython.targets.libc import LIBCS, OTHERS, read_choice, read_libc
from crosspython.targets.machines import ALIASES, MACHINES, find_machine, fits_architecture
from crosspython.targets.triplet import Triplet, parse_triplet


class MachineName(str):
    """What `uname -m` says on the board."""

    @classmethod
    def read(cls, value: Any) -> MachineName:
        if not isinstance(value, str) or value not in MACHINES:
            meant = suggest(str(value), MACHINES, aliases=ALIASES)
            raise ValueError(
                f"the output of `uname -m` on the board: {', '.join(MACHINES)}", *([meant] if meant else [])
            )
        return cls(value)


class TripletText(str):
    """A triplet that can be taken apart."""

    @classmethod
    def read(cls, value: Any) -> TripletText:
        try:
            return cls(parse_triplet(value if isinstance(value, str) else "").text)
        except ConfigurationError as error:
            raise ValueError(error.expected) from error


Line = Annotated[str, Meta(pattern=r"^.+\Z", description="a line of text")]
Prefix = Annotated[
    str, Meta(pattern=r"^[^/\s]*[^/\s-]\Z", description="a name without a folder, and without the last dash")
]
Prefixes = Annotated[
    tuple[Prefix, ...],
    Meta(min_length=1, description="a list of at least one name such as arm-linux-gnueabihf"),
]
Flag = Annotated[str, Meta(pattern=r"^-\S+\Z", description="one flag, such as -mcpu=cortex-a7")]
Baseline = Annotated[
    str,
    Meta(pattern=rf"^({'|'.join(LIBCS)}) \d+\.\d+(\.\d+)*\Z", description='one such as "glibc 2.31" or "musl 1.2"'),
]
_CHOICES = [f"{name} {kind.choice}" for name, kind in LIBCS.items() if kind.choice]
LibcChoice = Annotated[
    str,
    Meta(
        pattern=rf"^(board|private|{'|'.join(OTHERS)}|{'|'.join(_CHOICES)})\Z",
        description=", ".join(f'"{name}"' for name in ("board", "private", *OTHERS))
        + ', or a glibc such as "glibc 2.28"',
    ),
]
Kernel = Annotated[str, Meta(pattern=r"^\d+\.\d+(\.\d+)*\Z", description='a string such as "4.19"')]
Cpu = Annotated[str, Meta(pattern=r"^\S+\Z", description="a CPU that QEMU knows, such as cortex-a7")]
Place = Annotated[
    str,
    Meta(
        pattern=r"^/(?!usr/?\Z)[^\s:]*[^\s:/]/?\Z",
        description="an absolute path of the board that is not /usr, such as /opt/python",
    ),
]


class TargetKeys(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of all target files. `Target` documents the meaning of each key."""

    extends: Annotated[str, Meta(min_length=1, description="a string, the name of a target or a path")] | None = None
    description: Line | None = None
    prefixes: Prefixes | None = None
    cflags: tuple[Flag, ...] | None = None
    generic: bool | None = None
    float_abi: Literal["hard", "soft"] | None = None
    libc: LibcChoice | None = None
    libc_baseline: Baseline | None = None
    kernel: Kernel | None = None
    emulator_cpu: Cpu | None = None
    prefix: Place | None = None


class WholeTarget(TargetKeys, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file that stands alone."""

    machine: Annotated[MachineName, Meta(description="the output of `uname -m` on the board")]
    triplet: Annotated[TripletText, Meta(description="one such as arm-linux-gnueabihf")]


class Extension(TargetKeys, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file that extends another."""

    machine: MachineName | None = None
    triplet: TripletText | None = None


def judge_agreement(values: Mapping[str, Any]) -> list[Mistake]:
    """The contradictions between machine, triplet, float ABI and flags. values: of a whole target, checked one by one
    before"""
    machine, triplet = find_machine(values["machine"]), parse_triplet(values["triplet"])
    if not triplet.is_linux:
        return [Mistake(("triplet",), f"{triplet.text!r} is for bare metal, not for Linux")]
    if not fits_architecture(machine, triplet.architecture):
        return [Mistake(("triplet",), f"a compiler for {triplet.text!r} does not make code for {machine.name}")]
    return [*_judge_float_abi(values, triplet, machine.float_abis), *_judge_libc(values, triplet)]


def _judge_libc(values: Mapping[str, Any], triplet: Triplet) -> Iterator[Mistake]:
    wanted, boards = read_choice(values.get("libc", "board")), values.get("libc_baseline")
    named = values.get("libc")
    if (wanted and triplet.has_other_libc) or (named in OTHERS and named != triplet.libc):
        yield Mistake(("libc",), f"{named} does not match triplet {triplet.text!r}")
    if wanted and boards and not read_libc(boards).loads(wanted):
        yield Mistake(("libc",), f"the board has {boards} (libc_baseline), and cannot load programs for {wanted}")


def _judge_float_abi(values: Mapping[str, Any], triplet: Triplet, known: tuple[str, ...]) -> Iterator[Mistake]:
    wanted = values.get("float_abi", triplet.float_abi)
    if wanted is None:
        if known:
            yield Mistake(("float_abi",), f"missing, expected {' or '.join(known)}")
        return
    if wanted not in known:
        allowed = f"expected {' or '.join(known)}" if known else f"{values['machine']} has only one: leave it out"
        yield Mistake(("float_abi",), f"{allowed}; found {wanted!r}")
        return
    if triplet.float_abi not in (None, wanted):
        yield Mistake(("float_abi",), f"{wanted} does not match triplet {triplet.text!r}")
    for number, flag in enumerate(values.get("cflags", ())):
        if _float_abi_of_flag(flag) not in (None, wanted):
            yield Mistake(("cflags", number), f"{flag} does not match float_abi {wanted}")


def _float_abi_of_flag(flag: str) -> str | None:
    """The float ABI of a GCC flag. ARM's softfp has the calling convention of soft; RISC-V's lp64d passes doubles in
    registers, lp64 passes no floating-point numbers there."""
    name, _, value = flag.partition("=")
    if name == "-mfloat-abi":
        return "hard" if value == "hard" else "soft"
    if name == "-mabi" and value.startswith("lp64"):
        return {"lp64d": "hard", "lp64": "soft"}.get(value, value)
    return None
