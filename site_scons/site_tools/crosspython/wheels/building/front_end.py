"""The front end: it builds a wheel for the board from any sdist.

The steps: unpack the sdist, install its native build requirements into an overlay, let an engine run its PEP 517
backend, and let repair.py finish and audit the wheel. This module knows the order of the steps, and when the second
engine is tried; each step has a module of its own. Paths belong to the build machine.
"""

from __future__ import annotations

import shutil
import sys
import time
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.requirements import Requirement

from crosspython.elf.file import has_elf_magic
from crosspython.errors import StepError
from crosspython.run.log import Log
from crosspython.store.fetch import hash_file
from crosspython.store.tree import unpack_tree
from crosspython.store.walk import find_files
from crosspython.toolchain.containment import Containment
from crosspython.toolchain.emulator import find_emulator
from crosspython.toolchain.programs import NATIVE_SWITCH, write_config_programs
from crosspython.toolchain.query import find_kernel_headers
from crosspython.toolchain.wrapper import SOURCE_PLACE
from crosspython.wheels.building.cargo import Cargo, is_rust
from crosspython.wheels.building.crates import Crates
from crosspython.wheels.building.engines import ConfigSettings, Engine, stated_requirements
from crosspython.wheels.building.environment import POLICY, build_environment, linked_in
from crosspython.wheels.building.fetched import SETTINGS, hand_over
from crosspython.wheels.building.kit import Kit
from crosspython.wheels.building.make_kit import make_kit
from crosspython.wheels.building.overlay import Overlay, applicable, make_overlay, with_native_tools
from crosspython.wheels.building.source import unpack_source
from crosspython.wheels.known.beginning import Begun
from crosspython.wheels.known.causes import explain_build_failure, wants_emulation
from crosspython.wheels.known.left_out import remark_left_behind, remark_left_out
from crosspython.wheels.model import WheelOrder, WheelReport
from crosspython.wheels.repairing.repair import Repair, finish_wheel
from crosspython.wheels.requirements import names_of
from crosspython.wheels.version_control import borrowed_objects
from crosspython.workshop import SYSTEM_FOLDERS, Workshop

_NATIVE_NAMES = (
    "its build calls gcc without a prefix for programs that run here, so it was built once more with gcc, cc and ld "
    "of this machine, and may have found this machine's libraries"
)

_UNLOCKED = (
    "its build needs {needs}, which its pyproject.toml does not name, so the lock does not contain it: the newest"
    " version was used; an override with build_requires (docs/overrides.md) locks it"
)

_OTHER_RUST = "it was built with {used}, and the lock was made with {locked}: its bytes may differ"

_LINES = 2000  # the lines of a backend's output that are searched for left-out extensions


@dataclass(frozen=True)
class Made:
    """A wheel as its backend made it, with the seconds of wall clock and of CPU."""

    wheel: Path
    engine: str
    wall: float
    cpu: float


class WheelBuild:
    """The folders of one wheel while it is being built."""

    def __init__(self, order: WheelOrder, kit: Kit, workshop: Workshop, log: Log) -> None:
        self.order, self.kit, self.workshop, self.log = order, kit, workshop, log
        self.override = order.override
        self.work = workshop.work / "wheels" / f"{order.package.name}-{order.package.version}"
        self.source, self.tmp = self.work / "source", self.work / "tmp"
        self.brought: frozenset[str] = frozenset()
        self.sysroot = kit.sysroot
        self.cargo: Cargo | None = None
        self.fetched: Path | None = None
        self.native_names = False
        self.remarks: tuple[str, ...] = ()

    @property
    def timeout(self) -> float:
        """Seconds that a call of the backend may take."""
        return self.kit.timeout if self.override.minutes is None else self.override.minutes * 60

    def prepare(self) -> None:
        """Unpack the source anew. If the package needs more libraries than the standard library, make a private
        sysroot."""
        self.log.step("unpack")
        shutil.rmtree(self.work, ignore_errors=True)
        self.tmp.mkdir(parents=True)
        if self.kit.bytecode.is_dir():
            shutil.copytree(self.kit.bytecode, self.work / "bytecode")
        self._unpack()
        self.fetched = hand_over(self.override.fetches, self.order.fetched, self.source, self.work)
        self.brought = frozenset(hash_file(path) for path in find_files(self.source) if has_elf_magic(path))
        libraries = {**self.kit.libraries, **self.order.libraries}
        if libraries.keys() != self.kit.libraries.keys():
            self.sysroot = self.work / "sysroot"
            for archive in libraries.values():
                unpack_tree(archive, self.sysroot / "usr")
            write_config_programs(self.sysroot / "usr", self.kit.target.prefix, self.work / "bin")

    def fetch_crates(self) -> None:
        """Fetch the crates that cargo will need, as far as they are known without running the backend."""
        shutil.rmtree(self.work, ignore_errors=True)
        self._unpack()
        self._cargo(self._applicable(stated_requirements(self.source, self.log)))
        shutil.rmtree(self.work)

    def _unpack(self) -> None:
        self.cargo = None  # fetch crates again for this source: fetching may write its lock file
        self.source = unpack_source(self.order, self.work / "source", self.log)

    def with_engine(self, name: str) -> Path:
        """Let an engine build it. Raises StepError."""
        engine, settings = self.make_ready(name)
        with self.workshop.jobserver.token():
            self.log.step(f"build ({name})")
            wheel = engine.build(self.source, self.work / "dist", settings, self.log)
        said = self.log.tail(_LINES, longest=None)
        self.remarks = (*self.remarks, *remark_left_out(said), *remark_left_behind(said))
        return wheel

    def make_ready(self, name: str) -> tuple[Engine, ConfigSettings]:
        """An engine with all requirements of the backend, and the settings for the backend. Raises StepError."""
        requirements = self._applicable((*stated_requirements(self.source, self.log), *self.override.build_requires))
        engine, overlay = self._engine(name, requirements)
        with self.workshop.jobserver.token():
            self.log.step("requirements")
            settings = self._settings(requirements, overlay)
            more = self._applicable(engine.ask_requirements(self.source, settings, self.log))
            self.remarks = (*self.remarks, *remark_left_behind(self.log.tail(_LINES)))
        if more := tuple(need for need in more if need not in requirements and not self._is_locked(need)):
            self._remark_unlocked(more)
            requirements = (*requirements, *more)
            engine, overlay = self._engine(name, requirements)
            settings = self._settings(requirements, overlay)
        return engine, settings

    def _applicable(self, texts: Iterable[str]) -> tuple[Requirement, ...]:
        """The build requirements whose markers hold for this board. Raises ConfigurationError."""
        return applicable(texts, self.kit.markers, self.log.component)

    def _is_locked(self, need: Requirement) -> bool:
        return self.order.tools is not None and self.order.tools.toolset.meets(need)

    def _remark_unlocked(self, needs: Sequence[Requirement]) -> None:
        """Add a remark about requirements that the lock lacks, because only the backend's run has shown them."""
        if self.order.tools is not None:
            told = ", ".join(map(str, needs))
            self.remarks = (*self.remarks, _UNLOCKED.format(needs=told, package=self.order.package.name))

    def repair(self, engine: str) -> Repair:
        """The facts for finishing the wheel."""
        kit, compilers = self.kit, Path(self.kit.toolchain.prefix).parent
        folders = [self.work, self.kit.folder.parent, Path(sys.prefix)]
        folders += [] if str(compilers) in SYSTEM_FOLDERS else [compilers]
        return Repair(
            package=self.order.package,
            target=kit.target,
            toolchain=kit.toolchain,
            series=kit.release.series,
            abiflags=kit.release.abiflags,
            work=self.work / "repair",
            engine=engine,
            suffix=kit.extension_suffix,
            tools=kit.bin,
            python=kit.target_program,
            sysroot=self.sysroot,
            replace=dict.fromkeys(map(str, folders), SOURCE_PLACE),
            brought=self.brought,
            to_bundle=kit.to_bundle,
            log=self.log.path,
        )

    def _engine(self, name: str, requirements: Sequence[Requirement]) -> tuple[Engine, Overlay]:
        """An engine with the build requirements."""
        self.log.step("overlay")
        overlay = make_overlay(
            self.kit,
            with_native_tools(requirements),
            self.order.target_wheels,
            self.log,
            path=self.workshop.path,
            emulated=name == "emulated",
            tools=self.order.tools,
        )
        jobs = self.workshop.jobserver.environment("fifo")
        cargo = self._cargo(requirements)
        python = self.kit.target_python if name == "emulated" else self.kit.cross_python
        environment = build_environment(
            self.kit,
            python=python,
            work=self.work,
            sysroot=self.sysroot,
            overlay=overlay.folder,
            path=f"{cargo.bin}:{self.workshop.path}" if cargo else self.workshop.path,
        )
        environment |= {
            **self.workshop.launcher,
            **jobs,
            **(cargo.environment(self.work, jobs) if cargo else {}),
            **({SETTINGS: str(self.fetched)} if self.fetched else {}),
            **{name: self._fill(value, overlay) for name, value in self.override.environment.items()},
        }
        environment["PATH"] = f"{self.work / 'bin'}:{environment['PATH']}"
        if self.native_names:
            environment[NATIVE_SWITCH] = "build"
        if name == "emulated":
            find_emulator(self.kit.target.machine, self.workshop.path)  # or says how to get one
        before = self._contain(cargo.folders if cargo else ()).words
        return Engine(name, python, environment, self.timeout, before), overlay

    def _contain(self, rust: Iterable[Path]) -> Containment:
        """The backend sees the kit, build requirements and compilers; it can change the package's folder alone."""
        reads = (*self.kit.readable, *rust, *borrowed_objects(self.source))
        return Containment(self.workshop, self.log, writes=[self.work], reads=reads, temporary=self.tmp)

    def _cargo(self, requirements: Sequence[Requirement]) -> Cargo | None:
        """cargo with the package's crates, where it is written in Rust."""
        if self.cargo is None and is_rust(self.source, requirements):
            self.log.step("crates")
            rust = self.kit.rust.find(self.kit.target, self.kit.toolchain.libc.name, self.workshop.store)
            self.cargo = Cargo(
                crates=Crates(rust, self.kit.rust.crates, self.kit.offline),
                target=self.kit.target,
                python=self.kit.standard_library,
                series=self.kit.release.series,
                time_bits=self.kit.toolchain.time_bits,
            )
            fetch = self.cargo.crates.fetch
            self.remarks = fetch(self.source, self.workshop.path, self.kit.rust.environment, self.log)
            if self.order.crates is not None and self.order.crates.rust != rust.version:
                self.remarks += (_OTHER_RUST.format(used=rust.version, locked=self.order.crates.rust),)
        return self.cargo

    def _fill(self, text: str, overlay: Overlay) -> str:
        """A text of the override, with its placeholders replaced by folders."""
        if "{headers}" in text:
            text = text.replace("{headers}", str(find_kernel_headers(Path(f"{self.kit.toolchain.prefix}gcc"))))
        text = text.replace("{sysroot}", str(self.sysroot / "usr")).replace("{overlay}", str(overlay.folder))
        return text.replace("{source}", str(self.source))

    def _settings(self, requirements: Sequence[Requirement], overlay: Overlay) -> ConfigSettings:
        """Config settings (PEP 517): the override's, Meson's machine files where meson-python is at work, and CMake's
        policy where py-build-cmake is, which does not read CMAKE_ARGS."""
        stated = self.override.config_settings.items()
        settings = {key: [self._fill(each, overlay) for each in value] for key, value in stated}
        if "meson-python" in names_of(requirements):
            machine_files = [f"--cross-file={self.kit.files.meson}", f"--cross-file={overlay.meson}"]
            settings["setup-args"] = [
                *machine_files,
                "--wrap-mode=nodownload",
                *settings.get("setup-args", []),
            ]
            settings.setdefault("build-dir", [str(self.work / "build")])
        if "py-build-cmake" in names_of(requirements) and self.kit.has_emulator and _has_one_cmake(self.source):
            settings["override"] = [f'cmake.options.{POLICY}="NEW"', *settings.get("override", [])]
        return {key: value if len(value) > 1 else value[0] for key, value in settings.items() if value}


def _has_one_cmake(source: Path) -> bool:
    """Whether py-build-cmake runs CMake for a project, and with one configuration: several have numbers (its docs,
    "Configuration"), and options of their own."""
    try:
        project = tomllib.loads((source / "pyproject.toml").read_text(encoding="utf-8"))
        cmake = project["tool"]["py-build-cmake"]["cmake"]
        return not any(key.isdigit() for key in cmake)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def build_wheel(order: WheelOrder, kit: Kit, workshop: Workshop) -> WheelReport:
    """Build one wheel from source, audit it, and put it at its product's path, under a name without tags.

    Raises StepError if it cannot be built, AuditError if the result would not work on the board.
    The work folder is removed when all went well, and kept after a failure.
    """
    make_kit(kit, workshop)
    with (
        Log(workshop.logs / "wheels" / f"{order.package.name}-{order.package.version}.log") as log,
        workshop.journal.making(order.package.title, log.steps, order.product),
    ):
        build = WheelBuild(order, kit, workshop, log)
        made = make_wheel(build)
        log.step("repair")
        with workshop.jobserver.token():
            report = finish_wheel(made.wheel, order.product, build.repair(made.engine))
    shutil.rmtree(build.work)
    return replace(report, wall=made.wall, cpu=made.cpu, remarks=(*report.remarks, *build.remarks))


def fetch_crates(order: WheelOrder, kit: Kit, workshop: Workshop) -> None:
    """Fetch the crates of a package in Rust, for a later build without a network. Raises what such a build raises."""
    with Log(workshop.logs / "wheels" / f"{order.package.name}-{order.package.version}.crates.log") as log:
        WheelBuild(order, kit, workshop, log).fetch_crates()


def _build(build: WheelBuild, engine: str) -> Path:
    """Build a wheel. If the build has linked a program with `gcc` that was probably meant for the build machine, build
    a second time (decision 0028)."""
    with build.workshop.jobserver.token():
        build.prepare()
    try:
        return build.with_engine(engine)
    except StepError:
        if build.native_names or not linked_in(build.work).exists():
            raise
    build.native_names = True
    with build.workshop.jobserver.token():
        build.prepare()
    wheel = build.with_engine(engine)
    build.remarks = (*build.remarks, _NATIVE_NAMES)
    return wheel


def make_wheel(build: WheelBuild) -> Made:
    """Let the backend build a wheel, with the engine that it needs. Raises StepError with the cause, if it is known."""
    begin, only = time.monotonic(), build.override.engine
    for engine in (only,) if only else ("cross", "emulated"):
        try:
            wheel = _build(build, engine)
        except StepError as error:
            if only or engine == "emulated" or not wants_emulation(build.log):
                begun = Begun(build.workshop.work / "begun" / build.order.package.name, build.workshop.store)
                raise explain_build_failure(
                    error, build.override, build.log, build.order.libraries, begun, build.source
                ) from error
        else:
            break
    return Made(wheel, engine, time.monotonic() - begin, sum(step.cpu for step in build.log.steps))
