"""The build of one package, prepared for a user who wants to repair it: source, environment, and a command that builds.

A shell gets the same environment as the package's backend. Its results do not become products: the user writes the
solution into an override, and the next build uses it. Paths belong to the build machine.
"""

from __future__ import annotations

import json
import shlex
import shutil
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from crosspython.run.log import Log
from crosspython.toolchain.recorder import FILE, recorder_environment, write_commands
from crosspython.wheels.building.engines import ConfigSettings, Engine
from crosspython.wheels.building.front_end import WheelBuild, make_wheel
from crosspython.wheels.building.kit import Kit
from crosspython.wheels.building.make_kit import make_kit
from crosspython.wheels.model import WheelOrder
from crosspython.workshop import Workshop

# The pool of jobs ends with its run, so a make in the shell has jobs of its own.
_OF_THE_RUN = ("MAKEFLAGS", "CARGO_MAKEFLAGS")
_OF_THE_USER = ("TERM", "COLORTERM", "LINES", "COLUMNS")
_BUILD = """\
import json, os, subprocess
from build import ProjectBuilder

facts = json.loads({facts!r})

def run(command, cwd=None, extra_environ=None):
    subprocess.run(command, cwd=cwd, env={{**os.environ, **(extra_environ or {{}})}}, check=True)

project = ProjectBuilder(facts["source"], facts["python"], run)
print(project.build("wheel", facts["folder"], facts["settings"]))
"""
_START = """\
#!/bin/sh
# The build of {title}, by hand. The results of this build do not become products.
cd {source} || exit 1
exec env -i {variables}{kept} "${{@:-{shell}}}"
"""


@dataclass(frozen=True)
class PreparedBuild:
    """start: a script that starts a shell in the build, or a given command; source: the folder in which it starts;
    build: the command in that folder that builds the wheel"""

    start: Path
    source: Path
    build: str


def prepare_build(order: WheelOrder, kit: Kit, workshop: Workshop) -> PreparedBuild:
    """Prepare a package's build up to the call of its backend, and write the scripts for a shell. Raises StepError."""
    make_kit(kit, workshop)
    with Log(workshop.logs / "wheels" / f"{order.package.name}-{order.package.version}-shell.log") as log:
        build = WheelBuild(order, kit, workshop, log)
        with workshop.jobserver.token():
            build.prepare()
        engine, settings = build.make_ready(build.override.engine or "cross")
    command = build.work / "bin" / "build-wheel"
    _write_build(command, build, engine, settings)
    start = build.work / "shell"
    start.write_text(_start(order.package.title, build.source, engine))
    start.chmod(0o755)
    return PreparedBuild(start, build.source, command.name)


def record_commands(order: WheelOrder, kit: Kit, workshop: Workshop) -> tuple[Path, int]:
    """Build a package, and leave its source with a compile_commands.json in it: that file, and the number of its
    entries. The wheel becomes no product. Raises StepError."""
    make_kit(kit, workshop)
    with Log(workshop.logs / "wheels" / f"{order.package.name}-{order.package.version}-commands.log") as log:
        folder = workshop.work / "commands" / order.package.name
        shutil.rmtree(folder, ignore_errors=True)
        build = WheelBuild(order, kit, replace(workshop, launcher=recorder_environment(folder)), log)
        make_wheel(build)
    file = build.source / FILE
    return file, write_commands(folder, file)


def _write_build(command: Path, build: WheelBuild, engine: Engine, settings: ConfigSettings) -> None:
    """A command that calls the backend as the build does."""
    folder = build.work / "dist"
    facts = {"source": str(build.source), "python": str(engine.python), "folder": str(folder), "settings": settings}
    script = build.work / "build_wheel.py"
    script.write_text(_BUILD.format(facts=json.dumps(facts)))
    command.parent.mkdir(exist_ok=True)
    command.write_text(f"#!/bin/sh\nexec {shlex.join([sys.executable, '-I', str(script)])}\n")
    command.chmod(0o755)


def _start(title: str, source: Path, engine: Engine) -> str:
    told = {key: value for key, value in engine.environment.items() if key not in _OF_THE_RUN}
    told |= {"PS1": f"{title}$ ", "CMAKE_EXPORT_COMPILE_COMMANDS": "ON"}
    variables = " ".join(shlex.quote(f"{key}={value}") for key, value in sorted(told.items()))
    kept = "".join(f' ${{{name}+"{name}=${name}"}}' for name in _OF_THE_USER)
    return _START.format(title=title, source=shlex.quote(str(source)), variables=variables, kept=kept, shell="/bin/sh")
