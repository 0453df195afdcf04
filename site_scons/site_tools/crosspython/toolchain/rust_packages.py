"""Rust from the distribution's packages: they are fetched by hash and unpacked into a folder of ours, not installed.

Knows which packages make a complete Rust (rust.toml), and how to unpack them into one folder so that they find each
other. rust.py decides whether they are needed. All paths belong to the build machine.
"""

from __future__ import annotations

import os
import platform
import shutil
import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from crosspython.store.exclusive import exclusive
from crosspython.store.fetch import Store
from crosspython.store.fingerprints import Fingerprints
from crosspython.store.sources import Source

_DATA = Path(__file__).with_name("rust.toml")
_LIBRARIES = "usr/lib/x86_64-linux-gnu"


def release_of_packages() -> str:
    """The release of Rust that the packages have."""
    return str(_read_data()["release"])


def packaged_release(triple: str) -> str | None:
    """The release that the packages have for a target's triple and this machine; None where they have none."""
    data = _read_data()
    fits = platform.machine() == data["host"].partition("-")[0] and triple in data["std"]
    return release_of_packages() if fits else None


def packaged_sources(triple: str) -> tuple[Source, ...]:
    """The packages that together can compile for a triple."""
    data = _read_data()
    rows = [*data["compiler"], data["std"][data["host"]], data["std"][triple]]
    return tuple(dict.fromkeys(Source(sha256=row["sha256"], pool=row["pool"]) for row in rows))


def unpack_rust(triple: str, store: Store, folder: Path, remark: Callable[[str], None] = lambda text: None) -> Path:
    """Return rustc's sysroot with the standard library for a triple. The packages are unpacked below `folder` once, and
    again if somebody has changed the files; `remark` gets a sentence about that.

    Raises SourceError and ArchiveError.
    """
    root = folder / f"rust-{release_of_packages()}"
    with exclusive(folder / f"{root.name}.lock"):
        fingerprints = Fingerprints(folder)
        if not fingerprints.is_same(root):
            if fingerprints.compare(root) == "other":
                remark(f"{root} was changed since it was unpacked, so it is unpacked again")
            shutil.rmtree(root, ignore_errors=True)
        for source in packaged_sources(triple):
            mark = root / "packages" / source.sha256
            if not mark.exists():
                _, package = store.get([source], "Rust")
                _unpack(package, root)
                mark.parent.mkdir(exist_ok=True)
                mark.touch()
                fingerprints.note(root)
    return root / "usr"


def _unpack(package: Path, root: Path) -> None:
    # These are slow to import, and most runs only ask which packages there are.
    from crosspython.elf.file import find_elf_files
    from crosspython.elf.patchelf import find_patchelf, write_rpaths
    from crosspython.store.archive import unpack_archive

    part = root.with_name(root.name + ".part")
    unpack_archive(package, part)
    shutil.rmtree(part / "usr/share", ignore_errors=True)
    elves = [elf for elf in find_elf_files(part) if elf.is_dynamic and "rustlib" not in elf.path.parts]
    wanted: dict[Path, str | None] = {
        elf.path: os.path.join("$ORIGIN", os.path.relpath(part / _LIBRARIES, elf.path.parent)) for elf in elves
    }
    write_rpaths(wanted, {elf.path: elf.rpath for elf in elves}, find_patchelf())
    for path in sorted(part.rglob("*")):
        if path.is_symlink() or not path.is_dir():
            place = root / path.relative_to(part)
            place.parent.mkdir(parents=True, exist_ok=True)
            path.replace(place)
    shutil.rmtree(part)


@cache
def _read_data() -> dict[str, Any]:
    return tomllib.loads(_DATA.read_text())
