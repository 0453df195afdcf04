"""Triplets: the names that autoconf and GCC give to a kind of machine.

Knows how to split a triplet, and how its last word names the libc and the float ABI (GCC's config.gcc and the GNU
config.sub). It does not know the triplets of boards.
"""

from __future__ import annotations

import re

import msgspec

from crosspython.errors import ConfigurationError
from crosspython.targets.libc import LIBCS, OTHERS, USUAL, libc_of_abi


class Triplet(msgspec.Struct, frozen=True):
    """arm-buildroot-linux-gnueabihf: architecture, vendor ("" where none is named), system, abi."""

    text: str
    architecture: str
    vendor: str
    system: str
    abi: str

    @property
    def is_linux(self) -> bool:
        """Whether it is for programs on Linux, and not for bare metal."""
        return self.system == "linux"

    @property
    def libc(self) -> str | None:
        """The libc that it names: "glibc", "musl", "uclibc"; None if it names none."""
        return libc_of_abi(self.abi)

    @property
    def likely_libc(self) -> str:
        """The libc of its compilers: the one that it names, or else that of distributions' compilers."""
        return self.libc or USUAL

    @property
    def float_abi(self) -> str | None:
        """The float ABI in ARM's triplets: "hard" or "soft"; None for other machines."""
        if not self.architecture.startswith("arm") or "eabi" not in self.abi:
            return None
        return "hard" if self.abi.endswith("hf") else "soft"

    @property
    def has_other_libc(self) -> bool:
        """Whether it names a libc other than glibc, which distributions' compilers do not have."""
        return self.libc in OTHERS


def parse_triplet(text: str) -> Triplet:
    """Take a triplet of two to four words apart. Raises ConfigurationError."""
    words = text.split("-")
    if not 2 <= len(words) <= 4 or not all(re.fullmatch(r"[A-Za-z0-9_.]+", word) for word in words):
        raise ConfigurationError(
            f'"{text}" is not a triplet',
            expected="two to four words such as arm-linux-gnueabihf",
            found=text or "nothing",
        )
    architecture, *rest = words
    if "linux" in rest:
        position = rest.index("linux")
        return Triplet(text, architecture, "-".join(rest[:position]), "linux", "-".join(rest[position + 1 :]))
    if len(rest) == 1:
        return Triplet(text, architecture, "", "none", rest[0])
    return Triplet(text, architecture, rest[0], "none", rest[-1])


def triplet_with(libc: str, triplet: Triplet, float_abi: str | None) -> str:
    """The triplet in distributions' compiler names for the same machine and another libc."""
    word = "arm" if triplet.architecture.startswith("arm") else triplet.architecture
    return f"{word}-linux-{LIBCS[libc].abi}{end_of_abi(word, float_abi)}"


def end_of_abi(architecture: str, float_abi: str | None) -> str:
    """What follows the libc in the last word of a triplet: ARM's name of its ABI."""
    return {"hard": "eabihf"}.get(float_abi or "", "eabi") if architecture == "arm" else ""
