"""`scons shell`, `scons rebuild` and `scons compile_commands`: a build by hand, or once more.

The lock is used as it is: `pkgs=` only chooses packages in it. Modules that only wheels need are imported in the
actions.
"""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from SCons.Script import GetBuildFailures

from crosspython.builders.action import make_action
from crosspython.builders.build import Build, BuiltWheel
from crosspython.builders.build_python import start_bringing
from crosspython.builders.components import BuiltComponent
from crosspython.builders.refusal import refusing
from crosspython.builders.scons_internals import made_together
from crosspython.errors import ConfigurationError
from crosspython.names import check_known
from crosspython.run.console import format_count


def AddByHand(env: Any) -> None:
    for method in (Shell, Rebuild, CompileCommands):
        env.AddMethod(method)


def Shell(env: Any) -> Any:
    """A shell in the build of the package that `pkgs=` names, started at the end of the run. Returns an alias.

    Call it after Wheels().
    """
    build: Build = env["CROSSPYTHON"]
    names = _names(build, "shell")
    if len(names) != 1:
        raise ConfigurationError("shell: one package at a time", found=f"pkgs={build.settings.packages}")
    [wheel] = _built(build, "shell", names)
    started: list[Path] = []

    def shell(target: list[Any], source: list[Any], env: Any) -> None:
        from crosspython.builders.wheel_kit import kit_of
        from crosspython.wheels.building.by_hand import prepare_build

        prepared = prepare_build(wheel.order(), kit_of(build), build.run.workshop)
        started.append(prepared.start)
        lines = [
            f"{prepared.source}: the source that is built; {prepared.build} builds it here",
            f"  to run a command in it from a script: {prepared.start} [COMMAND]",
            "  put the solution into an override (docs/overrides.md): the next build removes this folder",
        ]
        for line in lines:
            build.run.console.line(line)

    if not build.run.only_looks:
        atexit.register(_become, started)
    sources = [node for node in wheel.needs if node.has_builder()]
    alias = env.Alias(f"crosspython-shell-{build.settings.target.name}", sources, make_action("shell", shell, None))
    return env.AlwaysBuild(alias)


def _become(started: list[Path]) -> None:
    """At the end of the run, replace this process by the shell. The shell then owns the terminal, and the run's locks
    are released."""
    if started and not GetBuildFailures():
        sys.stdout.flush()
        sys.stderr.flush()
        os.execv(started[0], [str(started[0])])


def CompileCommands(env: Any, components: Sequence[str] = ()) -> Any:
    """A compile_commands.json in the source of each of these components, and of each package that `pkgs=` names, for
    editors. Returns an alias.

    They are built again, even if they exist, and their sources stay. Call it after Wheels().
    """
    build: Build = env["CROSSPYTHON"]
    parts = [build.components.find(name, "compile_commands") for name in components]
    names = () if parts and not build.settings.packages else _names(build, "compile_commands")
    wheels = _built(build, "compile_commands", names)

    def compile_commands(target: list[Any], source: list[Any], env: Any) -> None:
        from crosspython.builders.wheel_kit import kit_of
        from crosspython.wheels.building.by_hand import record_commands

        noted = [_note_component(build, part) for part in parts]
        noted += [record_commands(wheel.order(), kit_of(build), build.run.workshop) for wheel in wheels]
        for file, count in noted:
            build.run.console.line(f"  {file}: {format_count(count, 'compilation')}")

    sources = [node for wheel in wheels for node in wheel.needs if node.has_builder()]
    for part in parts:
        sources += part.node.sources
    action = make_action("compile_commands", compile_commands, None)
    return env.AlwaysBuild(env.Alias(f"crosspython-commands-{build.settings.target.name}", sources, action))


def _note_component(build: Build, part: BuiltComponent) -> tuple[Path, int]:
    from crosspython.stages.carry_out import record_commands

    assert part.order is not None  # it is the target's
    needs_python = part.recipe.plan.needs_build_python
    return record_commands(part.order(), build.run.workshop, start_bringing(build) if needs_python else None)


def Rebuild(env: Any, wheels: Any) -> Any:
    """The wheels of the packages that `pkgs=` names, built again even if they exist. Returns an alias.

    wheels: the return value of Wheels(); they are put into the wheelhouse
    """
    build: Build = env["CROSSPYTHON"]
    for wheel in _built(build, "rebuild", _names(build, "rebuild")):
        env.AlwaysBuild(wheel.node)
        env.NoCache(*made_together(wheel.node))
    return env.Alias(f"crosspython-rebuild-{build.settings.target.name}", wheels)


@refusing
def check_named(env: Any, goals: Sequence[str], components: Sequence[str] = ()) -> None:
    """Check, before anything is resolved, that `pkgs=` names the packages for these goals. Raises UserError.

    components: those that the command line names for compile_commands
    """
    build: Build = env["CROSSPYTHON"]
    for goal in goals:
        is_named = goal == "compile_commands" and components and not build.settings.packages
        if not (is_named or env.GetOption("clean")):
            _names(build, goal)


def use_lock_as_it_stands(build: Build) -> None:
    """Where there is a lock, `pkgs=` only says which of its packages are meant."""
    from crosspython.builders.wheel_lock import known_lock

    build.by_hand = known_lock(build) is not None


def _names(build: Build, goal: str) -> tuple[str, ...]:
    from crosspython.builders.wheel_lock import require_named

    return require_named(build, goal, "numpy")


def _built(build: Build, goal: str, names: Sequence[str]) -> list[BuiltWheel]:
    """The declared builds of these packages. Raises ConfigurationError for one that is not built."""
    known = build.declared.built_wheels
    titles = [title.split(" ")[0] for title in build.declared.wheels]
    check_known("the lock has no such package{s}", names, titles, form="pkgs={}")
    if ready := [name for name in names if name not in known]:
        raise ConfigurationError(
            f"{goal}: ready wheels from the index are not built: {', '.join(ready)}",
            next=f"scons {goal} pkgs={' '.join(ready)} binary=auto,{ready[0]}=never",
        )
    return [known[name] for name in names]
