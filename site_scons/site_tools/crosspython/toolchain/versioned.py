"""A compiler with a version in its name, made available under the names without a version.

Debian calls the programs of GCC 12 ...-gcc-12, ...-g++-12, ...-gcc-ar-12. Only another package adds the names without a
version. If it is missing, scripts in the build folder have these names.
All paths belong to the build machine.
"""

from __future__ import annotations

import os
import shlex
import shutil
from pathlib import Path

from crosspython.toolchain.layout import OF_ITS_VERSION, split_compiler

BINUTILS = ("addr2line", "ar", "as", "ld", "nm", "objcopy", "objdump", "ranlib", "readelf", "size", "strings", "strip")


def program_of(cc: Path, tool: str) -> Path:
    """The path of a program that belongs to a compiler."""
    prefix, version = split_compiler(cc) or (str(cc).removesuffix("gcc"), "")
    return Path(f"{prefix}{tool}{version if tool in OF_ITS_VERSION else ''}")


def plain_of(cc: Path, unpack_into: Path) -> Path:
    """The compiler without a version in its name: itself, or a script below `unpack_into`, its sisters beside it."""
    prefix, version = split_compiler(cc) or ("", "")
    if not version:
        return cc
    folder = (unpack_into / f"{cc.name}-front" / "bin").absolute()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for tool in (*OF_ITS_VERSION, *BINUTILS):
        program = program_of(cc, tool)
        if os.access(program, os.X_OK):
            script = folder / f"{Path(prefix).name}{tool}" if not prefix.endswith("/") else folder / tool
            script.write_bytes(os.fsencode(f'#!/bin/sh\nexec {shlex.quote(str(program))} "$@"\n'))
            script.chmod(0o755)
    return folder / cc.name.removesuffix(version)
