"""Looking at a compiler before anything is built with it: does it run, what does it make, which libc does it bring.

Nothing that it says about itself is believed where its output can be read instead.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crosspython.errors import ToolchainError
from crosspython.stages.elf import ElfFile, read_elf
from crosspython.targets import Target
from crosspython.toolchain.find import find_compiler
from crosspython.toolchain.machines import MACHINES

_TIMEOUT = 60
_PROGRAM = """\
#include <stdio.h>
#include <linux/version.h>
int main(void) { printf("%d\\n", LINUX_VERSION_CODE); return 0; }
"""
_MACROS = """\
#include <features.h>
#include <linux/version.h>
CROSSPYTHON glibc __GLIBC__.__GLIBC_MINOR__
CROSSPYTHON uclibc __UCLIBC_MAJOR__.__UCLIBC_MINOR__.__UCLIBC_SUBLEVEL__
CROSSPYTHON kernel LINUX_VERSION_CODE
CROSSPYTHON gcc __GNUC__.__GNUC_MINOR__.__GNUC_PATCHLEVEL__
CROSSPYTHON clang __clang_major__.__clang_minor__.__clang_patchlevel__
"""


@dataclass(frozen=True)
class Toolchain:
    """A cross compiler that was looked at.

    prefix:  its path up to and including the dash before `gcc`
    triplet: what it calls itself (-dumpmachine)
    libc_folder: where its libc.so.6 (or libc.so) lies
    sysroot: its own; None where it is rooted in the build machine's /, as a distribution's cross compilers are
    identity: what products depend on: changes when the compiler changes, not when it moves
    """

    prefix: str
    triplet: str
    compiler: str
    libc: str
    libc_version: str
    kernel_headers: str | None
    sysroot: str | None
    libc_folder: str
    identity: str

    def describe(self) -> str:
        return f"{Path(self.prefix).name}gcc: {self.compiler}, {self.libc} {self.libc_version}, kernel headers {self.kernel_headers}"

    def write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        part.write_text(json.dumps(dataclasses.asdict(self), indent=1))
        part.replace(path)

    @staticmethod
    def read(path: Path) -> Toolchain:
        fields: dict[str, Any] = json.loads(path.read_text())
        return Toolchain(**fields)


def look_at_toolchain(target: Target, toolchain: str | None, *, path: str, unpack_into: Path) -> Toolchain:
    """Find the compiler and look at it. Raises ToolchainError in one sentence, with what was expected and found."""
    return probe_toolchain(find_compiler(target, toolchain, path=path, unpack_into=unpack_into), target)


def probe_toolchain(cc: Path, target: Target) -> Toolchain:
    """Look at the C compiler `cc` of the build machine."""
    triplet = _run(cc, "-dumpmachine").strip()
    prefix = str(cc)[: -len("gcc")]
    for tool in ("g++", "ar", "ranlib", "strip", "objcopy", "readelf"):
        if not Path(prefix + tool).exists():
            raise ToolchainError(
                f"{cc}: the toolchain is not complete", expected=f"{Path(prefix).name}{tool} beside it", found="none"
            )
    with tempfile.TemporaryDirectory(prefix="crosspython-probe-") as folder:
        elf = _compile(cc, target, Path(folder))
        macros = _read_macros(cc, target, Path(folder))
    libc, libc_version = _read_libc(cc, macros, elf)
    sysroot = _run(cc, "-print-sysroot").strip()
    rooted = sysroot in ("", "/")
    compiler = f"clang {macros['clang']}" if "clang" in macros else f"gcc {macros['gcc']}"
    facts = {
        "compiler": compiler,
        "triplet": triplet,
        "libc": f"{libc} {libc_version}",
        "kernel_headers": macros.get("kernel"),
        "version": _run(cc, "--version").splitlines()[0],
        "configured": hashlib.sha256(re.sub(r"\S*/\S*", "", _run(cc, "-v")).encode()).hexdigest()[:16],
    }
    return Toolchain(
        prefix=prefix,
        triplet=triplet,
        compiler=compiler,
        libc=libc,
        libc_version=libc_version,
        kernel_headers=macros.get("kernel"),
        sysroot=None if rooted else str(Path(sysroot).resolve()),
        libc_folder=_find_libc_folder(cc, libc),
        identity="\n".join(f"{name}: {value}" for name, value in facts.items()),
    )


def _run(cc: Path, *arguments: str, folder: Path | None = None) -> str:
    """What the compiler prints, on both streams."""
    try:
        run = subprocess.run(
            [cc, *arguments],
            cwd=folder,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TIMEOUT,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except OSError as error:
        raise ToolchainError(
            f"{cc}: the compiler does not run here", found=error.strerror, next="an SDK for this kind of build machine"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise ToolchainError(
            f"{cc}: the compiler hangs", expected=f"an end within {_TIMEOUT} s", found=" ".join(arguments)
        ) from error
    if run.returncode != 0:
        raise ToolchainError(
            f"{cc}: the compiler fails at a trivial task",
            evidence=(run.stdout + run.stderr).splitlines()[-5:],
            found=f"exit status {run.returncode} of {cc.name} {' '.join(arguments)}",
        )
    return run.stdout + run.stderr


def _compile(cc: Path, target: Target, folder: Path) -> ElfFile:
    """What the compiler makes: first whatever it likes, for another machine's would choke on our options; then ours."""
    (folder / "probe.c").write_text(_PROGRAM)
    machine = MACHINES[target.machine]
    _run(cc, "-c", "-o", "probe.o", "probe.c", folder=folder)
    elf = _read(cc, folder / "probe.o", target)
    if (elf.machine, elf.bits) != (machine.elf, machine.bits):
        raise ToolchainError(
            f"{cc}: this compiler is not for {target.name}",
            expected=f"code for {target.machine} ({machine.elf}, {machine.bits} bit)",
            found=f"{elf.machine}, {elf.bits} bit",
            next="target=, or a toolchain for this board",
        )
    _run(cc, *target.cflags, "-o", "probe", "probe.c", folder=folder)
    elf = _read(cc, folder / "probe", target)
    if target.float_abi is not None and elf.float_abi != target.float_abi:
        raise ToolchainError(
            f"{cc}: this compiler makes code of another float ABI than {target.name}'s",
            expected=f"{target.float_abi}-float",
            found=f"{elf.float_abi}-float",
        )
    return elf


def _read(cc: Path, path: Path, target: Target) -> ElfFile:
    elf = read_elf(path)
    if elf is None:
        raise ToolchainError(f"{cc}: the compiler makes no ELF files", expected=f"code for {target.machine}")
    return elf


def _read_macros(cc: Path, target: Target, folder: Path) -> dict[str, str]:
    (folder / "macros.c").write_text(_MACROS)
    found = {}
    for name, value in re.findall(
        r"^CROSSPYTHON (\w+) (.+)$", _run(cc, *target.cflags, "-E", "-P", "macros.c", folder=folder), re.M
    ):
        if re.fullmatch(r"[\d. ]+", value):
            found[name] = value.replace(" ", "")
    if "kernel" in found:
        code = int(found["kernel"])
        found["kernel"] = f"{code >> 16}.{code >> 8 & 0xFF}.{code & 0xFF}"
    return found


def _read_libc(cc: Path, macros: dict[str, str], elf: ElfFile) -> tuple[str, str]:
    """Which libc programs are linked to. uClibc claims to be an old glibc as well; musl has no macro, but a loader."""
    if "uclibc" in macros:
        return "uclibc", macros["uclibc"]
    if "glibc" in macros:
        return "glibc", macros["glibc"]
    if "musl" in (elf.interpreter or ""):
        library = Path(_run(cc, "-print-file-name=libc.so").strip())
        version = re.search(rb"\x00(1\.\d+\.\d+)\x00", library.read_bytes()) if library.is_file() else None
        return "musl", version[1].decode() if version else "1.2"
    raise ToolchainError(
        f"{cc}: no known libc comes with it", expected="glibc, musl or uClibc", found=f"loader {elf.interpreter}"
    )


def _find_libc_folder(cc: Path, libc: str) -> str:
    name = "libc.so" if libc == "musl" else "libc.so.0" if libc == "uclibc" else "libc.so.6"
    found = Path(_run(cc, f"-print-file-name={name}").strip())
    if not found.is_absolute():
        raise ToolchainError(f"{cc}: its libc is not where it looks for it", expected=name, found="none")
    return str(found.resolve().parent)
