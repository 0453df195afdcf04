"""The facts about a toolchain that was probed, and the file that holds them.

Knows the facts and how they are written and read back. It runs nothing: where the facts come from is probe.py's.
All paths belong to the build machine.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from crosspython.errors import ToolchainError
from crosspython.hosttools import install_command
from crosspython.store.disk import write_whole
from crosspython.store.fingerprints import status_of
from crosspython.targets.libc import Libc


@dataclass(frozen=True)
class Toolchain:
    """A cross compiler that was checked.

    prefix:         absolute path up to and including the dash: "/sdk/bin/arm-buildroot-linux-gnueabihf-"
    triplet:        what it says of itself (-dumpmachine)
    compiler:       "gcc 12.2.0"
    libc:           the one that its programs are linked with
    kernel_headers: "6.1.0", or None where there are none
    sysroot:        the toolchain's own, or None: rooted in the build machine's /, as Debian's cross compilers are
    libc_folder:    where its libc.so lies
    fortran:        a Fortran compiler lies beside
    identity:       the facts that products depend on, as text; changes when the compiler or its libc changes
    time_bits:      those of time_t in all products: 32 or 64
    time_flags:     what makes the compiler use them
    time_limit:     why they are 32, or ""
    launches:       its programs are scripts of ours that put CROSSPYTHON_LAUNCHER in front of the compiler themselves,
                    which other machines have, too
    parts:          the files that were read for it, with their status at that time
    """

    prefix: str
    triplet: str
    compiler: str
    libc: Libc
    kernel_headers: str | None
    sysroot: Path | None
    libc_folder: str
    fortran: bool
    identity: str
    time_bits: int
    time_flags: tuple[str, ...]
    time_limit: str
    launches: bool = False
    parts: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def is_untouched(self) -> bool:
        """Whether all of its parts are unchanged since it was probed."""
        return all(status_of(Path(part)) == status for part, status in self.parts.items())

    @property
    def is_old_gcc(self) -> bool:
        """Whether it is a GCC before 8."""
        family, _, version = self.compiler.partition(" ")
        return family == "gcc" and int(version.split(".")[0]) < 8

    @property
    def map_option(self) -> str:
        """Which option has products name another folder than the one that a file lies in.

        GCC 8 brought the one that covers __FILE__, too (its release notes); before, debug information alone was mapped.
        """
        return "-fdebug-prefix-map" if self.is_old_gcc else "-ffile-prefix-map"

    def describe(self) -> str:
        """One line for the console."""
        kernel = f", Linux {self.kernel_headers} headers" if self.kernel_headers else ""
        return f"{self.prefix}gcc ({self.compiler}, {self.libc}{kernel})"

    def describe_time(self) -> str:
        """One line for the user: whether products know dates after 2038."""
        if self.time_bits == 64:
            return "64-bit time"
        return f"32-bit time: dates end in January 2038, for {self.time_limit}"

    def require_fortran(self, wanted_by: str) -> None:
        """Raise ToolchainError where there is no Fortran compiler. wanted_by: what cannot be built without one."""
        if not self.fortran:
            raise ToolchainError(
                f"{wanted_by}: it is written in Fortran, and the toolchain has no Fortran compiler",
                expected=f"{self.prefix}gfortran",
                found="no such program",
                next=install_command([f"{self.triplet}-gfortran"]) or "take an SDK that has one, with toolchain=",
            )

    @classmethod
    def read(cls, file: Path) -> Toolchain:
        """Read what `write` wrote. Raises ToolchainError where that is missing or damaged."""
        try:
            facts = json.loads(file.read_text())
            sysroot = Path(facts["sysroot"]) if facts["sysroot"] else None
            own = {"libc": Libc(**facts["libc"]), "sysroot": sysroot, "time_flags": tuple(facts["time_flags"])}
            toolchain = cls(**facts | own)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ToolchainError(
                f"{file}: no toolchain is described there", next=f"remove {file.name} and start the build again"
            ) from error
        return toolchain

    def write(self, file: Path) -> None:
        """Write all facts, atomically."""
        sysroot = str(self.sysroot) if self.sysroot else None
        write_whole(file, json.dumps(asdict(self) | {"sysroot": sysroot}, indent=1))
