"""Compiler launchers: programs that people put in front of a compiler, to remember its work or to give it to others.

Knows which there are, which of the user's variables each of them reads, and where it keeps its own things: the commands
of a build see a home of their own and nothing of the user's environment. Whether the wrapper calls one is said by a
variable, CROSSPYTHON_LAUNCHER. What is compiled is the same with and without. Paths belong to the build machine.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from crosspython.errors import HostToolError
from crosspython.hosttools import install_command


@dataclass(frozen=True)
class Launcher:
    """variables: beginnings of the names it reads; folder: the variable for its own folder, and where that lies below home.

    serves:    it leaves a server of its own running, which is to outlive a build
    remembers: it finds earlier work by the paths of a compilation, so these have to be the same in every checkout
    """

    variables: tuple[str, ...]
    folder: tuple[str, str] | None
    remembers: bool
    serves: bool = False


LAUNCHERS = {
    "ccache": Launcher(("CCACHE_",), ("CCACHE_DIR", ".cache/ccache"), remembers=True),
    "sccache": Launcher(("SCCACHE_", "AWS_"), ("SCCACHE_DIR", ".cache/sccache"), remembers=True, serves=True),
    "distcc": Launcher(("DISTCC_",), ("DISTCC_DIR", ".distcc"), remembers=False),
    "icecc": Launcher(("ICECC_",), None, remembers=False),
}


def launcher_environment(name: str, user: Mapping[str, str], *, home: Path, path: str) -> dict[str, str]:
    """The variables for the commands of a build. user: the environment that the user has. Raises HostToolError."""
    program = shutil.which(name, path=path)
    if program is None:
        raise HostToolError(
            f"launcher={name}: the build machine has no program {name}",
            expected=f"{name} on PATH={path}",
            next=install_command((name,)),
        )
    launcher = LAUNCHERS[name]
    found = {key: value for key, value in user.items() if key.startswith(launcher.variables)}
    if launcher.folder is not None:
        variable, folder = launcher.folder
        Path(found.setdefault(variable, str(home / folder))).mkdir(parents=True, exist_ok=True)  # distcc makes none
    return {**found, "CROSSPYTHON_LAUNCHER": program}
