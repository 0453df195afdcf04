"""Asks a compiler: starts one process, returns its answer, or raises an error of one sentence if it does not run.

It knows how programs fail to start and how long to wait. It does not know what the answers mean.
"""

from __future__ import annotations

import errno
import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from crosspython.errors import ToolchainError

PATIENCE = 60.0  # seconds; a compiler on a slow network disk needs some of them
_EVIDENCE_LINES = 6

_REASONS = {
    errno.EACCES: "it may not be executed (its file mode, or a disk mounted noexec)",
    errno.ENOEXEC: "it is not a program for this machine",
    errno.ENOENT: "its loader is not there: a program for another kind of machine,"
    " or a 32-bit one without its libraries",
}


def try_ask(
    program: Path, *arguments: str, input: str = "", cwd: Path | None = None, patience: float = PATIENCE
) -> tuple[int, str, str]:
    """Run a compiler and return exit status, stdout and stderr.
    Raises ToolchainError when it cannot be run or hangs."""
    try:
        done = subprocess.run(
            [str(program), *arguments],
            input=input,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            env=clean_environment(os.environ),
            cwd=cwd,
            timeout=patience,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ToolchainError(
            f"{program}: the compiler hangs", expected="an answer", found=f"none within {patience:g} s"
        ) from error
    except OSError as error:
        missing = error.errno == errno.ENOENT and not program.exists()
        reason = "no such file" if missing else _REASONS.get(error.errno or 0, error.strerror or str(error))
        raise ToolchainError(f"{program}: the compiler cannot be run: {reason}") from error
    return done.returncode, done.stdout, done.stderr


def ask_compiler(program: Path, *arguments: str, input: str = "", patience: float = PATIENCE) -> str:
    """Return what a compiler answers. Raises ToolchainError also when it fails."""
    status, answer, complaint = try_ask(program, *arguments, input=input, patience=patience)
    if status != 0:
        raise ToolchainError(
            f"{program}: the compiler does not work",
            expected=f"an answer to {' '.join(arguments)}",
            found=f"exit status {status}" if status >= 0 else f"ended by signal {-status}",
            evidence=complaint.splitlines()[-_EVIDENCE_LINES:],
        )
    return answer.strip()


def find_kernel_headers(compiler: Path) -> Path:
    """The folder with linux/ that a compiler sees. Raises ToolchainError where it has none."""
    status, answer, _ = try_ask(compiler, "-M", "-x", "c", "-", input="#include <linux/version.h>\n")
    found = re.search(r"(\S+)/linux/version\.h", answer)
    if status != 0 or found is None:
        raise ToolchainError(
            f"{compiler}: it has no headers of the kernel",
            expected="linux/version.h among its headers",
            found="none",
            next="take a toolchain that has them: toolchain=",
        )
    return Path(found[1])


def searched_folders(compiler: Path, language: str, *arguments: str) -> list[Path]:
    """The folders in which a compiler searches headers, in its order, with links resolved.

    language: "c" or "c++"
    """
    _, _, said = try_ask(compiler, *arguments, "-E", "-v", "-x", language, os.devnull)
    listed = re.search(r"^#include <\.\.\.> search starts here:\n(.*?)^End of search list", said, re.M | re.S)
    return [Path(line.strip()).resolve() for line in listed[1].splitlines()] if listed else []


def own_folder(compiler: Path) -> Path:
    """The folder of a GCC's own libraries, with its own headers below it."""
    return Path(ask_compiler(compiler, "-print-libgcc-file-name")).parent


def clean_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment without the variables by which GCC finds headers, libraries and its own parts (GCC's manual)."""
    drop = (
        "CPATH",
        "C_INCLUDE_PATH",
        "CPLUS_INCLUDE_PATH",
        "LIBRARY_PATH",
        "COMPILER_PATH",
        "GCC_EXEC_PREFIX",
        "DEPENDENCIES_OUTPUT",
    )
    return {name: value for name, value in environment.items() if name not in drop} | {"LC_ALL": "C"}
