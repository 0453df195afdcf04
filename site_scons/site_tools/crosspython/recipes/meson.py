"""The kind whose front is a meson.build, and the cross file that tells Meson of the board.

Knows Meson's names for machines. Which meson and ninja are called is not its business: they are pinned (hosttools.py),
so that builds do not differ by machine.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import field

from crosspython.errors import ConfigurationError
from crosspython.recipes.kind import Component, Steps, Strings, Variables
from crosspython.recipes.plan import Ninja, Plan, Run, Write
from crosspython.targets import Target

FOLDER = "crosspython-build"
CROSS_FILE = "crosspython-cross.ini"

# Meson's manual, "CPU families".
FAMILIES = {
    "aarch64": "aarch64",
    "armv5tejl": "arm",
    "armv6l": "arm",
    "armv7l": "arm",
    "i686": "x86",
    "riscv64": "riscv64",
    "x86_64": "x86_64",
}

BINARIES = {
    "c": "gcc",
    "cpp": "g++",
    "ar": "gcc-ar",
    "nm": "gcc-nm",
    "ranlib": "gcc-ranlib",
    "strip": "strip",
    "objcopy": "objcopy",
}

# Nothing is downloaded: what a project would fetch as a subproject has to be a component.
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
                Write(CROSS_FILE, cross_file(target.machine)),
                Run("configure", (*setup, *OPTIONS, *self.configure)),
                *self.steps,
                Ninja("build", self.build, cwd=f"{{build}}/{FOLDER}"),
                Run("install", ("meson", "install", "-C", FOLDER, "--no-rebuild", "--destdir", "{stage}")),
                *self.after,
            ),
            tools=("meson", "ninja", *self.tools),
            env=dict(self.environment),
        )


def cross_file(machine: str) -> str:
    """The text of a cross file (Meson's manual, "Cross compilation"), with a plan's placeholders in it.

    Raises ConfigurationError for a machine that Meson has no family for.
    """
    binaries = {name: f"{{triplet}}-{tool}" for name, tool in BINARIES.items()}
    machine_facts = {"system": "linux", "cpu_family": cpu_family(machine), "cpu": machine, "endian": "little"}
    return (
        _section("binaries", {**binaries, "pkg-config": "pkg-config"})
        + "[properties]\nneeds_exe_wrapper = true\n"
        + _section("host_machine", machine_facts)
    )


def cpu_family(machine: str) -> str:
    """Meson's family of a machine (`uname -m`). Raises ConfigurationError for one that it has no name for."""
    if machine not in FAMILIES:
        raise ConfigurationError(
            f"meson: no CPU family is known for machine {machine!r}",
            expected=f"one of {', '.join(FAMILIES)}",
            next='add it to FAMILIES in recipes/meson.py, from Meson\'s manual, "CPU families"',
        )
    return FAMILIES[machine]


def _section(name: str, entries: Mapping[str, str]) -> str:
    return f"[{name}]\n" + "".join(f"{key} = '{value}'\n" for key, value in entries.items())
