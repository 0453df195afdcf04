"""The two engines: a package's PEP 517 backend in cross-python, or in the target's Python under the emulator.

Cross is the rule: everything runs at the build machine's speed. Emulated is for builds that ask the interpreter for
sizes and types, which only the target's interpreter knows; compilers are native there, too. pypa/build calls the
backend; we run the processes, without a network if the kernel allows that.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from build import BuildBackendException, BuildException, ProjectBuilder
from pyproject_hooks import BuildBackendWarning

from crosspython.errors import ConfigurationError, CrosspythonError, StepError
from crosspython.run.log import Log
from crosspython.run.process import run_command

# Warnings about deprecated keys and the like are for the package's author, but pyproject_hooks would show them on our
# console.
warnings.filterwarnings("ignore", category=BuildBackendWarning)

Answer = TypeVar("Answer")
ConfigSettings = Mapping[str, str | list[str]]


@dataclass(frozen=True)
class Engine:
    """One way to run a backend.

    name:        "cross" or "emulated"
    python:      the interpreter that runs it
    environment: all of its variables
    timeout:     seconds that a single call may take
    before:      returns the words that isolate a command (run/isolation.py), for its variables and its output folder
    """

    name: str
    python: Path
    environment: Mapping[str, str]
    timeout: float
    before: Callable[[Mapping[str, str], Path], tuple[str, ...]] = lambda environment, writes: ()

    def ask_requirements(self, source: Path, settings: ConfigSettings, log: Log) -> tuple[str, ...]:
        """The build requirements that a project's backend adds to its pyproject.toml (PEP 517). Raises StepError."""
        project = self._open(source, log)
        return tuple(sorted(_call(lambda: project.get_requires_for_build("wheel", settings), log)))

    def build(self, source: Path, folder: Path, settings: ConfigSettings, log: Log) -> Path:
        """Build a project's wheel into a folder. Raises StepError."""
        project = self._open(source, log)
        return Path(_call(lambda: project.build("wheel", folder, settings), log))

    def _open(self, source: Path, log: Log) -> ProjectBuilder:
        # pyproject_hooks defines the names of these arguments.
        def run(cmd: Sequence[str], cwd: str | None = None, extra_environ: Mapping[str, str] | None = None) -> None:
            environment = {**self.environment, **(extra_environ or {})}
            run_command(
                cmd,
                before=self.before(environment, Path(cmd[-1])),  # the folder for its answer
                cwd=Path(cwd or source),
                env=environment,
                log=log,
                timeout=self.timeout,
            )

        return open_project(source, log, str(self.python), run)


def stated_requirements(source: Path, log: Log) -> tuple[str, ...]:
    """The build requirements in a project's pyproject.toml (PEP 518). Raises ConfigurationError if the source is no
    Python project."""
    return tuple(sorted(open_project(source, log).build_system_requires))


def open_project(source: Path, log: Log, *arguments: Any) -> ProjectBuilder:
    try:
        return ProjectBuilder(source, *arguments)
    except BuildException as error:
        raise ConfigurationError(f"{log.component}: not a Python project", found=str(error), log=log.path) from error


def _call(hook: Callable[[], Answer], log: Log) -> Answer:
    try:
        return hook()
    except BuildBackendException as error:
        if isinstance(error.exception, CrosspythonError):
            raise error.exception from None
        raise StepError(
            f"{log.component}: its build backend cannot be called",
            found=str(error.exception or error),
            evidence=log.excerpt(),
            log=log.path,
        ) from error
