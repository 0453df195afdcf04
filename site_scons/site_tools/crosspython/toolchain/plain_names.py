"""Compilers made available under GCC's plain names: arm-linux-gnueabihf-gcc, with g++, ar and strip beside it.

Debian calls the programs of GCC 12 ...-gcc-12, ...-g++-12, ...-gcc-ar-12. Only another package adds the names without a
version. Clang's programs are ...-clang and ...-clang++, and its binutils are llvm-ar, llvm-strip and ld.lld. For both,
scripts in the build folder have the plain names.
All paths belong to the build machine.
"""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

from crosspython.toolchain.layout import OF_ITS_VERSION, is_clang, split_compiler
from crosspython.toolchain.query import try_ask

BINUTILS = ("addr2line", "ar", "as", "ld", "nm", "objcopy", "objdump", "ranlib", "readelf", "size", "strings", "strip")
_FRONT = "-front"  # the end of the folders of our scripts
_CLANGS = {"gcc": "clang", "g++": "clang++"}
# Clang compiles assembler itself, and has no program that takes the arguments of `as`: llvm-as is another one.
_LLVMS = {tool: f"llvm-{tool}" for tool in BINUTILS if tool != "as"} | {"ld": "ld.lld"}


def program_of(cc: Path, tool: str) -> Path:
    """The path of a program that belongs to a compiler, by GCC's name for it. It may not exist."""
    prefix, version = split_compiler(cc) or (str(cc).removesuffix("gcc"), "")
    if not is_clang(cc):
        return Path(f"{prefix}{tool}{version if tool in OF_ITS_VERSION else ''}")
    if tool in OF_ITS_VERSION:
        return Path(f"{prefix}{_CLANGS.get(tool, tool)}{version}")
    return next(_run_by_clang(cc, prefix, version, tool), Path(f"{prefix}{tool}"))


def _run_by_clang(cc: Path, prefix: str, version: str, tool: str) -> Iterator[Path]:
    """The programs that do the work of one of the binutils: LLVM's beside Clang, GNU's with the target's prefix, or
    LLVM's elsewhere, as Clang itself says."""
    name = _LLVMS.get(tool, tool)
    beside = [cc.with_name(f"{name}{version}"), cc.with_name(name)] if name != tool else []
    named = [Path(f"{prefix}{name}")] + ([Path(f"{prefix}{tool}")] if not prefix.endswith("/") else [])
    yield from (path for path in (*beside, *named) if os.access(path, os.X_OK))
    if name != tool:
        _, answer, _ = try_ask(cc, f"-print-prog-name={name}")
        if os.path.isabs(answer.strip()):
            yield Path(answer.strip())


def plain_of(cc: Path, unpack_into: Path, path: str) -> Path:
    """The compiler by GCC's plain name: itself, or a script below `unpack_into`, its sisters beside it.

    path: the build machine's PATH. A vendor's script may call `clang` by this name, which is refused in builds
    """
    prefix, version = split_compiler(cc) or ("", "")
    if not version and not is_clang(cc):
        return cc
    folder = (unpack_into / f"{cc.name}{_FRONT}" / "bin").absolute()
    start = "" if prefix.endswith("/") else Path(prefix).name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for tool in (*OF_ITS_VERSION, *BINUTILS):
        program = program_of(cc, tool)
        if os.access(program, os.X_OK):
            script = folder / f"{start}{tool}"
            found_by = f"PATH={shlex.quote(path)} " if tool in _CLANGS and is_clang(cc) else ""
            script.write_bytes(os.fsencode(f'#!/bin/sh\n{found_by}exec {shlex.quote(str(program))} "$@"\n'))
            script.chmod(0o755)
    return folder / f"{start}gcc"


def programs_behind(cc: Path) -> list[Path]:
    """The programs that the scripts of plain_of call; empty if the compiler is no such script."""
    scripts = sorted(cc.parent.iterdir()) if cc.parent.parent.name.endswith(_FRONT) else []
    return [Path(shlex.split(os.fsdecode(script.read_bytes()), comments=True)[-2]) for script in scripts]
