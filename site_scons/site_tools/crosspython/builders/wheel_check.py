"""The check of a wheelhouse as a node: the wheels of this request are installed and imported in the emulator."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from crosspython.builders.action import make_action
from crosspython.builders.arguments import read_bundle, read_nodes
from crosspython.builders.build import Build
from crosspython.builders.guest import declare
from crosspython.builders.toolchain import emulators_root, toolchain_of


def AddWheelCheck(env: Any) -> None:
    env.AddMethod(CheckWheels)


def CheckWheels(env: Any, bundle: Any, wheels: Sequence[Any]) -> list[Any]:
    """Install wheels with the bundle's own pip and import all their modules, in the emulator.
    Fails without an emulator.

    wheels: the return value of Wheels(). Returns the node of the check's report; nothing if there are no wheels
    """
    build: Build = env["CROSSPYTHON"]
    given = read_nodes("CheckWheels", "wheels", wheels)
    bundles = read_bundle("CheckWheels", bundle)
    if not given:
        return []
    settings = build.settings
    house = Path(env.File(given[0]).abspath)
    report = settings.folder / f"check-wheels-{settings.release.version}.json"

    def check(target: list[Any], source: list[Any], env: Any) -> None:
        from crosspython.builders.wheel_lock import override_of
        from crosspython.checks.wheels import WheelSubject, check_wheels
        from crosspython.wheels.house.report import wheels_in_house

        subject = WheelSubject(
            bundle=Path(source[0].abspath),
            wheels=wheels_in_house(house),
            target=settings.target,
            root=emulators_root(build, toolchain_of(build)),
            work=build.run.workshop.work / f"check-wheels-{settings.release.version}",
            path=settings.path,
            jobs=build.run.jobs,
            override=lambda name: override_of(build, name),
        )
        check_wheels(subject, build.run.workshop.console.line, report)

    action = make_action("wheel check", check, "checking the wheels in the emulator")
    return [env.AlwaysBuild(declare(env, [report], [*bundles, *given], action))[0]]
