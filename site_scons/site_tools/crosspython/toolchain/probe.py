"""Probes a cross compiler before anything is built with it: does it run, and does it make code for the target?

Knows the options of GCC and Clang for that, and how to read their answers and their object files. find.py finds
compilers; wrapper.py keeps them from using files of the build machine. All paths belong to the build machine.
"""

from __future__ import annotations

import glob
import hashlib
import os
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from crosspython.errors import ToolchainError
from crosspython.store.fingerprints import status_of
from crosspython.targets import Target
from crosspython.targets.libc import LIBCS, Libc, list_libcs
from crosspython.targets.machines import find_machine
from crosspython.toolchain.baseline import check_baseline
from crosspython.toolchain.clang import ask_clang
from crosspython.toolchain.facts import Toolchain
from crosspython.toolchain.find import prefix_of
from crosspython.toolchain.linking import find_linking
from crosspython.toolchain.plain_names import programs_behind
from crosspython.toolchain.query import PATIENCE, ask_compiler, try_ask
from crosspython.toolchain.sample import check_code, find_no_cxx
from crosspython.toolchain.time_bits import find_time

__all__ = ["Toolchain", "probe_toolchain"]

_MACROS = """\
#if defined __has_include
#if __has_include(<features.h>)
#include <features.h>
#endif
#if __has_include(<linux/version.h>)
#include <linux/version.h>
#endif
#endif
"""
# The files that products depend on besides flags: the compiler proper, the binutils, and the files that are linked into
# all programs.
_LINKED = ("libc.so.6", "libc.a", "crt1.o", "Scrt1.o", "libgcc.a", "libstdc++.so", "libstdc++.a")
_OF_GCC = {"prog": ("cc1", "cc1plus", "as", "ld"), "file": _LINKED}
_OF_CLANG = {"file": (*_LINKED, "libc++.so", "libc++.a", "include/stddef.h")}


def probe_toolchain(cc: Path, target: Target, *, patience: float = PATIENCE, made_of: str | None = None) -> Toolchain:
    """Run a compiler, check the code that it makes for a target, and return its facts.

    patience: seconds that each of its processes may take
    made_of: a hash that identifies the compiler; None: the hash is made from its files
    Raises ToolchainError: it does not run, or makes code that the board cannot run or load.
    """
    triplet = ask_compiler(cc, "-dumpmachine", patience=patience)
    with _temporary_folder() as folder:
        interpreter = check_code(cc, target, Path(folder), patience=patience)
        no_cxx = find_no_cxx(cc, target, Path(folder), patience=patience)
        macros = _read_macros(cc, target, patience)
        compiler = _name_compiler(macros)
        is_clang = compiler.startswith("clang")
        linking = find_linking(cc, target, Path(folder), patience=patience) if is_clang else ()
        libc = _name_libc(cc, macros, interpreter)
        check_baseline(cc, target, libc, Path(folder), patience=patience)
        kernel = _name_kernel(macros)
        time = find_time(cc, target, libc, kernel, Path(folder), patience=patience)
    own, parts = _look_at_clang(cc, patience) if is_clang else _look_at_gcc(cc, patience)
    facts = (
        f"{compiler} for {triplet}",
        str(libc),
        f"kernel headers {kernel or 'none'}",
        "sysroot of its own" if own else "rooted in the build machine",
        *(["no C++"] if no_cxx else []),
        *([f"{time.bits}-bit time"] if find_machine(target.machine).bits == 32 else []),
        f"sha256 {made_of or _hash_parts(parts, macros)}",
    )
    return Toolchain(
        prefix=prefix_of(cc.absolute()),
        triplet=triplet,
        compiler=compiler,
        libc=libc,
        kernel_headers=kernel,
        sysroot=own,
        libc_folder=_find_libc(cc, patience),
        fortran=os.access(prefix_of(cc) + "gfortran", os.X_OK),
        identity="\n".join(facts),
        time_bits=time.bits,
        time_flags=time.flags,
        time_limit=time.limit,
        no_cxx=no_cxx,
        linking=linking,
        parts=_describe_parts(cc, parts),
    )


@contextmanager
def _temporary_folder() -> Iterator[str]:
    """A temporary folder. Raises ToolchainError if it cannot be made."""
    try:
        folder = tempfile.TemporaryDirectory(prefix="crosspython-", ignore_cleanup_errors=True)
    except OSError as error:
        raise ToolchainError(
            "the compiler cannot be probed: there is no folder for temporary files",
            expected=f"{os.environ.get('TMPDIR', '/tmp')}, writable and with free space",
            found=error.strerror or str(error),
            next="name another folder for them: TMPDIR=FOLDER",
        ) from error
    with folder as place:
        yield place


def _find_libc(cc: Path, patience: float) -> str:
    """The folder of the libc that programs are linked with. libc.so in it is a linker script, or the library itself."""
    found = Path(ask_compiler(cc, "-print-file-name=libc.so", patience=patience).strip())
    if not found.is_absolute():
        raise ToolchainError(
            f"{cc}: it does not find its own libc", expected="libc.so among its libraries", found="none"
        )
    return str(found.resolve().parent)


def _read_macros(cc: Path, target: Target, patience: float) -> dict[str, str]:
    answer = ask_compiler(cc, *target.cflags, "-E", "-dM", "-x", "c", "-", input=_MACROS, patience=patience)
    return dict(re.findall(r"^#define (\w+) (.*)$", answer, re.MULTILINE))


def _name_compiler(macros: dict[str, str]) -> str:
    family, names = (
        ("clang", ("__clang_major__", "__clang_minor__", "__clang_patchlevel__"))
        if "__clang__" in macros
        else ("gcc", ("__GNUC__", "__GNUC_MINOR__", "__GNUC_PATCHLEVEL__"))
    )
    return f"{family} {'.'.join(macros.get(name, '0') for name in names)}"


def _name_libc(cc: Path, macros: dict[str, str], interpreter: str) -> Libc:
    """The compiler's libc: told by macros of its headers, or else by the name of its loader."""
    for name, kind in LIBCS.items():
        if kind.macros and kind.macros[0] in macros:
            return Libc(name, ".".join(macros.get(macro, "0") for macro in kind.macros))
    for name, kind in LIBCS.items():
        if not kind.macros and Libc(name, "").is_own(Path(interpreter).name):
            return Libc(name, _read_release(kind.release, Path(ask_compiler(cc, "-print-file-name=libc.so"))))
    raise ToolchainError(
        f"{cc}: its libc is not known",
        expected=list_libcs(),
        found=f"a loader called {interpreter or 'nothing'}",
    )


def _read_release(release: bytes, library: Path) -> str:
    """The version that the file of a libc contains."""
    try:
        found = re.search(release, library.read_bytes()) if release else None
    except OSError:
        return "unknown"
    return found[1].decode() if found else "unknown"


def _name_kernel(macros: dict[str, str]) -> str | None:
    code = macros.get("LINUX_VERSION_CODE", "")
    if not code.isdigit():
        return None
    number = int(code)
    return f"{number >> 16}.{number >> 8 & 0xFF}.{number & 0xFF}"


def _look_at_gcc(cc: Path, patience: float) -> tuple[Path | None, dict[str, Path]]:
    """The sysroot of a GCC, if it has one of its own, and its parts."""
    sysroot = ask_compiler(cc, "-print-sysroot", patience=patience)
    own = Path(sysroot).resolve() if sysroot and Path(sysroot).resolve() != Path("/") else None
    return own, _find_parts(cc, _OF_GCC, patience)


def _look_at_clang(cc: Path, patience: float) -> tuple[Path, dict[str, Path]]:
    clang = ask_clang(cc, patience=patience)
    return clang.sysroot, {**clang.programs, **_find_parts(cc, _OF_CLANG, patience)}


def _find_parts(cc: Path, names: Mapping[str, Sequence[str]], patience: float) -> dict[str, Path]:
    """The existing parts of the compiler. names: their names, by the kind of the question: "prog" and "file"."""
    found = {}
    for kind, name in ((kind, name) for kind, asked in names.items() for name in asked):
        status, answer, _ = try_ask(cc, f"-print-{kind}-name={name}", patience=patience)
        part = Path(answer.strip())
        if status == 0 and part.is_absolute() and part.is_file():
            found[name] = part
    return found


def _hash_parts(parts: Mapping[str, Path], macros: Mapping[str, str]) -> str:
    """Hash the parts of the compiler. Paths are left out: the same SDK in another folder makes the same products.

    The macros are included because they show the flags that a vendor's wrapper adds.
    """
    digest = hashlib.sha256("\n".join(f"{name} {text}" for name, text in sorted(macros.items())).encode())
    for name, part in parts.items():
        with part.open("rb") as file:
            digest.update(f"\n{name} {hashlib.file_digest(file, 'sha256').hexdigest()}".encode())
    return digest.hexdigest()


def _describe_parts(cc: Path, parts: Mapping[str, Path]) -> dict[str, str]:
    """The parts, the compiler and its tools, with their status in the file system."""
    prefix = Path(prefix_of(cc.absolute()))
    files = {*parts.values(), *programs_behind(cc), *prefix.parent.glob(f"{glob.escape(prefix.name)}*")}
    described = {str(file): status_of(file) for file in sorted(files) if not file.is_dir()}
    return {file: status for file, status in described.items() if status is not None}
