"""What is known of a toolchain once it was looked at, and the file in which that is remembered.

Knows the facts and how they are written down and read back. It runs nothing: where the facts come from is probe.py's.
All paths belong to the build machine.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from crosspython.errors import ToolchainError
from crosspython.store.disk import write_whole


@dataclass(frozen=True)
class Toolchain:
    """A cross compiler that was checked.

    prefix:         absolute path up to and including the dash: "/sdk/bin/arm-buildroot-linux-gnueabihf-"
    triplet:        what it says of itself (-dumpmachine)
    compiler:       "gcc 12.2.0"
    libc:           "glibc", "musl" or "uclibc"
    libc_version:   "2.36"; "unknown" where the libc does not tell
    kernel_headers: "6.1.0", or None where there are none
    sysroot:        the toolchain's own, or None: rooted in the build machine's /, as Debian's cross compilers are
    libc_folder:    where its libc.so lies
    fortran:        a Fortran compiler lies beside
    identity:       the facts that products depend on, as text; changes when the compiler or its libc changes
    """

    prefix: str
    triplet: str
    compiler: str
    libc: str
    libc_version: str
    kernel_headers: str | None
    sysroot: Path | None
    libc_folder: str
    fortran: bool
    identity: str

    def describe(self) -> str:
        """One line for the console."""
        kernel = f", Linux {self.kernel_headers} headers" if self.kernel_headers else ""
        return f"{self.prefix}gcc ({self.compiler}, {self.libc} {self.libc_version}{kernel})"

    @classmethod
    def read(cls, memory: Path) -> Toolchain:
        """Read the toolchain that load_toolchain remembered. Raises ToolchainError where there is none."""
        toolchain = recall(memory)
        if toolchain is None:
            raise ToolchainError(
                f"{memory}: no toolchain is remembered there", next=f"remove {memory.name} and start the build again"
            )
        return toolchain


def recall(memory: Path, key: dict[str, Any] | None = None) -> Toolchain | None:
    """Return what was remembered, if it was under this key (None: any); None for a missing or damaged memory."""
    try:
        known = json.loads(memory.read_text())
        facts = known["toolchain"]
        if key is not None and known["key"] != key:
            return None
        texts = {field.name: facts[field.name] for field in fields(Toolchain)}
    except (OSError, ValueError, KeyError, TypeError):
        return None
    strings = ("prefix", "triplet", "compiler", "libc", "libc_version", "libc_folder", "identity")
    if not all(isinstance(texts[name], str) for name in strings) or not isinstance(texts["fortran"], bool):
        return None
    return Toolchain(**texts | {"sysroot": Path(texts["sysroot"]) if texts["sysroot"] else None})


def remember(memory: Path, key: dict[str, Any], toolchain: Toolchain) -> None:
    """Write a toolchain down under a key, so that nobody ever reads half of it."""
    sysroot = str(toolchain.sysroot) if toolchain.sysroot else None
    write_whole(memory, json.dumps({"key": key, "toolchain": asdict(toolchain) | {"sysroot": sysroot}}, indent=1))
