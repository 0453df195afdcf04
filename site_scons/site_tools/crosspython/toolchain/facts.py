"""The facts about a toolchain that was probed, and the file that holds them.

Knows the facts, and how to write and read them. It runs nothing: probe.py finds out the facts.
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
    triplet:        the compiler's own (-dumpmachine)
    compiler:       "gcc 12.2.0"
    libc:           the libc that its programs are linked with
    kernel_headers: "6.1.0", or None where there are none
    sysroot:        the toolchain's own, or None: rooted in the build machine's /, as Debian's cross compilers are
    libc_folder:    the folder of its libc.so
    fortran:        it has a Fortran compiler
    no_cxx:         why it has no C++ compiler that works, or ""
    linking:        options that its linker needs in addition
    identity:       the facts that products depend on, as text; changes when the compiler or its libc changes
    time_bits:      the bits of time_t in all products: 32 or 64
    time_flags:     the compiler's flags for this size
    time_limit:     why time_t has 32 bits, or ""
    launches:       its programs are our scripts, which put CROSSPYTHON_LAUNCHER in front of the real compiler
                    themselves, because other machines have that compiler, too
    parts:          the files of the compiler, with their status when it was probed
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
    no_cxx: str = ""
    linking: tuple[str, ...] = ()
    launches: bool = False
    parts: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def is_untouched(self) -> bool:
        """Whether all of its parts are unchanged since it was probed."""
        return all(status_of(Path(part)) == status for part, status in self.parts.items())

    @property
    def is_clang(self) -> bool:
        """Whether it is Clang. Another compiler is GCC."""
        return self.compiler.startswith("clang")

    @property
    def is_old_gcc(self) -> bool:
        """Whether it is a GCC before 8."""
        family, _, version = self.compiler.partition(" ")
        return family == "gcc" and int(version.split(".")[0]) < 8

    @property
    def map_option(self) -> str:
        """The option that replaces the folder of a source file in products by another name.

        Since GCC 8 there is one that also changes __FILE__ (its release notes); older ones change only debug
        information.
        """
        return "-fdebug-prefix-map" if self.is_old_gcc else "-ffile-prefix-map"

    def describe(self) -> str:
        """One line for the console."""
        kernel = f", Linux {self.kernel_headers} headers" if self.kernel_headers else ""
        no_cxx = ", no C++" if self.no_cxx else ""
        return f"{self.prefix}gcc ({self.compiler}, {self.libc}{kernel}{no_cxx})"

    def describe_time(self) -> str:
        """One line for the user: whether products can handle dates after 2038."""
        if self.time_bits == 64:
            return "64-bit time"
        return f"32-bit time: dates end in January 2038, because {self.time_limit}"

    def require_fortran(self, wanted_by: str) -> None:
        """Raise ToolchainError if there is no Fortran compiler. wanted_by: the component or package that needs one."""
        if not self.fortran:
            raise ToolchainError(
                f"{wanted_by}: it is written in Fortran, and the toolchain has no Fortran compiler",
                expected=f"{self.prefix}gfortran",
                found="no such program",
                next=install_command([f"{self.triplet}-gfortran"]) or "use an SDK that has one: toolchain=",
            )

    def require_profiles(self, wanted_by: str) -> None:
        """Raise ToolchainError if profiles (optimize=pgo) are not made as by GCC. wanted_by: as of require_fortran"""
        if self.is_clang:
            raise ToolchainError(
                f"{wanted_by}: optimize=pgo needs GCC, which writes profiles in another form than Clang",
                expected="GCC",
                found=self.compiler,
                next="build with optimize=none, or with a toolchain= of GCC",
            )

    @classmethod
    def read(cls, file: Path) -> Toolchain:
        """Read what `write` wrote. Raises ToolchainError where that is missing or damaged."""
        try:
            facts = json.loads(file.read_text())
            sysroot = Path(facts["sysroot"]) if facts["sysroot"] else None
            lists = {name: tuple(facts[name]) for name in ("time_flags", "linking")}
            toolchain = cls(**facts | lists | {"libc": Libc(**facts["libc"]), "sysroot": sysroot})
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ToolchainError(
                f"{file}: it does not describe a toolchain", next=f"remove {file.name} and start the build again"
            ) from error
        return toolchain

    def write(self, file: Path) -> None:
        """Write all facts, atomically."""
        sysroot = str(self.sysroot) if self.sysroot else None
        write_whole(file, json.dumps(asdict(self) | {"sysroot": sysroot}, indent=1))
