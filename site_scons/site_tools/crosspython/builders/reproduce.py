"""`scons reproduce`: the build twice, each by an SCons of its own under other conditions, and what differs."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from crosspython.builders.action import make_action
from crosspython.builders.build import Build
from crosspython.errors import CheckError
from crosspython.run.console import format_count

# Variables that each of the two builds sets itself.
_OWN = ("build", "cache", "downloads", "format")


def AddReproduce(env: Any) -> None:
    env.AddMethod(Reproduce)


def Reproduce(env: Any, goals: Sequence[str] = (), given: Mapping[str, str] | None = None) -> Any:
    """Build twice under different conditions, and fail if the products differ. Returns an alias.

    goals: the goals to build, as on the command line; none: bundle and sysroot, or the wheels of `pkgs=`
    given: the command line's variables
    """
    build: Build = env["CROSSPYTHON"]
    settings = build.settings

    def reproduce(target: list[Any], source: list[Any], env: Any) -> None:
        from crosspython.checks.reproduce import build_under, compare_builds, compare_closely, two_conditions
        from crosspython.run.log import Log

        folder = settings.folder / "reproduce"
        both = two_conditions(folder, os.cpu_count() or 1)
        wanted = list(goals) or (["wheels"] if settings.packages or settings.lock else [])
        kept = {name: value for name, value in (given or {}).items() if name not in _OWN}
        variables = {**kept, "cache": "none", "downloads": str(settings.downloads)}
        if settings.packages:  # one lock for both, wherever they build
            from crosspython.builders.wheel_lock import lock_file

            variables["lock"] = str(lock_file(build))
        scripts = [word for file in env.GetOption("file") or [] for word in ("-f", file)]
        scons = [
            sys.executable,
            "-m",
            "SCons",
            *scripts,
            *wanted,
            *(f"{name}={value}" for name, value in variables.items()),
        ]
        console, environment = build.run.console, dict(os.environ)
        with Log(folder / "reproduce.log") as log:
            for number, conditions in enumerate(both, 1):
                console.line(f"  build {number} of 2, in {conditions.build}")
                build_under(conditions, scons, settings.start, environment, log)
            count, differences = compare_builds(both[0].build, both[1].build)
            for name in differences:
                report = folder / "differences" / f"{name}.html"
                one, two = (each.build / name for each in both)
                if one.is_file() and two.is_file() and compare_closely(one, two, report, environment, log):
                    differences[name] = [*differences[name], f"diffoscope: {report}"]
        if differences:
            raise CheckError(
                f"reproduce: {len(differences)} of {count} products differ between the two builds",
                evidence=[f"{name}: {'; '.join(says)}" for name, says in differences.items()],
                log=folder / "reproduce.log",
                next="docs/reproducible.md lists the known differences, and says how to find the cause of others",
            )
        console.line(f"  {format_count(count, 'product')}: the same bytes in both builds")

    name = f"crosspython-reproduce-{settings.target.name}"
    return env.AlwaysBuild(env.Alias(name, [], make_action("reproduce", reproduce, "building twice")))
