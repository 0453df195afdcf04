"""A component while it is being built: its folders, its environment, and the operations on its stage.

Knows the component's folders, and how to run one of its commands. carry_out.py knows the order of the work; steps.py
carries out the steps of a plan. All paths belong to the build machine.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

from crosspython.errors import StepError
from crosspython.finish.audit import Audit
from crosspython.finish.rpath import find_sonames
from crosspython.finish.stage import finish_stage
from crosspython.hosttools import find_pinned
from crosspython.recipes.plan import fill
from crosspython.recipes.recipe import NATIVE, Recipe
from crosspython.run.jobserver import JobStyle
from crosspython.run.log import Log
from crosspython.run.process import run_command
from crosspython.stages.interpreter import install_interpreter, install_stand_in
from crosspython.store.archive import unpack_archive
from crosspython.store.tree import pack_tree, unpack_tree
from crosspython.toolchain.containment import Containment, folders_of_toolchain, paths_of_interpreter
from crosspython.toolchain.facts import Toolchain
from crosspython.toolchain.native import build_triplet
from crosspython.toolchain.programs import native_tools, write_config_programs, write_programs, write_refusals
from crosspython.toolchain.wrapper import SOURCE_PLACE, Strays, write_wrappers
from crosspython.workshop import EPOCH, LICENSES, SYSTEM_FOLDERS, Workshop


@dataclass(frozen=True)
class ComponentOrder:
    """One component to be built: plain data, which could be sent to another machine.

    dependencies: stage archives for the private sysroot, by the component's name
    build_python: the path at which build-python's stage archive will be, or the path of the user's interpreter
    product, debug: the archives to be written
    """

    recipe: Recipe
    toolchain: Toolchain
    dependencies: Mapping[str, Path]
    product: Path
    debug: Path | None = None
    build_python: Path | None = None


class ComponentBuild:
    """The folders and the environment of one component while it is being built."""

    def __init__(self, order: ComponentOrder, workshop: Workshop, log: Log, work: Path) -> None:
        self.order, self.workshop, self.log, self.work = order, workshop, log, work
        self.recipe = order.recipe
        self.source, self.destdir, self.sysroot = work / "source", work / "stage", work / "sysroot"
        self.debug, self.bin, self.tmp = work / "debug", work / "bin", work / "tmp"
        self.python = work / "build-python"
        self.prefix = workshop.target.prefix
        self.places = {
            "source": str(self.source),
            "build": str(self.source),
            "stage": str(self.destdir),
            "sysroot": str(self.sysroot),
            "prefix": self.prefix,
            "triplet": workshop.target.triplet,
            "build_triplet": build_triplet(),
            "recipe": str(self.recipe.folder),
            "build_python": str(self.python / "bin" / "python3"),
            "answers": os.devnull,
        }

    @property
    def stage(self) -> Path:
        """The tree below the prefix, as it was installed."""
        return self.destdir / self.prefix.lstrip("/")

    @property
    def provided(self) -> frozenset[str]:
        """The libraries of its dependencies, which will be in the prefix's lib on the board."""
        return find_sonames(self.sysroot / "usr/lib")

    def prepare(self, source: Path) -> None:
        """Unpack the source, make the private sysroot and the compiler wrappers, and write a stand-in for build-python
        that can only tell its version."""
        for folder in (
            self.work,
            self.stage,
            self.sysroot / "usr/include",
            self.sysroot / "usr/lib",
            self.bin,
            self.tmp,
        ):
            folder.mkdir(parents=True, exist_ok=True)
        unpack_archive(source, self.source, strip=1, leave_out=self.recipe.leave_out)
        for archive in self.order.dependencies.values():
            unpack_tree(archive, self.sysroot / "usr")
        # The build machine's own compiler prints its folders (gcc -v), and build systems copy them into products.
        strays: Strays = "drop" if self.recipe.machine == NATIVE else "refuse"
        write_wrappers(self.bin, self.order.toolchain, self.workshop.target, strays)
        write_programs(self.bin, self.workshop.target.triplet, self.workshop.path)
        write_config_programs(self.sysroot / "usr", self.prefix, self.bin)
        write_refusals(self.bin, self.workshop.target.triplet, self.workshop.path)
        for tool, place in find_pinned(self.recipe.plan.tools).items():
            (self.bin / tool).symlink_to(place)
        if self.order.build_python is not None:
            install_stand_in(self.recipe.version, self.python / "bin")
        for patch in self.recipe.patches:
            self.run(("patch", "-p1", "--forward", "--input", str(patch)), cwd=self.source)

    def run(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str] | None = None,
        jobs: JobStyle | None = None,
        may_fail: bool = False,
        seconds: float | None = None,
    ) -> None:
        """Run one command of this component in its own environment, its output in the log.

        jobs: the style in which the command gets the jobserver; None: it does not use one
        seconds: its time limit
        may_fail: an exit status other than 0 is no error
        """
        pass_fds: tuple[int, ...] = ()
        environment = {**self.environment(), **(env or {})}
        if jobs is not None:
            environment |= self.workshop.jobserver.environment(jobs)
            pass_fds = self.workshop.jobserver.pass_fds
        filled = [fill(argument, self.places) for argument in argv]
        env = {name: fill(value, self.places) for name, value in environment.items()}
        run_command(
            filled,
            before=self.containment.words(env, argv=filled),
            cwd=cwd,
            env=env,
            log=self.log,
            pass_fds=pass_fds,
            timeout=seconds,
            may_fail=may_fail,
        )

    @cached_property
    def containment(self) -> Containment:
        """The isolation of its commands: they can change only the component's folder, and read only its inputs."""
        recipe, python = self.recipe.folder, self.order.build_python
        beside = (recipe,) if recipe.is_absolute() else ()  # Path() for a recipe without a folder
        reads = (*beside, *self.recipe.patches, self.workshop.sites, *folders_of_toolchain(self.order.toolchain))
        if python is not None and python.suffix != ".zst":
            reads += paths_of_interpreter(python)
        return Containment(self.workshop, self.log, writes=[self.work], reads=reads, temporary=self.tmp)

    def environment(self) -> dict[str, str]:
        """The environment of a command. It inherits only the PATH of the build machine's tools."""
        found = [str(self.bin), str(self.python / "bin"), self.workshop.path]
        return {
            "PATH": os.pathsep.join(found),
            "HOME": str(self.tmp),
            "TMPDIR": str(self.tmp),
            "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "SOURCE_DATE_EPOCH": str(EPOCH),
            "PYTHONNOUSERSITE": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONHASHSEED": "0",
            "CROSSPYTHON_SYSROOT": str(self.sysroot),
            "CROSSPYTHON_WORK": str(self.work),
            "PKG_CONFIG_LIBDIR": f"{self.sysroot}/usr/lib/pkgconfig:{self.sysroot}/usr/share/pkgconfig",
            **native_tools(self.workshop.path),
            **self.workshop.launcher,
            **self.recipe.plan.env,
        }

    def finish(self) -> None:
        """Strip, split debug symbols, make relocatable, replace the work folder's path. See finish/stage.py."""
        require_only(self.destdir, self.stage, self.recipe.title, self.log)
        self._add_licenses()
        finish_stage(
            self.stage,
            tools=self.bin,
            triplet=self.workshop.target.triplet,
            replace={str(self.work): SOURCE_PLACE, **dict.fromkeys(self._compilers(), SOURCE_PLACE)},
            prefix=self.prefix,
            provided=self.provided,
            debug=self.debug,
            epoch=EPOCH,
        )

    def _add_licenses(self) -> None:
        """Put the component's licence texts into the stage, so that they are in each of its products."""
        folder = self.stage / LICENSES / self.recipe.name
        for glob in self.recipe.license_files:
            found = sorted(path for path in self.source.glob(glob) if path.is_file())
            if not found:
                raise StepError(
                    f"{self.recipe.title}: no file of its source matches {glob!r}, a licence text",
                    expected="files of the source in `license_files` of the recipe",
                    log=self.log.path,
                    next="correct `license_files` in the recipe",
                )
            folder.mkdir(parents=True, exist_ok=True)
            for path in found:
                shutil.copyfile(path, folder / path.relative_to(self.source).as_posix().replace("/", "-"))

    def audit(self) -> None:
        Audit(
            target=self.workshop.target,
            toolchain=self.order.toolchain,
            provided=self.provided,
            forbidden=(str(self.workshop.work), *self._compilers()),
        ).require_clean(self.stage, self.recipe.title, self.log.path)

    def pack(self) -> None:
        pack = partial(pack_tree, epoch=EPOCH)
        symbols = None
        if self.order.debug is not None:
            self.debug.mkdir(exist_ok=True)
            symbols = self.workshop.jobserver.beside(partial(pack, self.debug, self.order.debug))
        pack(self.stage, self.order.product)
        if symbols is not None:
            symbols.result()

    def _compilers(self) -> tuple[str, ...]:
        """The folder of the compilers, if its name tells something about this machine."""
        folder = self.order.toolchain.prefix.rpartition("/")[0]
        return () if folder in SYSTEM_FOLDERS else (folder,)

    def place_build_python(self, given: Path) -> None:
        """Install build-python for the build: unpack our own, or write scripts that start the user's interpreter."""
        shutil.rmtree(self.python)
        if given.suffix == ".zst":
            unpack_tree(given, self.python)
        else:
            install_interpreter(given, self.recipe.version, self.python / "bin")


def require_only(destdir: Path, stage: Path, title: str, log: Log) -> None:
    """Check that everything was installed below the prefix. Raises StepError that names other files."""
    strays = [str(path.relative_to(destdir)) for path in _files(destdir) if stage not in path.parents]
    if strays or not any(True for _ in _files(stage)):
        raise StepError(
            f"{title}: the installation left " + ("files outside of the prefix" if strays else "nothing"),
            expected=f"files below {stage.relative_to(destdir)}",
            found=", ".join(strays[:10]) or "an empty stage",
            log=log.path,
            next="check the configure options of the recipe (--prefix, --libdir, --sysconfdir)",
        )


def _files(folder: Path) -> Iterator[Path]:
    for parent, _, names in os.walk(folder):
        yield from (Path(parent) / name for name in names)
