"""Compiler launchers: programs in front of a compiler that cache its output or send its work to other machines.

Knows the launchers, the user's variables that each of them reads, its own folder, and whether it uses other machines.
This is needed because the commands of a build have a home of their own, and nothing of the user's environment. The
wrapper calls the launcher that the variable CROSSPYTHON_LAUNCHER names. Products are the same with and without it.
Paths belong to the build machine.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import msgspec

from crosspython.errors import HostToolError
from crosspython.hosttools import install_command


class Launcher(msgspec.Struct, frozen=True):
    """variables: prefixes of the variables that it reads; folder: the variable for its own folder, and the default of
    that folder below home

    network:   why each of its compilations needs the network; "": it does not, unless ccache's settings say so
    serves:    it has a server that should outlive a build, and the option --start-server
    remembers: it finds cached results by the paths of a compilation, so these have to be the same in every checkout
    """

    variables: tuple[str, ...]
    folder: tuple[str, str] | None
    remembers: bool
    network: str = ""
    serves: bool = False


LAUNCHERS = {
    "ccache": Launcher(("CCACHE_",), ("CCACHE_DIR", ".cache/ccache"), remembers=True),
    "sccache": Launcher(
        ("SCCACHE_", "AWS_"), ("SCCACHE_DIR", ".cache/sccache"), True, "its server is reached by TCP", serves=True
    ),
    "distcc": Launcher(("DISTCC_",), ("DISTCC_DIR", ".distcc"), remembers=False, network="other machines compile"),
    "icecc": Launcher(("ICECC_",), None, remembers=False, network="other machines compile"),
}
# Our own, which is no choice of the user's (toolchain/recorder.py). Its folder is given.
RECORDER = "note-commands"
_RECORDER = Launcher((), ("CROSSPYTHON_COMMANDS", ""), remembers=False)
# ccache's settings for storages other than its folder, and for a program that it calls, such as distcc (ccache(1)).
_CCACHE_STORAGES = ("remote_storage", "secondary_storage")
_CCACHE_PROGRAMS = ("prefix_command", "prefix_command_cpp")
_LOCAL_STORAGES = frozenset(("file", "redis+unix"))


def launcher_environment(name: str, user: Mapping[str, str], *, home: Path, path: str) -> dict[str, str]:
    """The launcher's variables for the commands of a build. user: the user's environment. Raises HostToolError."""
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


def reason_for_network(environment: Mapping[str, str]) -> str:
    """Why compilations with launcher_environment's variables need the network; "": they do not."""
    program = environment.get("CROSSPYTHON_LAUNCHER")
    if program is None:
        return ""
    is_ccache = Path(program).name == "ccache"
    return _reason_of_ccache(program, environment) if is_ccache else _find(program).network


def folders_of(environment: Mapping[str, str]) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """The folders that launcher_environment's launcher writes, and other paths that it reads or connects to."""
    program = environment.get("CROSSPYTHON_LAUNCHER")
    if program is None:
        return (), ()
    launcher = _find(program)
    settings = _settings_of_ccache(program, environment) if Path(program).name == "ccache" else {}
    storages = [value for name in _CCACHE_STORAGES if (value := settings.get(name))]
    written = [environment[launcher.folder[0]]] if launcher.folder else []
    written += [place for storage in storages for place in re.findall(r"(?:^|\s)file:(?://)?(/[^|\s]+)", storage)]
    written += [settings["temporary_dir"]] if settings.get("temporary_dir") else []
    read = [place for storage in storages for place in re.findall(r"redis\+unix:(?://)?(/[^|\s?]+)", storage)]
    read += [value for value in environment.values() if value.startswith("/") and value not in written]
    return tuple(map(Path, written)), tuple(map(Path, read))


def start_server(environment: Mapping[str, str]) -> None:
    """Start the server of a launcher that has one, unless it runs. A server that a build starts would end with it.

    environment: launcher_environment's variables
    """
    program = environment.get("CROSSPYTHON_LAUNCHER")
    if program is not None and _find(program).serves:
        # This fails if the server runs already, and if it cannot start. In the second case the first compilation
        # reports the reason.
        subprocess.run([program, "--start-server"], env=dict(environment), capture_output=True, check=False)


def _find(program: str) -> Launcher:
    name = Path(program).name
    return _RECORDER if name == RECORDER else LAUNCHERS[name]


def _reason_of_ccache(program: str, environment: Mapping[str, str]) -> str:
    """Why ccache needs the network. ccache itself prints the settings that result from its variables and files."""
    settings = _settings_of_ccache(program, environment)
    if not settings:
        return "its settings cannot be read"
    for name in _CCACHE_PROGRAMS:
        if settings.get(name):
            return f"its {name} is {settings[name]}"
    for name in _CCACHE_STORAGES:
        if set(re.findall(r"(?:^|\s)([\w+.-]+):", settings.get(name, ""))) - _LOCAL_STORAGES:
            return f"its {name} is on another machine"
    return ""


def _settings_of_ccache(program: str, environment: Mapping[str, str]) -> dict[str, str]:
    """ccache's settings by name; empty if it cannot print them."""
    told = subprocess.run([program, "-p"], env=dict(environment), capture_output=True, text=True, check=False)
    if told.returncode != 0:
        return {}
    return dict(re.findall(r"^(?:\(.*?\) )?(\w+) = (.*?) *$", told.stdout, re.MULTILINE))
