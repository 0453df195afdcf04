"""The results of four installers: pip, uv, pypa's installer, and `wheel`, which unpacks and compares hashes.

Each installs into a folder of its own with the same layout, so that their results can be compared. The first, the third
and the fourth run in this process, as a call of theirs takes longer than their work.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from crosspython.store.walk import find_files
from installer import install
from installer.destinations import SchemeDictionaryDestination
from installer.sources import WheelFile
from packaging.utils import parse_wheel_filename
from pip._internal.models.scheme import Scheme
from pip._internal.operations.install.wheel import install_wheel
from wheel.wheelfile import WheelFile as HashedWheel

# What each writes about the installation itself; RECORD tells of it.
_NOTES = re.compile(
    r"[^/]+\.dist-info/(RECORD|RECORD\.jws|RECORD\.p7s|INSTALLER|REQUESTED|direct_url\.json|uv_cache\.json)"
)
_UV = [Path(sys.executable).with_name("uv"), "pip", "install", "--quiet", "--no-deps", "--no-index", "--offline"]
Installed = dict[str, tuple[str, bool]]


def install_with_pip(wheel: Path, folder: Path) -> Installed:
    places = _places(wheel, folder)
    install_wheel(_name(wheel), str(wheel), Scheme(**places), wheel.name, pycompile=False, warn_script_location=False)
    return _look_at(folder, wheel)


def install_with_installer(wheel: Path, folder: Path) -> Installed:
    with WheelFile.open(wheel) as source:
        destination = SchemeDictionaryDestination(_places(wheel, folder), sys.executable, "posix")
        install(source, destination, {})
    return _look_at(folder, wheel)


def install_with_uv(wheel: Path, folder: Path) -> Installed:
    """uv knows the tags of 64-bit ARM, and not of 32-bit ARM."""
    board = ["--python", sys.executable, "--python-version", "3.13", "--python-platform", "aarch64-manylinux_2_36"]
    where = ["--target", folder, "--no-cache", "--link-mode", "copy"]
    ended = subprocess.run([*_UV, *board, *where, wheel], capture_output=True, text=True, timeout=60)
    if ended.returncode:
        raise OSError(ended.stderr)
    return _look_at(folder, wheel)


def verify_with_installer(wheel: Path) -> None:
    """Compare the whole RECORD, which is stricter than the standard: sizes may be left out, say the rules."""
    with WheelFile.open(wheel) as source:
        source.validate_record()


def verify_with_wheel(wheel: Path) -> None:
    """Read each member, which compares its hash with that in RECORD."""
    with HashedWheel(wheel) as archive:
        for name in archive.namelist():
            archive.read(name)


INSTALLERS: Mapping[str, Callable[[Path, Path], Installed]] = {
    "pip": install_with_pip,
    "installer": install_with_installer,
    "uv": install_with_uv,
}


def _name(wheel: Path) -> str:
    return str(parse_wheel_filename(wheel.name)[0])


def _places(wheel: Path, folder: Path) -> dict[str, str]:
    """The layout of `uv pip install --target`."""
    site = str(folder)
    include = f"{site}/include/{_name(wheel)}"
    return {"purelib": site, "platlib": site, "scripts": f"{site}/bin", "data": site, "headers": include}


def _look_at(folder: Path, wheel: Path) -> Installed:
    """Files with hash and the right to run them. Each installer makes programs itself: only their names are compared,
    and scripts without their first line and that right, which uv gives to all of them."""
    found = {}
    for path in find_files(folder):
        name = path.relative_to(folder).as_posix()
        if _NOTES.fullmatch(name) or name == ".lock" or path.suffix == ".pyc":  # which installer leaves to Python
            continue
        data = path.read_bytes()
        if name.startswith("bin/"):
            is_program = data.startswith(f"#!{sys.executable}".encode()) and b"sys.exit(" in data
            data = b"" if is_program else data.partition(b"\n")[2] if data.startswith(b"#!") else data
        runs = name.startswith("bin/") or bool(path.stat().st_mode & 0o100)
        found[name] = (hashlib.sha256(data).hexdigest(), runs)
    return found
