"""The kind for sources with a meson.build, and the cross file that describes the board to Meson.

hosttools.py chooses meson and ninja: their versions are pinned, so builds are the same on all machines.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import field

from crosspython.recipes.fields import Steps, Strings, Variables
from crosspython.recipes.kind import Component
from crosspython.recipes.plan import Ninja, Plan, Run, Write
from crosspython.targets import Target
from crosspython.targets.machines import Machine, find_machine

FOLDER = "crosspython-build"
CROSS_FILE = "crosspython-cross.ini"

BINARIES = {
    "c": "gcc",
    "cpp": "g++",
    "ar": "gcc-ar",
    "nm": "gcc-nm",
    "ranlib": "gcc-ranlib",
    "strip": "strip",
    "objcopy": "objcopy",
}

# Nothing is downloaded: a library that a project would fetch as a subproject has to be a component.
OPTIONS = (
    "--prefix={prefix}",
    "--libdir=lib",
    "--buildtype=debugoptimized",
    "--default-library=shared",
    "--wrap-mode=nodownload",
)


class Meson(Component, frozen=True, kw_only=True):
    """meson setup, ninja, meson install.

    configure: options: "-Dtests=disabled"
    build:     ninja's targets; all where there is none
    """

    configure: Strings = ()
    build: Strings = ()
    environment: Variables = field(default_factory=dict)
    steps: Steps = ()
    after: Steps = ()
    tools: Strings = ()

    def plan(self, target: Target) -> Plan:
        setup = ("meson", "setup", FOLDER, "--cross-file", CROSS_FILE)
        return Plan(
            steps=(
                Write(CROSS_FILE, cross_file(find_machine(target.machine))),
                Run("configure", (*setup, *OPTIONS, *self.configure)),
                *self.steps,
                Ninja("build", self.build, cwd=f"{{build}}/{FOLDER}"),
                Run("install", ("meson", "install", "-C", FOLDER, "--no-rebuild", "--destdir", "{stage}")),
                *self.after,
            ),
            tools=("meson", "ninja", *self.tools),
            env=dict(self.environment),
        )


def cross_file(machine: Machine) -> str:
    """The text of a cross file (Meson's manual, "Cross compilation"), with a plan's placeholders in it."""
    binaries = {name: f"{{triplet}}-{tool}" for name, tool in BINARIES.items()}
    return (
        _section("binaries", {**binaries, "pkg-config": "pkg-config"})
        + "[properties]\nneeds_exe_wrapper = true\n"
        + _section("host_machine", host_machine(machine))
    )


def host_machine(machine: Machine) -> dict[str, str]:
    """The section of a cross file that says what the board is."""
    return {"system": "linux", "cpu_family": machine.meson, "cpu": machine.name, "endian": machine.endian}


def _section(name: str, entries: Mapping[str, str]) -> str:
    return f"[{name}]\n" + "".join(f"{key} = '{value}'\n" for key, value in entries.items())
