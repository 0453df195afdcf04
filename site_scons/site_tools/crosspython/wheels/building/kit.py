"""The kit: the tools with which all wheels of one target and one Python are built.

It consists of build-python, a sysroot with the target's Python and its libraries, one verified cross-python, compiler
wrappers, and the files that describe the board to build systems. This module knows their inputs and paths; make_kit.py
makes them. Everything is in one folder. Paths belong to the build machine.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from crosspython.finish.python_tree import read_build_time_vars
from crosspython.recipes.release import Release
from crosspython.run.isolation import Contain
from crosspython.targets import Target
from crosspython.toolchain.containment import folders_of_toolchain, paths_of_interpreter
from crosspython.toolchain.emulator import program_behind
from crosspython.toolchain.facts import Toolchain
from crosspython.toolchain.rust import RustSearch
from crosspython.wheels.building.machine_files import MachineFiles
from crosspython.wheels.resolving.indexes import Indexes
from crosspython.wheels.resolving.platform import Platform


@dataclass(frozen=True)
class Kit:
    """The inputs of a kit, and the paths of its parts.

    folder:       the folder of the kit
    python:       CPython's stage archive
    build_python: the stage archive of the Python that runs here, or an interpreter's path
    libraries:    stage archives of the standard library's libraries, by component
    rust:         the places in which Rust is searched when a package needs it
    indexes:      returns the indexes for native build requirements, from pip's configuration; called when needed
    code:         the hash of the code that makes kits: a kit of other code is made again
    cache:        uv's cache, shared by all builds; None: uv's default
    offline:      uv uses only packages in its cache
    timeout:      seconds that a call of a build backend may take
    to_bundle:    C libraries that wheels need come into the bundle, and not into the wheels
    contain:      the workshop's, for build requirements that have to be built
    making:       a lock that is held while the kit is made: several wheels may need it at the same time
    whole:        folders of the kit that were verified or made in this run; they are not verified again
    """

    folder: Path
    target: Target
    toolchain: Toolchain
    release: Release
    python: Path
    build_python: Path
    libraries: Mapping[str, Path]
    rust: RustSearch
    indexes: Callable[[], Indexes] = Indexes
    code: str = ""
    cache: Path | None = None
    offline: bool = False
    timeout: float = 7200.0
    to_bundle: bool = False
    contain: Contain = "auto"
    making: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)
    whole: set[Path] = field(default_factory=set, repr=False, compare=False)

    @property
    def sysroot(self) -> Path:
        """The target's Python and its libraries, below usr/."""
        return self.folder / "sysroot"

    @property
    def bin(self) -> Path:
        """Compiler wrappers and the programs of machine_files.py."""
        return self.folder / "bin"

    @property
    def files(self) -> MachineFiles:
        return MachineFiles.below(self.folder)

    @property
    def native_python(self) -> Path:
        """The interpreter of the build machine, which describes the build machine."""
        is_archive = self.build_python.suffix == ".zst"
        return self.folder / "build-python/bin/python3" if is_archive else self.build_python

    @property
    def cross_python(self) -> Path:
        """The interpreter of the build machine that gives the answers of the board's."""
        return self.folder / "crossenv/cross/bin/python3"

    @property
    def target_python(self) -> Path:
        """The board's interpreter. It runs here if there is an emulator."""
        return self.sysroot / f"usr/bin/python{self.release.series_number}"

    @property
    def target_program(self) -> Path:
        """The same as an ELF file, without the emulator in front of it."""
        return program_behind(self.target_python)

    @property
    def has_emulator(self) -> bool:
        """Whether the board's interpreter runs here."""
        return self.target_program != self.target_python

    @property
    def bytecode(self) -> Path:
        """The folder of compiled modules of these interpreters, apart from their sources (PYTHONPYCACHEPREFIX). Each
        package gets a copy, because other packages would run modules that it writes."""
        return self.folder / "bytecode"

    @property
    def overlays(self) -> Path:
        """The folder of overlays, one for each set of build requirements."""
        return self.folder / "overlays"

    @property
    def include(self) -> Path:
        """The folder with the target's Python.h."""
        return self.sysroot / f"usr/{self.release.include}"

    @property
    def standard_library(self) -> Path:
        """The folder of the target's standard library."""
        return self.sysroot / f"usr/lib/python{self.release.series}"

    @cached_property
    def extension_suffix(self) -> str:
        """The suffix of extension modules, from the target's Python."""
        return str(read_build_time_vars(self.standard_library)["EXT_SUFFIX"])

    @property
    def site_packages(self) -> tuple[Path, ...]:
        """The site-packages of the interpreters that run backends: cross-python, and the board's in the emulator."""
        cross = self.cross_python.parents[1] / f"lib/python{self.release.series}/site-packages"
        return cross, self.standard_library / "site-packages"

    @property
    def readable(self) -> tuple[Path, ...]:
        """The paths that a build may read besides the machine's tools: the kit, its compilers, and the user's
        interpreter."""
        own = () if self.build_python.suffix == ".zst" else paths_of_interpreter(self.build_python)
        return (self.folder, *folders_of_toolchain(self.toolchain), *own)

    @property
    def markers(self) -> dict[str, str]:
        """The values of environment markers (PEP 508), as the board's Python has them."""
        return Platform.of(self.target, self.release).markers()
