"""The bundle's own libc: the files that are copied from the toolchain, and how programs are started with this libc.

Knows the libraries of a glibc, the starter that takes the place of each program in bin/ (data/starter.c), and the
module that refuses libraries for another libc (data/guarded_ctypes.py). glibc looks up users and host names through
libraries that are in no list of needed libraries (nsswitch.conf(5)), so these are copied, too. Paths belong to the
build machine.
"""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from crosspython.elf.file import find_elf_files, read_elf
from crosspython.elf.versions import parse_version
from crosspython.errors import ToolchainError
from crosspython.finish.strip import strip_files
from crosspython.stages.libc_licenses import gather_licenses
from crosspython.targets import Target
from crosspython.targets.libc import PRIVATE_FOLDER, PRIVATE_PROGRAMS
from crosspython.targets.machines import find_machine
from crosspython.toolchain.emulator import libc_root
from crosspython.toolchain.facts import Toolchain
from crosspython.toolchain.query import PATIENCE, ask_compiler, try_ask
from crosspython.toolchain.sample import compile_sample, compiler_refusal

_STARTER = Path(__file__).parent / "data" / "starter.c"
_GUARD = Path(__file__).parent / "data" / "guarded_ctypes.py"
# Libraries that libc.so.6 opens by name at run time.
_SERVICES = ("libnss_files.so.2", "libnss_dns.so.2", "libnss_compat.so.2")
_OLDEST_KERNEL = "3.2.0"  # glibc's own minimum since 2.26 (its NEWS), if the loader states none
_LOCALE = Path("/usr/lib/locale/C.utf8")
_PROGRAM = "int main(void) { return 0; }\n"
# No libc, no start files, no relocations for a loader.
_FREESTANDING = (
    *("-std=gnu11", "-Os", "-ffreestanding", "-nostdlib", "-static", "-fno-pic", "-no-pie", "-fomit-frame-pointer"),
    *("-fno-stack-protector", "-fno-asynchronous-unwind-tables"),
    *("-Wl,--build-id=none", "-Wl,-z,noexecstack", "-s"),
)


@dataclass(frozen=True)
class PrivateLibc:
    """The additional files of a bundle with its own libc.

    files:   their paths on the build machine, by their names below the prefix
    loader:  the file name of the loader
    """

    files: dict[str, Path]
    loader: str
    starter: Path

    def place(self, name: str) -> str:
        """The new place of a program of bin/."""
        return f"{PRIVATE_PROGRAMS}/{name.removeprefix('bin/')}"

    def link(self, name: str) -> tuple[str, str]:
        """A link to the loader with a program's name, so that ps(1) shows that name; and the link's target."""
        return f"{PRIVATE_FOLDER}/{name.removeprefix('bin/')}", self.loader

    def guard(self, library: str) -> tuple[str, Path]:
        """The module that replaces ctypes's own module, by its name below a standard library's folder."""
        return f"{library}/_ctypes.py", _GUARD


def gather_libc(toolchain: Toolchain, target: Target, python: str, folder: Path, search: str) -> PrivateLibc:
    """Copy the files for the bundle into an empty folder: libraries without symbols, and the texts of their licences.

    python: the name of the interpreter in bin/, "python3.13"
    search: the PATH of the build machine's programs
    Raises ToolchainError: the toolchain has no loader, or cannot make the starter.
    """
    cc = Path(f"{toolchain.prefix}gcc")
    loader = _find_loader(cc, toolchain, target, folder)
    files = {loader.name: loader}
    waiting = [*(name for name in toolchain.libc.libraries if "*" not in name), *_SERVICES]
    while waiting:
        name = waiting.pop()
        found = Path(ask_compiler(cc, *target.cflags, f"-print-file-name={name}"))
        if name not in files and found.is_absolute() and found.is_file():
            files[name] = found
            elf = read_elf(found)
            waiting += elf.needed if elf is not None else ()
    libraries = folder / "libraries"
    libraries.mkdir()
    for name, path in files.items():
        shutil.copyfile(path, libraries / name)  # the file itself, not a link
    (libraries / loader.name).chmod(0o755)
    strip_files(libraries, find_elf_files(libraries), Path(f"{toolchain.prefix}objcopy"), None)
    placed = {f"{PRIVATE_FOLDER}/{name}": libraries / name for name in files}
    placed |= {f"{PRIVATE_FOLDER}/locale/C.utf8/{path.relative_to(_LOCALE)}": path for path in locale_files(target)}
    placed |= gather_licenses(toolchain, files, folder / "licenses", search)
    elf = read_elf(loader)
    kernel = elf.kernel if elf is not None and elf.kernel is not None else _OLDEST_KERNEL
    return PrivateLibc(placed, loader.name, make_starter(cc, target, python, kernel, folder / "starter"))


def locale_files(target: Target, folder: Path = _LOCALE) -> list[Path]:
    """The files of the locale C.UTF-8 of this machine: they are the same on all little-endian machines. Empty if this
    machine has no such locale."""
    if not find_machine(target.machine).little_endian:
        return []
    return sorted(path for path in folder.rglob("LC_*") if path.is_file())


def describe_locale(target: Target) -> str:
    """A hash that identifies these files."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in locale_files(target))).hexdigest()


def _find_loader(cc: Path, toolchain: Toolchain, target: Target, folder: Path) -> Path:
    """The path of the loader that programs of this compiler need."""
    complaint = compile_sample(cc, target, folder / "program", ("-x", "c"), _PROGRAM, PATIENCE)
    elf = read_elf(folder / "program") if complaint is None else None
    asked = elf.interpreter if elf else None
    place = libc_root(toolchain) / (asked or "").lstrip("/")
    if asked is None or not place.is_file():
        raise ToolchainError(
            f"{cc}: its libc cannot be put into the bundle",
            expected="a loader, which its dynamically linked programs need",
            found=f"no {place}" if asked else "programs that need none",
            evidence=complaint or [],
        )
    return place


def make_starter(cc: Path, target: Target, python: str, kernel: str, product: Path) -> Path:
    """Compile the starter.

    python: the program that a copy of the starter in a venv starts
    kernel: the oldest kernel that the libc runs on, "3.2.0"
    """
    major, minor = (*parse_version(kernel), 0)[:2]
    given = {
        "INTERPRETER": f'"{python}"',
        "KERNEL": str(major * 1000 + minor),
        "KERNEL_NAME": f'"{major}.{minor}"',
    }
    options = [*target.cflags, *find_machine(target.machine).starter_flags, *_FREESTANDING]
    words = [*options, *(f"-D{name}={value}" for name, value in given.items()), str(_STARTER), "-o", str(product)]
    status, _, complaint = try_ask(cc, *words)
    if status != 0:
        raise compiler_refusal(
            cc, "cannot compile the starter of libc=private", "a program without a libc", complaint.splitlines()[-6:]
        )
    return product
