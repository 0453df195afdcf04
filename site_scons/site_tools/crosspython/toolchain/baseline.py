"""Checks whether programs of a compiler load on the board, whose libc may be older than the toolchain's.

Knows which libc functions a program like CPython needs, links such a program, and reads its symbol versions. This is
checked before anything is built; otherwise the audit would refuse the first component minutes later. The audit may
still refuse a component for a symbol that this program does not use.
"""

from __future__ import annotations

from pathlib import Path

from crosspython.elf.file import read_elf
from crosspython.elf.versions import parse_version
from crosspython.errors import ToolchainError
from crosspython.targets import Target
from crosspython.targets.libc import Libc
from crosspython.toolchain.sample import compile_sample, compiler_refusal

# One function of each kind whose symbol got a new version when glibc changed it (its NEWS for 2.28 to 2.34).
_LIKE_PYTHON = """\
#include <dlfcn.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/stat.h>
void *functions[] = {dlopen, fcntl, pow, pthread_create, sem_wait, stat};
int main(void) { return functions[1] == 0; }
"""
_LIBRARIES = ("-pthread", "-ldl", "-lm")


def check_baseline(cc: Path, target: Target, libc: Libc, folder: Path, *, patience: float) -> None:
    """Link a program and compare what it needs with the target's `libc_baseline`. Raises ToolchainError.

    folder: a folder of the caller's, for the program
    """
    if target.libc_baseline is None:
        return
    if target.libc_baseline.name != libc.name:
        raise _refuse(cc, target, libc, [])
    product = folder / "like-python"
    complaint = compile_sample(cc, target, product, ("-x", "c"), _LIKE_PYTHON, patience, after=_LIBRARIES)
    if complaint is not None:
        raise compiler_refusal(cc, "cannot make a program with threads", "a libc with threads", complaint)
    elf = read_elf(product)
    asked = elf.libc_versions().items() if elf else ()
    newer = [version for version, needed in asked if not target.libc_baseline.loads(needed)]
    if elf is not None and newer:
        newer.sort(key=parse_version)
        needs = [f"a small program needs {need} ({', '.join(elf.symbols_needing(need))})" for need in newer]
        raise _refuse(cc, target, libc, needs)


def _refuse(cc: Path, target: Target, found: Libc, needs: list[str]) -> ToolchainError:
    return ToolchainError(
        f"{cc} links programs that do not load on {target.name}",
        evidence=needs,
        expected=f"{target.libc_baseline} at most, the board's libc (libc_baseline)",
        found=str(found),
        next="give the vendor's SDK for this board as toolchain=, or another SDK whose libc is that old",
    )
