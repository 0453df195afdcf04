"""The machines of boards: one row each, with all names and facts that depend on the machine.

Knows the names of a machine in `uname -m`, triplets, ELF headers, the emulator, build systems, Rust and wheels. CMake
uses the name of `uname -m`. This module knows no board, no compiler and no flags, and reads no file.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Literal

import msgspec

from crosspython.errors import ConfigurationError
from crosspython.names import suggest


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """One row: what `uname -m` says, and what others call it.

    aliases:       what distributions, toolchains and vendors call it
    architectures: shell patterns of a triplet's first word
    elf:           elf.h's name
    float_abis:    the conventions it can have; empty where there is only one
    emulator:      QEMU's user-mode emulator, without `-static`
    meson:         Meson's manual, "CPU families"
    openssl:       OpenSSL's Configurations/10-main.conf; the assembler code builds with the right one
    openblas:      OpenBLAS's TargetList.txt: what serves every core of it
    openblas_neon: the same for cores with NEON, where that has a name of its own
    rust:          by float ABI, the first word of Rust's triple, and what follows "gnu" or "musl" in the last one
                   (the rustc book, "Platform Support")
    debian:        by float ABI, what dpkg calls its architecture (dpkg's cputable and tupletable)
    suffix:        how CPython calls it in the names of extension modules (its configure.ac); "": as `uname -m` does
    starter_flags: GCC's flags for stages/data/starter.c: its first instruction must be an ARM one, not Thumb
    size_flag:     GCC's flag for its registers' size (x86 Options), which build systems such as OpenSSL's add
    long_double:   what numpy would find out of it by running a program (numpy/_core/meson.build)
    manylinux:     the N of the oldest glibc 2.N that wheels of others count from (PEP 600); None: pip takes none of
                   them (packaging, _manylinux.py)
    manylinux_abi: the float ABI that they have, where pip looks at it
    """

    name: str
    aliases: tuple[str, ...]
    architectures: tuple[str, ...]
    elf: str
    bits: int
    little_endian: bool = True
    float_abis: tuple[str, ...] = ()
    emulator: str
    meson: str
    openssl: str
    openblas: str
    openblas_neon: str | None = None
    rust: Mapping[str | None, tuple[str, str]] = {}
    debian: Mapping[str | None, str] = {}
    suffix: str = ""
    starter_flags: tuple[str, ...] = ()
    size_flag: str = ""
    long_double: str = "IEEE_DOUBLE_LE"
    manylinux: int | None = None
    manylinux_abi: str | None = None

    @property
    def endian(self) -> Literal["little", "big"]:
        """As Meson and `sys.byteorder` spell it."""
        return "little" if self.little_endian else "big"


# ARM is `arm` in triplets, for all versions of the architecture; `armeb` is the other byte order.
_ARM = ("arm", "armv[5-8]*[!b]", "armv[5-8]")

_ROWS = (
    Machine(
        name="armv5tejl",
        aliases=("armel", "armv5", "armv5te", "armv5tel"),
        architectures=_ARM,
        elf="EM_ARM",
        bits=32,
        float_abis=("soft",),
        emulator="qemu-arm",
        meson="arm",
        openssl="linux-armv4",
        openblas="ARMV5",
        rust={"soft": ("armv5te", "eabi")},
        debian={"soft": "armel"},
        suffix="arm",
        starter_flags=("-marm",),
    ),
    Machine(
        name="armv6l",
        aliases=("armv6", "armv6hf"),
        architectures=_ARM,
        elf="EM_ARM",
        bits=32,
        float_abis=("hard", "soft"),
        emulator="qemu-arm",
        meson="arm",
        openssl="linux-armv4",
        openblas="ARMV6",
        rust={"hard": ("arm", "eabihf"), "soft": ("arm", "eabi")},
        debian={"hard": "armhf", "soft": "armel"},
        suffix="arm",
        starter_flags=("-marm",),
    ),
    Machine(
        name="armv7l",
        aliases=("armhf", "armv7", "armv7a", "armv7-a", "armv7hf", "armv8l"),
        architectures=_ARM,
        elf="EM_ARM",
        bits=32,
        float_abis=("hard", "soft"),
        emulator="qemu-arm",
        meson="arm",
        openssl="linux-armv4",
        openblas="ARMV7",
        openblas_neon="CORTEXA9",  # for us, its names of ARMv7 cores differ only in NEON
        rust={"hard": ("armv7", "eabihf"), "soft": ("armv7", "eabi")},
        debian={"hard": "armhf", "soft": "armel"},
        suffix="arm",
        starter_flags=("-marm",),
        manylinux=17,
        manylinux_abi="hard",
    ),
    Machine(
        name="aarch64",
        aliases=("arm64", "armv8", "armv8a", "armv8-a"),
        architectures=("aarch64",),
        elf="EM_AARCH64",
        bits=64,
        emulator="qemu-aarch64",
        meson="aarch64",
        openssl="linux-aarch64",
        openblas="ARMV8",
        rust={None: ("aarch64", "")},
        debian={None: "arm64"},
        long_double="IEEE_QUAD_LE",
        manylinux=17,
    ),
    Machine(
        name="riscv64",
        aliases=("riscv", "rv64", "rv64gc"),
        architectures=("riscv64*",),
        elf="EM_RISCV",
        bits=64,
        float_abis=("hard", "soft"),
        emulator="qemu-riscv64",
        meson="riscv64",
        openssl="linux64-riscv64",
        openblas="RISCV64_GENERIC",
        rust={"hard": ("riscv64gc", "")},
        debian={"hard": "riscv64"},
        long_double="IEEE_QUAD_LE",
        manylinux=17,
    ),
    Machine(
        name="i686",
        aliases=("i386", "i486", "i586", "x86"),
        architectures=("i[3-6]86",),
        elf="EM_386",
        bits=32,
        emulator="qemu-i386",
        meson="x86",
        openssl="linux-x86",
        openblas="GENERIC",
        rust={None: ("i686", "")},
        debian={None: "i386"},
        suffix="i386",
        size_flag="-m32",
        long_double="INTEL_EXTENDED_12_BYTES_LE",
        manylinux=5,
    ),
    Machine(
        name="x86_64",
        aliases=("amd64", "x64", "x86-64"),
        architectures=("x86_64",),
        elf="EM_X86_64",
        bits=64,
        emulator="qemu-x86_64",
        meson="x86_64",
        openssl="linux-x86_64",
        openblas="GENERIC",
        rust={None: ("x86_64", "")},
        debian={None: "amd64"},
        size_flag="-m64",
        long_double="INTEL_EXTENDED_16_BYTES_LE",
        manylinux=5,
    ),
)
MACHINES = {row.name: row for row in _ROWS}
ALIASES = {alias: row.name for row in _ROWS for alias in row.aliases}


def find_machine(name: str) -> Machine:
    """Return the row of a machine, by its name in `uname -m`. Raises ConfigurationError."""
    if name not in MACHINES:
        meant = suggest(name, MACHINES, aliases=ALIASES)
        raise ConfigurationError(
            f"the machine {name!r} is not known" + (f"; {meant}" if meant else ""),
            expected=f"the output of `uname -m` on the board: {', '.join(MACHINES)}",
            found=name,
        )
    return MACHINES[name]


def fits_architecture(machine: Machine, architecture: str) -> bool:
    """Tell whether a triplet's first word names this machine's architecture."""
    return any(fnmatchcase(architecture, pattern) for pattern in machine.architectures)
