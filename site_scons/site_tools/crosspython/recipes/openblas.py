"""The kind of OpenBLAS, whose Makefile wants the core by a name of its own and takes no --host.

BLAS and CBLAS are C and assembler: no Fortran compiler is needed. LAPACK is not in it (docs/decisions/0009).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta

from crosspython.errors import ConfigurationError
from crosspython.recipes.kind import Component
from crosspython.recipes.plan import Make, Plan, Remove
from crosspython.targets import Target

# OpenBLAS's TargetList.txt. A machine's own row serves every core of it; the cores are those of -mcpu=.
MACHINES = {
    "aarch64": "ARMV8",
    "armv5tejl": "ARMV5",
    "armv6l": "ARMV6",
    "armv7l": "ARMV7",
    "i686": "GENERIC",
    "riscv64": "RISCV64_GENERIC",
    "x86_64": "GENERIC",
}
CORES = {
    "cortex-a15": "CORTEXA15",
    "cortex-a53": "CORTEXA53",
    "cortex-a55": "CORTEXA55",
    "cortex-a57": "CORTEXA57",
    "cortex-a72": "CORTEXA72",
    "cortex-a73": "CORTEXA73",
    "cortex-a76": "CORTEXA76",
    "cortex-a9": "CORTEXA9",
}
# Its names for ARMv7 cores differ in whether NEON may be used, and in nothing else that matters here.
NEON = "CORTEXA9"


def openblas_target(machine: str, cflags: Sequence[str]) -> str:
    """OpenBLAS's name for the core of a machine (`uname -m`) that is compiled for with these flags.

    Raises ConfigurationError for a machine that it has no name for.
    """
    if machine not in MACHINES:
        raise ConfigurationError(
            f"openblas: no target is known for machine {machine!r}",
            expected=f"one of {', '.join(MACHINES)}",
            next="add it to MACHINES in recipes/openblas.py, from OpenBLAS's TargetList.txt",
        )
    cpu = next((flag.removeprefix("-mcpu=") for flag in cflags if flag.startswith("-mcpu=")), "")
    if cpu in CORES:
        return CORES[cpu]
    has_neon = any(flag.startswith("-mfpu=neon") for flag in cflags)
    return NEON if machine == "armv7l" and has_neon else MACHINES[machine]


class OpenBLAS(Component, frozen=True, kw_only=True):
    """make shared, make install, for one core: a board's processor is known, so nothing is chosen at run time.

    threads: the most that it will ever start; it starts as many as the board has cores
    """

    threads: Annotated[int, Meta(ge=1, description="a number of threads")] = 8

    def plan(self, target: Target) -> Plan:
        variables = (
            f"TARGET={openblas_target(target.machine, target.cflags)}",
            "CROSS=1",
            "CC={triplet}-gcc",
            "AR={triplet}-ar",
            "RANLIB={triplet}-ranlib",
            "HOSTCC={build_triplet}-gcc",
            "DYNAMIC_ARCH=0",
            "NOFORTRAN=1",
            "NO_LAPACK=1",
            "NO_LAPACKE=1",
            "NO_STATIC=1",
            "NO_AFFINITY=1",
            f"NUM_THREADS={self.threads}",
            "USE_THREAD=1",
            "MAKE_NB_JOBS=-1",  # a negative number: it takes its jobs from ours
            # its assembler code does not say that it needs no executable stack, and so the linker would give it one
            "LDFLAGS=-Wl,-z,noexecstack",
            "PREFIX={prefix}",
        )
        return Plan(
            steps=(
                Make("make", (*variables, "shared")),
                Make("install", (*variables, "DESTDIR={stage}", "install")),
                Remove(("lib/cmake",)),  # it names the static library; CMake's own FindBLAS needs no such file
            ),
            tools=("gcc", "make", "perl"),
        )
