"""The table at the end of a run that made wheels: the result of each wheel, and the reason."""

from __future__ import annotations

import atexit
from collections.abc import Callable, Sequence
from typing import Any

from crosspython.builders.scons_internals import was_made, was_up_to_date
from crosspython.errors import CrosspythonError, Interrupted, StepError
from crosspython.run.console import format_count, format_seconds
from crosspython.run.log import find_error
from crosspython.wheels.model import LockedPackage, WheelReport

_FAILED = "FAILED"


class RunSummary:
    """The results of all wheels of one Python. `at_end` is called when the process ends, if a wheel was made."""

    def __init__(self, at_end: Callable[[], None], title: str) -> None:
        self.at_end, self.title = at_end, title
        self.nodes: dict[str, Any] = {}
        self.rows: dict[str, tuple[str, str]] = {}
        self._is_registered = False

    def expect(self, package: LockedPackage, node: Any) -> None:
        self.nodes[package.title] = node

    @property
    def has_failures(self) -> bool:
        return any(way == _FAILED for way, _ in self.rows.values())

    def watch(self, package: LockedPackage, make: Callable[[], WheelReport]) -> WheelReport:
        """Make a wheel, and record the result."""
        if not self._is_registered:
            self._is_registered = True
            atexit.register(self.at_end)
        try:
            report = make()
        except Interrupted:
            raise
        except CrosspythonError as error:
            log = f"; log: {error.log}" if error.log else ""
            self.rows[package.title] = (_FAILED, f"{_reason(error)}{log}")
            raise
        self.rows[package.title] = (_way(report), "; ".join(_details(report)))
        return report

    def lines(self) -> list[str]:
        """The lines of the table, failures last; empty if no wheel was made."""
        rows = {**{title: self._untouched(node) for title, node in self.nodes.items()}, **self.rows}
        ordered = sorted(rows.items(), key=lambda item: (item[1][0] == _FAILED, item[0]))
        width = max(len(title) for title in rows)
        table = [f"  {title:<{width}}  {way:<13}  {detail}".rstrip() for title, (way, detail) in ordered]
        return [f"{self.title}: {self._sum()}", *table]

    def _untouched(self, node: Any) -> tuple[str, str]:
        if is_done(node):
            return "unchanged" if was_up_to_date(node) else "from cache", ""
        return "not tried", "a package that it needs was not made, or the run ended earlier"

    def _sum(self) -> str:
        failed = sum(way == _FAILED for way, _ in self.rows.values())
        made = len(self.rows) - failed
        text = f"{made} of {format_count(len(self.nodes), 'wheel')} made now"
        return f"{text}, {failed} failed" if failed else text


def is_done(node: Any) -> bool:
    """Whether a node is built and up to date at the end of a run."""
    return was_up_to_date(node) or was_made(node)


def _reason(error: CrosspythonError) -> str:
    """Why a wheel could not be made, in one line: the known cause of a command
    that failed before the command itself."""
    if isinstance(error, StepError):
        return error.found or find_error(error.evidence) or error.what.splitlines()[0]
    return error.what.splitlines()[0]


def _way(report: WheelReport) -> str:
    return "ready wheel" if report.engine == "ready" else f"built ({report.engine})"


def _details(report: WheelReport) -> Sequence[str]:
    found = [format_seconds(report.wall)] if report.engine != "ready" else []
    if report.extensions:
        found.append(format_count(len(report.extensions), "extension"))
    if report.needs:
        found.append(f"needs {report.needs}")
    if report.grafted:
        found.append(f"with {', '.join(report.grafted)}")
    return [*found, *report.remarks]
