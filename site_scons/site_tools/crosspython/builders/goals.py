"""The goals of the front door: what `scons NAME` makes, for our own SConstruct and for those of `crosspython init`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crosspython.builders.documents import tell_checks, tell_wheels
from crosspython.builders.front_door import (
    asks_for_wheels,
    check_board,
    check_goals,
    check_image,
    help_text,
    open_build,
)


def declare_goals(env: Any, goals: Sequence[str], given: Mapping[str, str]) -> None:
    """Declare all that `scons -h` names, and check what was typed. Raises UserError.

    goals, given: SCons's COMMAND_LINE_TARGETS and ARGUMENTS
    """
    env.Help(help_text(env["CROSSPYTHON"].project))
    check_board(env, goals)
    check_image(env, goals)
    open_build(env)
    env.Components()
    _declare(env, goals)
    check_goals(env, goals, given)


def _declare(env: Any, goals: Sequence[str]) -> None:
    settings = env["CROSSPYTHON"].settings
    wheels = env.Wheels() if asks_for_wheels(env, goals) else []
    bundle, sysroot = env.Bundle(), env.Sysroot()
    checked_wheels = env.CheckWheels(bundle, wheels)
    env.Alias("bundle", bundle)
    env.Alias("sysroot", sysroot)
    env.Alias("image", env.Image(bundle, wheels))
    env.Alias("wheels", [wheels, checked_wheels if settings.check else []])
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
    env.Alias("cve", env.Vulnerabilities())
    env.Alias("report", env.Report())
    env.Alias("schema", env.Schema())
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
