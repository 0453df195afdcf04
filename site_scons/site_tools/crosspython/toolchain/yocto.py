"""A Yocto SDK: its compiler does not know its sysroot and its float ABI. A file of the SDK contains both.

Knows `environment-setup-*`, the shell script that a user of such an SDK has to source first (Yocto's manual,
"Application Development and the Extensible SDK"), and writes scripts that call the SDK's programs with its values. Only
the sysroot, the machine's flags and the size of time_t are used: the target and the recipes choose hardening and
optimisation. All paths belong to the build machine.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
from pathlib import Path

import msgspec

from crosspython.errors import ToolchainError

_EXPORT = re.compile(r"^export (\w+)=(.*)$", re.MULTILINE)
_VARIABLE = re.compile(r"\$\{?(\w+)\}?")
# The programs that compile, preprocess or link, and so need the sysroot.
_DRIVERS = ("gcc", "g++", "cpp", "gfortran", "clang", "clang++")
# The macros for the size of time_t in the SDK's own libraries (meta/conf/distro/include/time64.inc).
_TIME = ("-D_TIME_BITS=", "-D_FILE_OFFSET_BITS=")


class _Setup(msgspec.Struct, frozen=True):
    """The values of an environment-setup file.

    prefix: the compiler's path up to the dash
    kind:   the rest of its name: "gcc" or "clang"
    flags:  the flags that it needs
    """

    prefix: str
    kind: str
    flags: tuple[str, ...]


def find_setups(sdk: Path) -> list[Path]:
    """The environment-setup files of an SDK, one for each kind of machine; empty if it is not a Yocto SDK."""
    return sorted(sdk.glob("environment-setup-*"))


def front_of(sdk: Path, folder: Path) -> Path:
    """Write scripts into `folder`/bin that call the SDK's programs with the values of its setup files; return the
    folder.

    Raises ToolchainError if the SDK was moved after its installation.
    """
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "bin").mkdir(parents=True)
    for file in find_setups(sdk):
        setup = _read_setup(sdk, file)
        for tool in sorted(Path(setup.prefix).parent.glob(f"{Path(setup.prefix).name}*")):
            kind = str(tool).removeprefix(setup.prefix)
            if kind == "gcc" and setup.kind == "clang":
                continue  # an SDK for Clang has a GCC, too
            flags = setup.flags if kind in _DRIVERS else ()
            script = folder / "bin" / tool.name
            script.write_bytes(os.fsencode(f'#!/bin/sh\nexec {shlex.join([str(tool), *flags])} "$@"\n'))
            script.chmod(0o755)
    return folder


def _read_setup(sdk: Path, file: Path) -> _Setup:
    values: dict[str, str] = {}

    def expand(text: str) -> str:
        return _VARIABLE.sub(lambda match: values.get(match[1], ""), text)

    for name, text in _EXPORT.findall(file.read_text(errors="surrogateescape")):
        values[name] = expand(text.replace('"', "")) if name != "CC" else text.strip('"')
    command = [expand(word) for word in shlex.split(values.get("CC", ""))]
    sysroot = values.get("SDKTARGETSYSROOT", "")
    if not command or not sysroot:
        raise ToolchainError(f"{file}: it does not name a compiler", expected="exports of SDKTARGETSYSROOT and CC")
    program = shutil.which(command[0], path=values.get("PATH", ""))
    if program is None or not Path(sysroot).is_dir():
        raise ToolchainError(
            f"{sdk}: this SDK was installed in another place",
            expected=f"{command[0]} and {sysroot}, as {file.name} says",
            found="not both are there",
            next="run its installer again, with -d FOLDER, and name that folder; or name the installer as toolchain=",
        )
    flags = [flag for flag in command[1:] if flag.startswith("-m") or flag.startswith(_TIME)]
    prefix, dash, kind = program.rpartition("-")
    return _Setup(prefix + dash, kind, (f"--sysroot={sysroot}", *flags))
