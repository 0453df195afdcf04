"""The kind of OpenBLAS. Its Makefile has its own names for processor cores, and has no --host.

BLAS and CBLAS are C and assembler: no Fortran compiler is needed. LAPACK is not in it (docs/decisions/0009).
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from crosspython.recipes.kind import Component
from crosspython.recipes.plan import Make, Plan, Remove
from crosspython.targets import Target
from crosspython.targets.machines import find_machine

# Names of OpenBLAS's TargetList.txt, by -mcpu=. The name for a whole machine is in the machine's row.
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


def openblas_target(target: Target) -> str:
    """OpenBLAS's name for the core that is compiled for."""
    machine, cflags = find_machine(target.machine), target.cflags
    cpu = next((flag.removeprefix("-mcpu=") for flag in cflags if flag.startswith("-mcpu=")), "")
    if cpu in CORES:
        return CORES[cpu]
    has_neon = any(flag.startswith("-mfpu=neon") for flag in cflags)
    return machine.openblas_neon if machine.openblas_neon and has_neon else machine.openblas


class OpenBLAS(Component, frozen=True, kw_only=True):
    """make shared, make install, for one core: a board's processor is known, so nothing is chosen at run time.

    threads: the maximum number of threads; it starts one for each core of the board
    """

    threads: Annotated[int, Meta(ge=1, description="a number of threads")] = 8

    def plan(self, target: Target) -> Plan:
        variables = (
            f"TARGET={openblas_target(target)}",
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
            # its assembler code lacks the note that it needs no executable stack, so the linker would give it one
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
