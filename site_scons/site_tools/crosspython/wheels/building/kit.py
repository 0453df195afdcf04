"""The kit: what all wheels of one target and one Python are built with.

The Python that runs here, a sysroot with the target's Python and its libraries, one verified cross-python, compiler
wrappers and the files that tell build systems of the board. It knows what they are made of and where they lie;
make_kit.py makes them. Everything lies in one folder. Paths belong to the build machine.
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
from crosspython.toolchain.containment import folders_of_toolchain, prefix_of
from crosspython.toolchain.emulator import program_behind
from crosspython.toolchain.facts import Toolchain
from crosspython.toolchain.rust import RustSearch
from crosspython.wheels.building.machine_files import MachineFiles
from crosspython.wheels.resolving.indexes import Indexes
from crosspython.wheels.resolving.platform import Platform


@dataclass(frozen=True)
class Kit:
    """What it is made of, and where its parts lie.

    folder:       below which all of it lies
    python:       CPython's stage archive
    build_python: the stage archive of the Python that runs here, or an interpreter's path
    libraries:    stage archives of what the standard library needs, by component
    rust:         where Rust is looked for when a package is written in it
    indexes:      tells where native build requirements come from, as pip is configured here; asked when some are wanted
    code:         the hash of the code that makes kits: an older one's is made anew
    cache:        uv's, shared by all builds; None: uv's own choice
    offline:      what uv does not have in its cache is not fetched
    timeout:      seconds that a call of a build backend may take
    to_bundle:    C libraries that wheels need are left to the bundle, instead of put into the wheels
    contain:      as the workshop's, for build requirements that have to be built
    making:       held while it is made: several wheels may want it at once
    whole:        folders of it that were found whole, or made, in this run; they are not looked at again
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
        """The interpreter that runs here and tells the truth about it."""
        is_archive = self.build_python.suffix == ".zst"
        return self.folder / "build-python/bin/python3" if is_archive else self.build_python

    @property
    def cross_python(self) -> Path:
        """The interpreter that runs here and answers as the board's."""
        return self.folder / "crossenv/cross/bin/python3"

    @property
    def target_python(self) -> Path:
        """The board's interpreter: it runs here where there is an emulator."""
        return self.sysroot / f"usr/bin/python{self.release.series_number}"

    @property
    def target_program(self) -> Path:
        """The same as an ELF file, without the emulator in front of it."""
        return program_behind(self.target_python)

    @property
    def bytecode(self) -> Path:
        """Compiled modules of these interpreters, beside no source (PYTHONPYCACHEPREFIX). A package gets a copy:
        what it wrote here, all others would run."""
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
        """The end of the names of extension modules, as the target's Python tells it."""
        return str(read_build_time_vars(self.standard_library)["EXT_SUFFIX"])

    @property
    def site_packages(self) -> tuple[Path, ...]:
        """Of the interpreters that run build backends: cross-python, and the board's in the emulator."""
        cross = self.cross_python.parents[1] / f"lib/python{self.release.series}/site-packages"
        return cross, self.standard_library / "site-packages"

    @property
    def readable(self) -> tuple[Path, ...]:
        """All that a build sees beside the machine's tools: itself, its compilers, and an interpreter of the user's."""
        own = () if self.build_python.suffix == ".zst" else prefix_of(self.build_python)
        return (self.folder, *folders_of_toolchain(self.toolchain), *own)

    @property
    def markers(self) -> dict[str, str]:
        """What environment markers ask (PEP 508), as the board's Python answers."""
        return Platform.of(self.target, self.release).markers()
