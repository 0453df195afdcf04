"""Goals about boards: deploy, roll back, check. Their nodes are reports, which are made again each time.

board_session.py does the work on the board; it is imported when one of these goals runs.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from crosspython.board.address import parse_address
from crosspython.builders.action import make_action
from crosspython.builders.arguments import read_bundle, read_text
from crosspython.builders.build import Build
from crosspython.builders.guest import declare


def AddBoard(env: Any) -> None:
    for method in (Deploy, Rollback, CheckBoard):
        env.AddMethod(method)


def Deploy(env: Any, bundle: Any, board: str | None = None) -> Any:
    """Deploy the bundle, and the wheels that were built for it, to a board; switch to it if its check succeeds.

    board: USER@HOST:PORT; None: the value of `board=`. Returns the node of the report, which has to depend on wheels of
    the same run.
    """
    return _goal(env, "Deploy", "deploy", read_bundle("Deploy", bundle), board)


def CheckBoard(env: Any, bundle: Any, board: str | None = None) -> Any:
    """Run the whole self-test with the Python that was deployed to a board. Returns the node of the report."""
    return _goal(env, "CheckBoard", "check", read_bundle("CheckBoard", bundle), board)


def Rollback(env: Any, board: str | None = None) -> Any:
    """Let a board use the version that it used before. Returns the node of the report."""
    return _goal(env, "Rollback", "rollback", [], board)


def _goal(env: Any, method: str, goal: str, bundle: list[Any], board: str | None) -> Any:
    """Declare the report of a goal about a board, with or without a bundle. Returns its node."""
    build: Build = env["CROSSPYTHON"]
    settings = build.settings
    named = read_text(method, "board", board) or settings.board or ""
    if named:
        parse_address(named)
    place = re.sub(r"[^a-zA-Z0-9.]+", "-", named).strip("-")
    name = f"{goal}-{place}-{settings.release.version}" if named else f"{goal}-board"
    report = settings.folder / f"{name}.json"

    def act(target: list[Any], source: list[Any], env: Any) -> None:
        from crosspython.builders.board_session import GOALS, BoardSession

        with BoardSession(build, named, Path(source[0].abspath) if source else None, report) as board:
            GOALS[goal](board)

    action = make_action(goal, act, f"{goal}: {named}")
    needed = bundle if named else []  # without a board it fails at once, and nothing is built before
    return env.AlwaysBuild(declare(env, [report], needed, action))[0]
