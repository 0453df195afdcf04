"""The machines that boards have, as facts: one row each.

Knows how a machine is called by `uname -m`, by triplets, by ELF headers and by the emulator. It knows no board, no
compiler and no flags, and reads no file. Names of ELF machines are elf.h's.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from crosspython.errors import ConfigurationError
from crosspython.names import suggest


@dataclass(frozen=True)
class Machine:
    """One row: what `uname -m` says, and what others call it.

    architectures: shell patterns of a triplet's first word
    float_abis:    the conventions it can have; empty where there is only one
    emulator:      QEMU's user-mode emulator, without `-static`
    """

    name: str
    architectures: tuple[str, ...]
    elf: str
    bits: int
    emulator: str
    float_abis: tuple[str, ...] = ()
    little_endian: bool = True


# ARM's architecture stands in the triplet as `arm`, whatever its version; `armeb` is the other byte order.
_ARM = ("arm", "armv[5-8]*[!b]", "armv[5-8]")

_ROWS = (
    Machine("armv5tejl", _ARM, "EM_ARM", 32, "qemu-arm", ("soft",)),
    Machine("armv6l", _ARM, "EM_ARM", 32, "qemu-arm", ("hard", "soft")),
    Machine("armv7l", _ARM, "EM_ARM", 32, "qemu-arm", ("hard", "soft")),
    Machine("aarch64", ("aarch64",), "EM_AARCH64", 64, "qemu-aarch64"),
    Machine("riscv64", ("riscv64*",), "EM_RISCV", 64, "qemu-riscv64", ("hard", "soft")),
    Machine("i686", ("i[3-6]86",), "EM_386", 32, "qemu-i386"),
    Machine("x86_64", ("x86_64",), "EM_X86_64", 64, "qemu-x86_64"),
)
MACHINES = {row.name: row for row in _ROWS}


# What distributions, toolchains and vendors call them.
ALIASES = {
    "amd64": "x86_64",
    "x64": "x86_64",
    "x86-64": "x86_64",
    "i386": "i686",
    "i486": "i686",
    "i586": "i686",
    "x86": "i686",
    "arm64": "aarch64",
    "armv8": "aarch64",
    "armv8a": "aarch64",
    "armv8-a": "aarch64",
    "armhf": "armv7l",
    "armv7": "armv7l",
    "armv7a": "armv7l",
    "armv7-a": "armv7l",
    "armv7hf": "armv7l",
    "armv8l": "armv7l",
    "armv6": "armv6l",
    "armv6hf": "armv6l",
    "armel": "armv5tejl",
    "armv5": "armv5tejl",
    "armv5te": "armv5tejl",
    "armv5tel": "armv5tejl",
    "riscv": "riscv64",
    "rv64": "riscv64",
    "rv64gc": "riscv64",
}


def find_machine(name: str) -> Machine:
    """Return the row of a machine, by what `uname -m` says there. Raises ConfigurationError."""
    if name not in MACHINES:
        meant = suggest(name, MACHINES, aliases=ALIASES)
        raise ConfigurationError(
            f"the machine {name!r} is not known" + (f"; {meant}" if meant else ""),
            expected=f"what uname -m says on the board: {', '.join(MACHINES)}",
            found=name,
        )
    return MACHINES[name]


def fits_architecture(machine: Machine, architecture: str) -> bool:
    """Tell whether a triplet's first word names this machine's architecture."""
    return any(fnmatchcase(architecture, pattern) for pattern in machine.architectures)
