"""Makes the start files of programs for an older glibc, and the functions that were linked into programs.

The start of programs changed with glibc 2.34. stat() became a function of libc.so with 2.33 (glibc's NEWS).
"""

from __future__ import annotations

import shutil
from pathlib import Path

from crosspython.elf.versions import is_newer
from crosspython.errors import ToolchainError
from crosspython.targets.libc import Libc
from crosspython.toolchain.older_glibc.stubs import MERGED
from crosspython.toolchain.older_glibc.tools import Tools

_START = "sources/start.c"
_NAMES = ("crti.o", "crtn.o", "crt1.o", "Scrt1.o")

NONSHARED = {
    "sources/stat.c": (
        *("stat", "fstat", "lstat", "fstatat", "stat64", "fstat64", "lstat64", "fstatat64"),
        *("mknod", "mknodat"),
    ),
    "sources/fcntl64.c": ("fcntl64",),
}
"""Our sources of functions that older libcs had in libc_nonshared.a, which is linked into programs."""


def make_start_files(place: Path, own: Tools, front: Tools, libc: Libc) -> None:
    """Make the start files. own: the compiler, whose files are used if they are the same; front: the compiler for the
    older libc"""
    files = {name: path for name in _NAMES if (path := own.find(name)) is not None}
    if lacking := [name for name in _NAMES if name not in files]:
        raise ToolchainError(
            f"{own.compiler}: it does not find the start files of its libc", expected=", ".join(lacking)
        )
    if is_newer(MERGED, libc.version):
        # The note with the oldest kernel, for the loader, is taken from the compiler's own file.
        front.run("objcopy", "-j", ".note.ABI-tag", "-j", ".note.GNU-stack", str(files["crt1.o"]), "note.o")
        front.run("gcc", *front.flags, "-r", "-nostdlib", front.compile(_START), "note.o", "-o", "crt1.o")
        for name in ("crt1.o", "Scrt1.o"):
            shutil.copyfile(front.work / "crt1.o", place / name)
            del files[name]
    for name, path in files.items():
        (place / name).symlink_to(path)
