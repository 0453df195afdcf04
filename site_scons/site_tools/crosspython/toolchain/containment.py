"""The isolation of the commands of one build: the files that they see, and whether a launcher needs the network.

Knows the files of a toolchain and of a launcher. The builder of a component or a wheel adds the files that it needs;
run/isolation.py hides all others. Paths belong to the build machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from crosspython.errors import HostToolError
from crosspython.run.isolation import Isolation, isolate
from crosspython.run.log import Log
from crosspython.run.view import View, common_folders, is_broad, is_system, named_in, tools_of_machine
from crosspython.toolchain.facts import Toolchain
from crosspython.toolchain.launcher import folders_of, reason_for_network, start_server
from crosspython.workshop import Workshop

_OPEN_NETWORK = (
    "launcher={launcher} needs the network ({reason}), so builds have it too, and what they download is"
    " neither locked nor shown. Without launcher=, or with ccache and a local cache, builds have no network"
)
# The folder with the configuration of name servers (resolved(8)): /etc/resolv.conf is a link into it.
_RESOLVER = Path("/run/systemd/resolve")


class Containment:
    """The isolation of the commands of one build. writes: folders that they may change; temporary: the folder that they
    see as /tmp"""

    def __init__(
        self, workshop: Workshop, log: Log, *, writes: Iterable[Path], reads: Iterable[Path], temporary: Path
    ) -> None:
        self._workshop = workshop
        written, read = folders_of(workshop.launcher)
        self._writes, self._temporary = (*writes, *written), temporary
        self._reads = (*reads, *read, *tools_of_machine(workshop.path), workshop.jobserver.path)
        reason = reason_for_network(workshop.launcher)
        if reason:
            self._open_network(Path(workshop.launcher["CROSSPYTHON_LAUNCHER"]).name, reason, log)
        self._network = bool(reason)
        start_server(workshop.launcher)
        self._isolate().tell(log, workshop.console)

    def words(self, environment: Mapping[str, str], *writes: Path, argv: Sequence[str] = ()) -> tuple[str, ...]:
        """The words in front of a command with these variables. The command may read the paths that its words and the
        variables name. writes: further folders that this command may change"""
        return self._isolate(named_in((*environment.values(), *argv)), writes).words

    def _isolate(self, named: Iterable[Path] = (), writes: Iterable[Path] = ()) -> Isolation:
        view = View(self._temporary, (*self._writes, *writes), (*self._reads, *named))
        return isolate(self._workshop.path, view=view, network=self._network, contain=self._workshop.contain)

    def _open_network(self, launcher: str, reason: str, log: Log) -> None:
        if self._workshop.contain == "required":
            raise HostToolError(
                f"contain=required: launcher={launcher} needs the network ({reason})",
                expected="builds without a network",
                next="leave out launcher=, use ccache with a local cache, or set contain=auto",
            )
        self._reads = (*self._reads, _RESOLVER)
        log.write(f"=== this build has the network: launcher={launcher}, {reason}\n")
        self._workshop.console.warn_once(_OPEN_NETWORK.format(launcher=launcher, reason=reason))


def folders_of_toolchain(toolchain: Toolchain) -> tuple[Path, ...]:
    """The folders that a toolchain's programs read: the whole SDK."""
    compiler = Path(f"{toolchain.prefix}gcc")
    return tuple(
        dict.fromkeys(
            folder
            for given in (compiler.parent, Path(compiler.resolve()).parent)
            for folder in common_folders(_whole(given, toolchain))
        )
    )


def _whole(programs: Path, toolchain: Toolchain) -> list[Path]:
    """All paths of a compiler. It finds its own parts relative to the folder of its programs (GCC's manual, Environment
    Variables)."""
    if is_system(programs):
        return [Path(part) for part in toolchain.parts]
    return [programs, programs.parent, *([toolchain.sysroot] if toolchain.sysroot else []), *map(Path, toolchain.parts)]


def paths_of_interpreter(interpreter: Path) -> tuple[Path, ...]:
    """The paths that an interpreter of this machine reads: the program and its prefix. Empty for the system's."""
    real = interpreter.resolve()
    found = (interpreter, *((real.parent.parent,) if not is_broad(str(real.parent.parent)) else (real,)))
    return tuple(path for path in found if not is_system(path))
