"""How many bits a time_t has in the target's code: with 32, dates end in January 2038.

Knows when the libc of a 32-bit machine has both sizes, and the macros that choose one (glibc's manual, "Feature Test
Macros"). All products of one toolchain have the same size, because libraries pass time_t values to each other.
elf/time_functions.py finds out the size that a file was compiled with. Paths belong to the build machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from crosspython.elf.versions import parse_version
from crosspython.targets import Target
from crosspython.targets.libc import Libc
from crosspython.targets.machines import find_machine
from crosspython.toolchain.sample import compile_sample, compiler_refusal

# The macros for 64 bits. Yocto sets them in CC, and Debian 13 in the compiler; setting them twice does no harm.
MACROS = ("-D_TIME_BITS=64", "-D_FILE_OFFSET_BITS=64")

_SAMPLE = "#include <time.h>\nchar time_size[sizeof(time_t)] = {1};\n"
# Older kernel headers always give socket options and input events the layout of 32-bit time (Linux 5.1,
# include/uapi/asm-generic/socket.h).
_KERNEL = "5.1"


@dataclass(frozen=True)
class Time:
    """bits: 32 or 64; flags: the compiler's flags for this size; limit: why time_t has 32 bits, else empty."""

    bits: int
    flags: tuple[str, ...] = ()
    limit: str = ""


def find_time(cc: Path, target: Target, libc: Libc, kernel: str | None, folder: Path, *, patience: float) -> Time:
    """The size of time_t for a target and its compiler. Raises ToolchainError if the compiler has no time_t.

    kernel: the version of the compiler's kernel headers
    folder: a folder of the caller's, for samples
    """
    if find_machine(target.machine).bits == 64:
        return Time(64)
    flags = MACROS if libc.kind.time64 else ()
    if _measure(cc, target, (), folder, patience) == 64:
        return Time(64, flags)
    limit = _find_limit(target, libc, kernel)
    if limit is None and _measure(cc, target, flags, folder, patience) == 64:
        return Time(64, flags)
    return Time(32, (), limit or f"{libc} has no 64-bit time_t for this machine")


def _find_limit(target: Target, libc: Libc, kernel: str | None) -> str | None:
    if any(flag.startswith("-D_TIME_BITS=") for flag in target.cflags):
        return "the target's cflags ask for it"
    if not libc.kind.time64:
        return f"{libc} has no 64-bit time_t"
    board = target.libc_baseline or libc
    if not board.has_since(board.kind.time64):
        return f"{board} is older than {board.kind.time64}"
    if parse_version(kernel or "") < parse_version(_KERNEL):
        return f"the toolchain's kernel headers ({kernel or 'none'}) are older than {_KERNEL}"
    return None


def _measure(cc: Path, target: Target, flags: tuple[str, ...], folder: Path, patience: float) -> int:
    from crosspython.elf.symbols import sizes_of_variables  # pyelftools is slow to import

    product = folder / "time.o"
    complaint = compile_sample(cc, target, product, (*flags, "-c", "-x", "c"), _SAMPLE, patience)
    if complaint is not None:
        raise compiler_refusal(cc, "cannot tell how long a time_t is", "<time.h>", complaint)
    return 8 * sizes_of_variables(product).get("time_size", 4)
