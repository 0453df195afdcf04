"""A Yocto SDK: its compiler knows neither its sysroot nor its float ABI; a file of the SDK tells both.

Knows `environment-setup-*`, the shell script that a user of such an SDK would source first (Yocto's manual,
"Application Development and the Extensible SDK"), and how to put scripts in front of the SDK's programs that pass what
it says. Only the sysroot, the flags for the machine and the size of time_t are taken: hardening and optimisation are
the target's and the recipes' own. All paths belong to the build machine.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path

from crosspython.errors import ToolchainError

_EXPORT = re.compile(r"^export (\w+)=(.*)$", re.MULTILINE)
_VARIABLE = re.compile(r"\$\{?(\w+)\}?")
# Those that compile, preprocess or link, and so have to be told of the sysroot.
_DRIVERS = ("gcc", "g++", "cpp", "gfortran")
# How large time_t is in the SDK's own libraries (meta/conf/distro/include/time64.inc).
_TIME = ("-D_TIME_BITS=", "-D_FILE_OFFSET_BITS=")


@dataclass(frozen=True)
class _Setup:
    """What an environment-setup file says of the compiler: its path up to the dash, and the flags it needs."""

    prefix: str
    flags: tuple[str, ...]


def find_setups(sdk: Path) -> list[Path]:
    """The files that tell of its compilers, one a kind of machine; none where it is not Yocto's."""
    return sorted(sdk.glob("environment-setup-*"))


def front_of(sdk: Path, folder: Path) -> Path:
    """Write scripts into `folder`/bin that call the SDK's programs as its setup files want it; return the folder.

    Raises ToolchainError where the SDK was installed in another place than where it lies now.
    """
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "bin").mkdir(parents=True)
    for file in find_setups(sdk):
        setup = _read_setup(sdk, file)
        for tool in sorted(Path(setup.prefix).parent.glob(f"{Path(setup.prefix).name}*")):
            kind = str(tool).removeprefix(setup.prefix)
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
        raise ToolchainError(f"{file}: it names no compiler", expected="exports of SDKTARGETSYSROOT and CC")
    program = shutil.which(command[0], path=values.get("PATH", ""))
    if program is None or not Path(sysroot).is_dir():
        raise ToolchainError(
            f"{sdk}: this SDK was installed in another place",
            expected=f"{command[0]} and {sysroot}, which {file.name} names",
            found="not both are there",
            next="run its installer again, with -d FOLDER, and name that folder; or name the installer as toolchain=",
        )
    flags = [flag for flag in command[1:] if flag.startswith("-m") or flag.startswith(_TIME)]
    return _Setup(program.removesuffix("gcc"), (f"--sysroot={sysroot}", *flags))
