"""A vendor's SDK: a folder, or the archive it was downloaded as. Neither is ever edited in place.

An archive is unpacked into the build folder; so is a copy of a folder whose Buildroot `relocate-sdk.sh` has not been run
for the place where it lies. The script writes the SDK's own path into the SDK (Buildroot manual, "Using the generated
toolchain outside Buildroot"), so it is run on our copy only.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from crosspython.errors import ToolchainError
from crosspython.store.archive import unpack_archive

_LOCATION = "share/buildroot/sdk-location"
_SCRIPT = "relocate-sdk.sh"


def prepare_sdk(given: Path, unpack_into: Path) -> Path:
    """The folder of a usable SDK for what `toolchain=` names. Raises ToolchainError."""
    if not given.exists():
        raise ToolchainError(
            f"toolchain={given}: there is nothing there",
            expected="the folder of an SDK, its archive (.tar.gz, .bz2, .xz, .zst), or a compiler",
        )
    if given.is_file():
        return _prepare(given, unpack_into)
    relocatable = _find_relocatable(given)
    if relocatable is None or _is_relocated(relocatable):
        return given
    return _prepare(given, unpack_into)


def _prepare(given: Path, unpack_into: Path) -> Path:
    """Our own copy of an SDK, made once and named by what it was made from."""
    status = given.stat()
    key = hashlib.sha256(f"{given} {status.st_size} {status.st_mtime_ns}".encode()).hexdigest()[:12]
    folder = unpack_into / f"{given.name.split('.tar')[0]}-{key}"
    done = folder.with_name(folder.name + ".done")
    if done.exists() and folder.is_dir():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    unpack_into.mkdir(parents=True, exist_ok=True)
    if given.is_file():
        unpack_archive(given, folder, strip=0)
    else:
        shutil.copytree(given, folder, symlinks=True)
    if relocatable := _find_relocatable(folder):
        _relocate(relocatable)
    done.touch()
    return folder


def _find_relocatable(folder: Path) -> Path | None:
    """The folder with Buildroot's script: the SDK itself, or the only folder in it."""
    candidates = [folder, *sorted(path for path in folder.iterdir() if path.is_dir())]
    return next((path for path in candidates if (path / _SCRIPT).is_file()), None)


def _is_relocated(sdk: Path) -> bool:
    try:
        return (sdk / _LOCATION).read_text().strip() == str(sdk)
    except OSError:
        return False


def _relocate(sdk: Path) -> None:
    command = ["sh", f"./{_SCRIPT}"] if not os.access(sdk / _SCRIPT, os.X_OK) else [f"./{_SCRIPT}"]
    run = subprocess.run(command, cwd=sdk, capture_output=True, text=True, errors="replace", timeout=600, check=False)
    if run.returncode != 0:
        raise ToolchainError(
            f"{sdk}: the SDK's {_SCRIPT} failed",
            evidence=(run.stdout + run.stderr).splitlines()[-20:],
            found=f"exit status {run.returncode}",
        )
