"""The goals of the front door, `scons NAME`, for our own SConstruct and for those of `crosspython init`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crosspython.builders import install_builders
from crosspython.builders.build import Build
from crosspython.builders.by_hand import check_named, use_lock_as_it_stands
from crosspython.builders.documents import tell_checks, tell_wheels
from crosspython.builders.front_door import (
    asks_for_wheels,
    check_board,
    check_goals,
    check_image,
    help_text,
    open_build,
    take_components,
    take_files,
)
from crosspython.builders.paths import escape
from crosspython.builders.refusal import refusing
from crosspython.builders.wheel_shard import check_shard
from crosspython.errors import ConfigurationError
from crosspython.names import check_known
from crosspython.recipes.cpython import BUILD_PYTHON


def declare_goals(env: Any, goals: Sequence[str], given: Mapping[str, str]) -> None:
    """Declare all goals of `scons -h`, and check the command line. Raises UserError.

    goals, given: SCons's COMMAND_LINE_TARGETS and ARGUMENTS
    """
    env.Help(help_text(env["CROSSPYTHON"].project))
    check_board(env, goals, given)
    check_image(env, goals)
    check_shard(env, goals)
    open_build(env)
    named: list[str] = []
    jobs = env["CROSSPYTHON"].run.jobs
    for each in (env, *_further_targets(env, given)):
        if each["CROSSPYTHON"].settings.farm is not None:
            from crosspython.builders.farm import start_for_farm  # not needed without a farm

            start_for_farm(each["CROSSPYTHON"], jobs)
        each.Components()
        own = _declare_own(each)
        named = take_components(each, goals)
        _declare(each, goals, own, named)
    env.Alias("schema", env.Schema())
    env.Alias("reproduce", env.Reproduce(given=given))
    env.Alias("verify", env.Verify(take_files("verify", goals)))
    check_goals(env, [goal for goal in goals if goal not in named], given)


@refusing
def _further_targets(env: Any, given: Mapping[str, str]) -> list[Any]:
    """An environment for each target after the first. Raises UserError."""
    build: Build = env["CROSSPYTHON"]
    build.has_others = True
    found = []
    for target in build.settings.others:
        found.append(env.Clone())
        install_builders(found[-1], {**given, "target": target})
    if len(names := [build.settings.target.name, *(each["CROSSPYTHON"].settings.target.name for each in found)]) > len(
        set(names)
    ):
        raise ConfigurationError(f"two targets have the same name: {', '.join(names)}")
    return found


@refusing
def _declare_own(env: Any) -> list[str]:
    """Read the user's recipes; the names of their components. Raises UserError."""
    build: Build = env["CROSSPYTHON"]
    settings, known = build.settings, dict(build.components)
    for folder in settings.components:
        env.SConscript(escape(str(folder / "SConscript")), exports={"env": env})
    if settings.patches:
        names = sorted({file.parent.name for file in settings.patches.glob("*/*.patch")})
        check_known(
            "patches=: no such component{s}", names, [name for name in build.components if name != BUILD_PYTHON]
        )
    return [name for name in build.components if name not in known]


def _declare(env: Any, goals: Sequence[str], also: Sequence[str], named: Sequence[str]) -> None:
    """Declare the goals of one target. also: components that the bundle gets, too; named: those of the command line"""
    settings = env["CROSSPYTHON"].settings
    by_hand = [goal for goal in ("shell", "rebuild", "compile_commands") if goal in goals]
    if by_hand and not env.GetOption("help"):
        check_named(env, by_hand, named)
        use_lock_as_it_stands(env["CROSSPYTHON"])
    wheels = env.Wheels() if asks_for_wheels(env, goals) else []
    if settings.shard is not None:
        env.Alias("wheels", wheels)
        return
    bundle, sysroot = env.Bundle(also=also), env.Sysroot(also=also)
    checked_wheels = env.CheckWheels(bundle, wheels)
    env.Alias("bundle", bundle)
    env.Alias("sysroot", sysroot)
    env.Alias("image", env.Image(bundle, wheels))
    env.Alias("wheels", [wheels, checked_wheels if settings.check else []])
    env.Alias("shell", env.Shell() if "shell" in goals and wheels else [])
    env.Alias("rebuild", env.Rebuild(wheels) if "rebuild" in goals and wheels else [])
    notes = "compile_commands" in goals and (wheels or named)
    env.Alias("compile_commands", env.CompileCommands(named) if notes else [])
    env.Alias("debug", env.DebugSymbols())
    env.Alias("fetch", env.FetchSources())
    on_board = env.CheckBoard(bundle)
    deployed = env.Depends(env.Deploy(bundle), wheels)
    env.Depends(on_board, [deployed] if "deploy" in goals else [])
    env.Alias("check", on_board if settings.board else [env.CheckBundle(bundle), checked_wheels])
    env.Alias("deploy", deployed)
    env.Alias("rollback", env.Rollback())
    env.Alias("sbom", env.Sbom(bundle, sysroot, wheels))
    env.Alias("legal-info", env.LegalInfo(bundle, sysroot, wheels))
    env.Alias("provenance", env.Provenance(bundle, sysroot, wheels))
    env.Alias("cve", env.Vulnerabilities())
    env.Alias("report", env.Report())
    env.Alias("doctor", env.Doctor())
    env.Alias("lock", env.Lock())
    env.Alias("tree", env.Tree())
    env.Alias("outdated", env.Outdated())
    env.Alias("why", env.Why())
    env.Default(bundle, sysroot)
    if "wheels" in goals:
        tell_wheels(env["CROSSPYTHON"])
    if "check" in goals:
        tell_checks(env["CROSSPYTHON"])
