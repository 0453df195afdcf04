"""The common parts of all checks: unpack a bundle, run a command and keep its output, results, and the final error."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from crosspython.errors import CheckError, StepError
from crosspython.run.console import format_count
from crosspython.run.log import Log
from crosspython.run.process import run_command
from crosspython.store.tree import unpack_tree
from crosspython.toolchain.emulator import check_environment

# Scripts on the target write this in front of each line that is a result.
MARK = "CROSSPYTHON "


@dataclass(frozen=True)
class Result:
    """One check, test module or wheel: what it is called, whether all was as expected, and what was not."""

    name: str
    ok: bool
    seconds: float
    detail: str

    def __str__(self) -> str:
        lines = self.detail.strip().splitlines() or [""]
        return f"  {'ok' if self.ok else 'FAILED':<7} {self.name:<28} {self.seconds:7.1f} s  {lines[-1][:90]}"


def unpack_bundle(bundle: Path, folder: Path) -> Path:
    """Unpack a bundle; return the one folder in it. Raises CheckError."""
    unpack_tree(bundle, folder)
    tops = list(folder.iterdir())
    if len(tops) != 1:
        raise CheckError(f"{bundle}: not a bundle", expected="one folder at the top", found=f"{len(tops)}")
    return tops[0]


def run_kept(command: Sequence[str], folder: Path, path: str, seconds: float) -> tuple[str, str]:
    """Run a command in a folder and keep its output there: what it printed, and how it ended ("exit status 0")."""
    place = folder / "output.log"
    with Log(place) as log:
        try:
            environment = check_environment(folder, path)
            finished = run_command(command, cwd=folder, env=environment, log=log, timeout=seconds, may_fail=True)
            ended = f"exit status {finished.status}"
        except StepError as error:  # the time limit was reached, or the command could not start
            ended = error.what
    return place.read_text(errors="replace"), ended


def require_all_passed(results: Sequence[Result], report: Path, kept: str) -> None:
    """Write the report. Raises CheckError that lists all failed checks. `kept` names the folder with their output."""
    report.write_text(json.dumps([vars(result) for result in results], indent=1))
    failed = [result for result in results if not result.ok]
    if failed:
        raise CheckError(
            f"check: {len(failed)} of {format_count(len(results), 'check')} failed",
            evidence=[line for result in failed for line in (f"{result.name}:", *_last_lines(result.detail))],
            log=report,
            next=f"the folder {kept} is kept, with the output of each",
        )


def _last_lines(text: str, count: int = 12) -> list[str]:
    return [f"    {line}" for line in text.strip().splitlines()[-count:]]
