"""What a backend made becomes a wheel for the board, or fails with what is wrong; a ready wheel is only judged.

Reads like a wheel's last hour: laid out, cleaned, libraries put in, RPATHs written, tagged by what is in it, audited,
packed. How each is done others know. A ready wheel keeps its bytes: its hash is what was locked. All paths belong to
the build machine.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.tags import Tag
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from crosspython.elf.file import find_elf_files
from crosspython.errors import AuditError
from crosspython.stages.bench import EPOCH
from crosspython.stages.board import BOARD_LIBRARIES, board_needs
from crosspython.stages.leaks import BuildPaths, is_text
from crosspython.stages.rpath import find_sonames, set_rpaths
from crosspython.stages.strip import strip_archives, strip_files
from crosspython.store.walk import find_files
from crosspython.targets import Target
from crosspython.targets.machines import find_machine
from crosspython.toolchain.facts import Toolchain
from crosspython.toolchain.query import try_ask
from crosspython.wheels.archive import (
    WheelName,
    WheelTree,
    lay_out,
    name_dist_info,
    pack_wheel,
    parse_wheel_name,
    state_tags,
    verify_record,
)
from crosspython.wheels.graft import find_missing, graft, rename_needed
from crosspython.wheels.model import LockedPackage, WheelReport
from crosspython.wheels.needs import name_packages_only
from crosspython.wheels.tags import BoardTags, compress_tags, predict_tags
from crosspython.wheels.undefined import find_undefined, remark_undefined
from crosspython.wheels.wheel_audit import (
    Contents,
    find_problems,
    is_static_library,
    read_contents,
    remark_dropped,
    require_clean,
)


@dataclass(frozen=True)
class Repair:
    """What finishing one wheel has to know.

    package:   what was locked: the wheel has to be that
    series:    CPython's, "3.13"
    work:      a folder for this wheel alone; replaced, and gone when all went well
    engine:    for the report
    tools:     the wrapped toolchain, <triplet>-objcopy; a ready wheel needs none
    python:    the target's interpreter, an ELF file; a ready wheel needs none
    sysroot:   the private sysroot that it was built against, libraries in usr/lib
    replace:   folders of the build machine, with the text that takes their place
    to_bundle: needed libraries are left to the bundle, and found in the prefix's lib, instead of put into the wheel
    """

    package: LockedPackage
    target: Target
    toolchain: Toolchain
    series: str
    work: Path
    engine: str = "ready"
    tools: Path | None = None
    python: Path | None = None
    sysroot: Path | None = None
    replace: Mapping[str, str] | None = None
    to_bundle: bool = False
    log: Path | None = None

    @property
    def board(self) -> BoardTags:
        return BoardTags.of(self.target, self.toolchain, self.series)

    @property
    def patterns(self) -> tuple[str, ...]:
        """Sonames of the libraries that every board with this libc has."""
        return BOARD_LIBRARIES[self.board.libc]

    @property
    def forbidden(self) -> tuple[str, ...]:
        return tuple(self.neutral)

    @property
    def neutral(self) -> dict[str, str]:
        """What takes the place of each folder of the build machine."""
        return {**(self.replace or {}), str(self.work): self.target.prefix}

    def sonames(self) -> frozenset[str]:
        """Names of the libraries in the private sysroot."""
        return find_sonames(self.sysroot / "usr/lib") if self.sysroot else frozenset()

    def find_library(self, soname: str) -> Path | None:
        """Where a library lies: in the private sysroot, or with the compiler (libgfortran, libc)."""
        if self.sysroot is not None and (own := self.sysroot / "usr/lib" / soname).exists():
            return own.resolve()
        _, answer, _ = try_ask(Path(f"{self.toolchain.prefix}gcc"), f"-print-file-name={soname}")
        place = Path(answer.strip())
        return place.resolve() if place.is_absolute() and place.is_file() else None

    def find_missing_library(self, soname: str) -> Path | None:
        """The same, if it has to be put into the wheel."""
        return None if self.to_bundle and soname in self.sonames() else self.find_library(soname)


def finish_wheel(made: Path, product: Path, repair: Repair) -> WheelReport:
    """Make a wheel for the board out of what a backend made, and write it. Raises AuditError with all that is wrong."""
    stated = parse_wheel_name(made.name)
    tree = lay_out(made, repair.work, repair.series)
    _require_identity(tree, stated, repair)
    name_dist_info(tree, stated)
