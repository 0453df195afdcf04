"""The kit: what all wheels of one target and one Python are built with.

Unpacked once: the Python that runs here, a sysroot with the target's Python and its libraries, one verified
cross-python, compiler wrappers and the files that tell build systems of the board. Everything lies in one folder, holds
its absolute path, and is made anew when what it is made of changes. Paths belong to the build machine.
"""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from crosspython.errors import CheckError, HostToolError
from crosspython.recipes.cpython import Release
from crosspython.run.log import Log
from crosspython.stages.build_details import read_build_time_vars
from crosspython.stages.bundle import is_no_test
from crosspython.stages.carry_out import Workshop
from crosspython.store.tree import unpack_tree
from crosspython.targets import Target
from crosspython.toolchain.emulator import emulate, emulator_command
from crosspython.toolchain.facts import Toolchain
from crosspython.toolchain.rust import RustSearch
from crosspython.toolchain.wrapper import write_wrappers
from crosspython.wheels.cross_python import CROSSENV, make_cross_python
from crosspython.wheels.indexes import Indexes
from crosspython.wheels.machine_files import Facts, MachineFiles, write_machine_files
from crosspython.wheels.platform import Platform

# Raise it when the same ingredients would now give another kit.
_VERSION = "2"


@dataclass(frozen=True)
class Kit:
    """What it is made of, and where its parts lie.

    folder:       below which all of it lies
    python:       CPython's stage archive
    build_python: the stage archive of the Python that runs here, or an interpreter's path
    libraries:    stage archives of what the standard library needs, by component
    rust:         where Rust is looked for when a package is written in it
    indexes:      where native build requirements come from: as pip is configured here
    cache:        uv's, shared by all builds; None: uv's own choice
    offline:      what uv has not in its cache is not to be had
    timeout:      seconds that a call of a build backend may take
    to_bundle:    C libraries that wheels need are left to the bundle, instead of put into the wheels
    """

    folder: Path
    target: Target
    toolchain: Toolchain
    release: Release
    python: Path
    build_python: Path
    libraries: Mapping[str, Path]
    rust: RustSearch
    indexes: Indexes = field(default_factory=Indexes)
    cache: Path | None = None
    offline: bool = False
    timeout: float = 7200.0
    to_bundle: bool = False
    _making: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

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
        return self.sysroot / f"usr/bin/python{self.release.series}"

    @property
    def bytecode(self) -> Path:
        """Where all these interpreters keep compiled modules, beside no source (PYTHONPYCACHEPREFIX)."""
        return self.folder / "bytecode"

    @property
    def include(self) -> Path:
        """The folder with the target's Python.h."""
        return self.sysroot / f"usr/include/python{self.release.series}"

    @property
    def standard_library(self) -> Path:
        """The folder of the target's standard library."""
        return self.sysroot / f"usr/lib/python{self.release.series}"

    @property
    def markers(self) -> dict[str, str]:
        """What environment markers ask (PEP 508), as the board's Python answers."""
        return Platform.of(self.target, self.release).markers()

    def prepare(self, shop: Workshop) -> None:
        """Make it, unless it is there. Raises ToolchainError where cross-python does not answer as the board's Python."""
        marker, text = self.folder / "whole.json", self._identity(shop)
        with self._making:
            if marker.is_file() and marker.read_text() == text:
                return
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir(parents=True)
            with Log(shop.logs / f"{self.folder.name}.log") as log, shop.jobserver.token():
                self._make(log, shop)
            marker.write_text(text)

    def _make(self, log: Log, shop: Workshop) -> None:
        log.step("unpack")
        if self.build_python.suffix == ".zst":
            unpack_tree(self.build_python, self.folder / "build-python", only=is_no_test)
        for archive in (*self.libraries.values(), self.python):
            unpack_tree(archive, self.sysroot / "usr", only=is_no_test)
        write_wrappers(self.bin, self.toolchain, self.target, strays="drop")
        variables = read_build_time_vars(self.standard_library)
        facts = Facts(
            machine=self.target.machine,
            triplet=self.target.triplet,
            python=self.cross_python,
            include=self.include,
            extension_suffix=str(variables["EXT_SUFFIX"]),
            bin=self.bin,
            fortran=self.toolchain.fortran,
            emulator=self._emulate(shop.path),
            path=shop.path,
        )
        write_machine_files(self.folder, facts)
        log.step("crossenv")
        make_cross_python(self, variables, log, shop.path)

    def _emulate(self, path: str) -> tuple[str, ...]:
        """Put the emulator before the target's interpreter; empty where there is none: the cross engine needs it not."""
        try:
            emulate(self.sysroot / "usr", self.target, self.toolchain, path)
            return tuple(emulator_command(self.target, self.toolchain, path))
        except (HostToolError, CheckError):
            return ()

    def _identity(self, shop: Workshop) -> str:
        archives = (self.python, self.build_python, *self.libraries.values())
        facts = {
            "version": [_VERSION, CROSSENV],
            "target": asdict(self.target),
            "toolchain": [self.toolchain.prefix, self.toolchain.identity, self.toolchain.fortran],
            "python": self.release.version,
            "archives": [[str(path), path.stat().st_size, path.stat().st_mtime_ns] for path in archives],
            "path": shop.path,
        }
        return json.dumps(facts, indent=1)
