"""Carries out deployments, checks and roll-backs for a build: unpacks its bundle and wheels, opens one connection, and
writes a report."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Self

from crosspython.board import facts, manifest
from crosspython.board.address import parse_address
from crosspython.board.deploy import Deployment, deploy, roll_back
from crosspython.board.facts import Places
from crosspython.board.selftest import BEFORE_SWITCH, SelfTest
from crosspython.board.ssh import Session
from crosspython.builders.build import Build
from crosspython.builders.toolchain import toolchain_of
from crosspython.checks.result import require_all_passed, unpack_bundle
from crosspython.checks.selftest import expect
from crosspython.errors import CheckError, ConfigurationError
from crosspython.finish.board_needs import board_needs
from crosspython.store.disk import write_whole
from crosspython.wheels.house.report import find_strays

WHEELS = "share/wheels"  # below the prefix: pip install --no-index --find-links /opt/python/share/wheels ...


class BoardSession:
    """A connection to a board that is open during the `with` block, and a local copy of the tree for the board, which
    is removed after success.

    board: the value of `board=`; bundle: None if nothing is copied to the board; report: the file for the results
    """

    def __init__(self, build: Build, board: str, bundle: Path | None, report: Path) -> None:
        settings = build.settings
        self.build, self.report = build, report
        self.say = build.run.workshop.console.line
        address = parse_address(board)
        self._work = build.run.workshop.work / report.stem
        self.tree = self._lay_out(bundle) if bundle else Path()
        logs = settings.folder / "logs" / report.stem
        self.session = Session(address, config=settings.ssh_config, path=settings.path, logs=logs)

    def __enter__(self) -> Self:
        self.session.__enter__()
        return self

    def __exit__(self, kind: object, *more: object) -> None:
        self.session.__exit__(kind, *more)
        if kind is None:
            shutil.rmtree(self._work, ignore_errors=True)

    def order(self, only: tuple[str, ...]) -> Deployment:
        """The deployment of the tree. only: names of the checks to run; empty: all checks"""
        settings = self.build.settings
        components = self.build.components.values()
        time_bits = toolchain_of(self.build).time_bits
        built_in = tuple(str(self.build.run.workshop.work / component.recipe.name) for component in components)
        return Deployment(
            tree=self.tree,
            version=settings.release.version,
            target=settings.target,
            needs=board_needs(self.tree),
            selftest=SelfTest(expect(self.tree, settings.release, settings.target, built_in, time_bits), only),
        )

    def _lay_out(self, bundle: Path) -> Path:
        """Make the tree for the board: the bundle, and the wheels in it."""
        shutil.rmtree(self._work, ignore_errors=True)
        tree = unpack_bundle(bundle, self._work)
        house = self.build.settings.wheelhouse
        strays = find_strays(house)
        for wheel in sorted(house.glob("*.whl")):
            finding = self.build.run.fingerprints.compare(wheel)
            if wheel in strays and finding == "unknown":
                self.build.run.console.warn(f"{wheel} is left out, because this build did not make it")
                continue
            if finding == "other":
                raise ConfigurationError(
                    f"{wheel}: it was changed after the build put it there",
                    next="run scons wheels deploy with the pkgs= that it was made for, or remove it",
                )
            (tree / WHEELS).mkdir(parents=True, exist_ok=True)
            shutil.copy2(wheel, tree / WHEELS / wheel.name)
        return tree


def bring(board: BoardSession) -> None:
    """Deploy the tree. Raises BoardError, CheckError."""
    done = deploy(board.order(BEFORE_SWITCH), board.session, board.say)
    write_whole(board.report, json.dumps(asdict(done), indent=1))
    board.say(f"  {done.name} is in use on {board.session.address}, after {done.seconds:.1f} s")


def check(board: BoardSession) -> None:
    """Run the self-test on the board. Also raises CheckError if the board has another tree than the built one."""
    order, session = board.order(()), board.session
    found = facts.ask_board(session, Places(order.target.prefix), order.needs)
    name = manifest.name_of(manifest.read_tree(board.tree), order.version)
    if found.current != name:
        raise CheckError(
            f"{session.address}: the Python on the board is not the one that was built",
            expected=name,
            found=found.current or "no deployed version",
            next=f"scons deploy board={session.address}",
        )
    require_all_passed(order.selftest.results(session, order.target.prefix, board.say), board.report, "logs")


def go_back(board: BoardSession) -> None:
    """Switch to the previous version. Raises BoardError if there is none."""
    name = roll_back(board.session, board.build.settings.target.prefix)
    write_whole(board.report, json.dumps({"name": name}))
    board.say(f"  {name} is in use on {board.session.address} again")


GOALS: dict[str, Callable[[BoardSession], None]] = {"deploy": bring, "check": check, "rollback": go_back}
