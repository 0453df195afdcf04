"""Boards as goals: deploy, roll back, check. Their nodes are reports, made anew whenever they are asked for."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from crosspython.board import facts, manifest
from crosspython.board.address import parse_address
from crosspython.board.deploy import Order, deploy, roll_back
from crosspython.board.facts import Places
from crosspython.board.selftest import BEFORE_SWITCH, SelfTest
from crosspython.board.ssh import Session
from crosspython.builders.action import make_action
from crosspython.builders.build import Build
from crosspython.builders.guest import declare
from crosspython.checks.result import judge, unpack_bundle
from crosspython.checks.selftest import expect
from crosspython.errors import CheckError
from crosspython.stages.board import board_needs
from crosspython.store.disk import write_whole

WHEELS = "share/wheels"  # below the prefix: pip install --no-index --find-links /opt/python/share/wheels ...


def AddBoard(env: Any) -> None:
    for method in (Deploy, Rollback, CheckBoard):
        env.AddMethod(method)


def Deploy(env: Any, bundle: Any, board: str | None = None) -> Any:
    """Bring the bundle, and the wheels that were built for it, onto a board; switch to it when its check has passed.

    board: USER@HOST:PORT; None: what `board=` says. Returns the node of the report.
    """
    build: Build = env["CROSSPYTHON"]

    def bring(session: Session, tree: Path, report: Path) -> None:
        done = deploy(_order(build, tree, BEFORE_SWITCH), session, build.workshop.console.line)
        write_whole(report, json.dumps(asdict(done), indent=1))
        build.workshop.console.line(f"  {done.name} is in use on {session.address}, after {done.seconds:.1f} s")

    return _goal(env, "deploy", bundle, board, bring)


def CheckBoard(env: Any, bundle: Any, board: str | None = None) -> Any:
    """Run the whole self-test with the Python that was deployed to a board. Returns the node of the report."""
    build: Build = env["CROSSPYTHON"]

    def check(session: Session, tree: Path, report: Path) -> None:
        order = _order(build, tree, ())
        found = facts.ask(session, Places(order.target.prefix), order.needs)
        name = manifest.name_of(manifest.read_tree(tree), order.version)
        if found.current != name:
            raise CheckError(
                f"{session.address}: another tree lies there than was built",
                expected=name,
                found=found.current or "none that was deployed",
                next=f"scons deploy board={session.address}",
            )
        judge(order.selftest.results(session, order.target.prefix, build.workshop.console.line), report, "logs")

    return _goal(env, "check", bundle, board, check)


def Rollback(env: Any, board: str | None = None) -> Any:
    """Let a board use the version that it used before. Returns the node of the report."""
    build: Build = env["CROSSPYTHON"]

    def back(session: Session, tree: Path, report: Path) -> None:
        name = roll_back(session, build.settings.target.prefix)
        write_whole(report, json.dumps({"name": name}))
        build.workshop.console.line(f"  {name} is in use on {session.address} again")

    return _goal(env, "rollback", None, board, back)


def _goal(env: Any, goal: str, bundle: Any, board: str | None, run: Callable[[Session, Path, Path], None]) -> Any:
    """The node of a report, made by something that is done over one connection with a bundle unpacked here."""
    build: Build = env["CROSSPYTHON"]
    settings = build.settings
    named = board or settings.board or ""
    name = (
        f"{goal}-{re.sub(r'[^a-zA-Z0-9.]+', '-', named).strip('-')}-{settings.release.version}"
        if named
        else f"{goal}-board"
    )
    report = settings.folder / f"{name}.json"

    def act(target: list[Any], source: list[Any], env: Any) -> None:
        address = parse_address(named)
        tree = _lay_out(build, Path(source[0].abspath), name) if source else Path()
        logs = settings.folder / "logs" / name
        with Session(address, config=settings.ssh_config, path=settings.path, logs=logs) as session:
            run(session, tree, report)
        if source:
            shutil.rmtree(build.workshop.work / name)

    action = make_action(goal, act, f"{goal}: {named}")
    return env.AlwaysBuild(declare(env, [report], [bundle] if bundle else [], action))[0]


def _lay_out(build: Build, bundle: Path, name: str) -> Path:
    """The tree as it is to lie on the board: the bundle, with the wheels beside it."""
    folder = build.workshop.work / name
    shutil.rmtree(folder, ignore_errors=True)
    tree = unpack_bundle(bundle, folder)
    for wheel in sorted(build.settings.wheelhouse.glob("*.whl")):
        (tree / WHEELS).mkdir(parents=True, exist_ok=True)
        shutil.copy2(wheel, tree / WHEELS / wheel.name)
    return tree


def _order(build: Build, tree: Path, only: tuple[str, ...]) -> Order:
    settings = build.settings
    built_in = tuple(str(build.workshop.work / component.recipe.name) for component in build.components.values())
    return Order(
        tree=tree,
        version=settings.release.version,
        target=settings.target,
        needs=board_needs(tree),
        selftest=SelfTest(expect(tree, settings.release, settings.target.machine, built_in), only),
    )
