"""Progress: a status line that is redrawn every half second; without a terminal, or where TERM=dumb says that it cannot
move its cursor, a new line every minute.

It reads the journal and writes to the console. It starts with the first product, and pauses while nothing is made. It
also records in the journal how many cores are busy, and how many compilers and linkers run.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence

from crosspython.run.census import look
from crosspython.run.console import Console, format_seconds
from crosspython.run.journal import Journal, JournalEntry

PAUSE = 0.5
HEARTBEAT = 60.0
_TICKS_A_LOOK = 4
_MOST_NAMED = 4


class Progress:
    """Watches a journal. busy: returns how many cores are busy; wanted: returns the titles of all wanted things, and of
    those that are pending."""

    def __init__(
        self,
        journal: Journal,
        console: Console,
        busy: Callable[[], int],
        wanted: Callable[[], tuple[Sequence[str], Sequence[str]]],
    ) -> None:
        self._journal, self._console, self._busy, self._wanted = journal, console, busy, wanted
        self._began = self._told = time.monotonic()
        self._ticks = 0
        threading.Thread(target=self._watch, name="crosspython-progress", daemon=True).start()

    def _watch(self) -> None:
        while True:
            time.sleep(PAUSE)
            self.tick()

    def tick(self) -> None:
        """Record the busy cores and the running tools, and show the line."""
        running = self._journal.running
        if not running:
            self._console.status(None)
            return
        busy = self._busy()
        self._journal.busy.append((time.time(), busy))
        if self._ticks % _TICKS_A_LOOK == 0:
            note_tools(running)
        self._ticks += 1
        live = self._console.is_live and os.environ.get("TERM") != "dumb"
        if not live and time.monotonic() - self._told < HEARTBEAT:
            return
        self._told = time.monotonic()
        everything, pending = self._wanted()
        line = compose(
            running,
            elapsed=time.monotonic() - self._began,
            done=len(everything) - len(pending),
            total=len(everything),
            busy=busy,
            left=self._journal.left(pending),
        )
        if live:
            self._console.status(line)
        else:
            self._console.line(f"  {line}")


def note_tools(running: Sequence[JournalEntry]) -> None:
    """Count, once, the compilers and linkers that the running steps use now."""
    steps = {step.command: step for entry in running if entry.steps and (step := entry.steps[-1]).command}
    for command, tools in look(steps).items():
        steps[command].compiling += tools.compiling
        steps[command].linking += tools.linking


def compose(
    running: Sequence[JournalEntry], *, elapsed: float, done: int, total: int, busy: int, left: float | None
) -> str:
    """The line: `2 of 12, 2 cores busy, 1 min 05 s, about 3 min 10 s left:
    openssl 3.5.7 make, zlib 1.3.1 configure`."""
    named = ", ".join(f"{entry.title} {entry.step}".strip() for entry in running[:_MOST_NAMED])
    more = f" and {len(running) - _MOST_NAMED} more" if len(running) > _MOST_NAMED else ""
    parts = [
        f"{done} of {total}",
        f"{busy} core{'' if busy == 1 else 's'} busy",
        format_seconds(elapsed),
        *([f"about {format_seconds(round(left))} left"] if left is not None else []),
    ]
    return f"{', '.join(parts)}: {named}{more}"
