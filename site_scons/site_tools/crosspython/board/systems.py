"""The kind of a board's system, told by the names of its loaders and by `uname -m`.

The two can differ: most 64-bit kernels also run 32-bit programs, and many boards have only such programs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from crosspython.targets.libc import LIBCS

_LOADERS = {pattern: f"{machine}, {libc.title}" for libc in LIBCS.values() for pattern, machine in libc.loaders.items()}

# The machines of `uname -m` by families. A processor runs programs for machines of its family with a lower number.
_FAMILIES = {
    "arm": r"armv(\d+)\w*(?<!b)",
    "big-endian arm": r"armv(\d+)\w*b",
    "aarch64": r"aarch64|arm64",
    "x86": r"i(\d)86",
    "x86_64": r"x86_64|amd64",
    "riscv64": r"riscv64\w*",
}
# 64-bit kernels also run programs of these families, if they are configured for that (CONFIG_COMPAT,
# CONFIG_IA32_EMULATION).
_RUNS_ALSO = {"aarch64": "arm", "x86_64": "x86"}


def describe_loader(path: str) -> str:
    """A loader's path, with the kind of system that it belongs to if its name tells that."""
    kind = _kind(path)
    return f"{path} ({kind})" if kind else path


def known_loaders(paths: Iterable[str]) -> list[str]:
    """The loaders of known kinds among these files, each with its kind. Other files of a libc have similar names."""
    return [describe_loader(path) for path in paths if _kind(path)]


def is_below_larger_kernel(kernel: str, system: str) -> bool:
    """Whether a kernel's machine is the 64-bit one of a 32-bit system's family."""
    return _RUNS_ALSO.get(_family(kernel)) == _family(system) != ""


def runs(kernel: str, system: str) -> bool | None:
    """Whether a machine runs programs that were built for another, judged by the machine that its kernel reports.
    None: that machine is not known."""
    if not _family(kernel):
        return None
    if _family(kernel) == _family(system):
        return _level(kernel) >= _level(system)
    return is_below_larger_kernel(kernel, system)


def are_related(kernel: str, system: str) -> bool:
    """Whether two machines differ only in their age."""
    return _family(kernel) == _family(system)


def _kind(path: str) -> str | None:
    name = PurePosixPath(path).name
    return next((kind for pattern, kind in _LOADERS.items() if fnmatchcase(name, pattern)), None)


def _family(machine: str) -> str:
    return next((name for name, pattern in _FAMILIES.items() if re.fullmatch(pattern, machine)), "")


def _level(machine: str) -> int:
    """The version of a machine's architecture: armv6l is 6, i686 is 6. Newer processors run programs for older ones."""
    found = re.fullmatch(_FAMILIES[_family(machine)], machine) if _family(machine) else None
    return int(found[1]) if found and found.re.groups else 0
