"""Facts of machines, by what `uname -m` says there: which compilers make code for them, and what their ELF files are."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Machine:
    """One machine.

    elf:           e_machine of its ELF files, by elf.h's name
    architectures: first parts of triplets whose compilers make code for it
    float_abis:    what a target may call its float ABI; empty where there is only one
    package:       Debian's package of a cross compiler for it
    emulator:      QEMU's user-mode emulator of it
    """

    elf: str
    bits: int
    architectures: tuple[str, ...]
    emulator: str
    float_abis: tuple[str, ...] = ()
    package: str | None = None


_ARM = ("arm", "armv7", "armv7a", "armv7l", "armv6", "armv6l")
_ARM_FLOATS = ("hard", "soft")

MACHINES = {
    "armv6l": Machine("EM_ARM", 32, _ARM, "qemu-arm", _ARM_FLOATS, "g++-arm-linux-gnueabihf"),
    "armv7l": Machine("EM_ARM", 32, _ARM, "qemu-arm", _ARM_FLOATS, "g++-arm-linux-gnueabihf"),
    "aarch64": Machine("EM_AARCH64", 64, ("aarch64",), "qemu-aarch64", (), "g++-aarch64-linux-gnu"),
    "riscv64": Machine("EM_RISCV", 64, ("riscv64",), "qemu-riscv64", ("hard", "soft"), "g++-riscv64-linux-gnu"),
    "i686": Machine("EM_386", 32, ("i386", "i486", "i586", "i686"), "qemu-i386", (), "g++-i686-linux-gnu"),
    "x86_64": Machine("EM_X86_64", 64, ("x86_64",), "qemu-x86_64", (), "g++-x86-64-linux-gnu"),
}
