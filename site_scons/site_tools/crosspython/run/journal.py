"""The journal of a run: the products, their times and steps, and how many cores were busy.

It collects facts during a run, stores them in a file for the next run, and estimates the remaining time from earlier
runs. It does not know the products, and shows nothing: progress.py and the report do that.
Times are in seconds since the epoch, durations in seconds, sizes in bytes.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from crosspython.run.log import StepCost


@dataclass
class JournalEntry:
    """One thing that was made. origin: "built", "cache" or "failed", empty while it is being made."""

    title: str
    started: float
    steps: list[StepCost] = field(default_factory=list)
    ended: float = 0.0
    origin: str = ""
    size: int = 0

    @property
    def wall(self) -> float:
        return (self.ended or time.time()) - self.started

    @property
    def step(self) -> str:
        """The name of the current step."""
        return self.steps[-1].name if self.steps else ""


@dataclass
class Journal:
    """The facts about one run. known: seconds that products took in earlier runs, by title; busy: moments, with the
    number of busy cores."""

    jobs: int = 1
    entries: list[JournalEntry] = field(default_factory=list)
    busy: list[tuple[float, int]] = field(default_factory=list)
    known: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def running(self) -> list[JournalEntry]:
        with self._lock:
            return [entry for entry in self.entries if not entry.origin]

    @contextlib.contextmanager
    def making(
        self, title: str, steps: list[StepCost] | None = None, product: Path | None = None
    ) -> Iterator[JournalEntry]:
        """Record that the block makes a product. steps: a list that grows during the block; product: the file whose
        size is recorded at the end"""
        entry = JournalEntry(title, time.time(), [] if steps is None else steps)
        with self._lock:
            self.entries.append(entry)
        try:
            yield entry
        except BaseException:
            self._end(entry, "failed", None)
            raise
        self._end(entry, "built", product)

    def took(self, title: str, seconds: float, size: int) -> None:
        """Record that a product came from the cache."""
        now = time.time()
        with self._lock:
            self.entries.append(JournalEntry(title, now - seconds, [], now, "cache", size))

    def left(self, pending: Sequence[str]) -> float | None:
        """The estimated seconds until everything is made; None if earlier runs lack the time of a pending or running
        product."""
        running = self.running
        titles = {entry.title for entry in running}
        rest = [title for title in pending if title not in titles]
        if not running or not all(title in self.known for title in (*titles, *rest)):
            return None
        now = [max(self.known[entry.title] - entry.wall, 0.0) for entry in running]
        return max(sum((*now, *(self.known[title] for title in rest))) / self.jobs, *now)

    def save(self, path: Path) -> None:
        """Write the journal, if anything was made; earlier times of other products are kept."""
        if not self.entries:
            return
        for entry in self.entries:
            if entry.origin == "built":
                self.known[entry.title] = round(entry.wall, 1)
        facts = {
            "jobs": self.jobs,
            "entries": [asdict(entry) for entry in self.entries],
            "busy": self.busy,
            "known": self.known,
        }
        # The build must not fail only because its journal cannot be written.
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_name(path.name + ".part")
            part.write_text(json.dumps(facts, indent=1))
            part.replace(path)

    def _end(self, entry: JournalEntry, origin: str, product: Path | None) -> None:
        with contextlib.suppress(OSError):
            entry.size = product.stat().st_size if product is not None else 0
        entry.ended, entry.origin = time.time(), origin


def read_journal(path: Path) -> Journal | None:
    """The journal of the last run that made something; None where there is none, or a damaged one."""
    try:
        facts = json.loads(path.read_text())
        entries = [_entry(item) for item in facts["entries"]]
        known = {str(title): float(seconds) for title, seconds in facts["known"].items()}
        busy = [(float(moment), int(cores)) for moment, cores in facts["busy"]]
        return Journal(int(facts["jobs"]), entries, busy, known)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _entry(item: Mapping[str, Any]) -> JournalEntry:
    return JournalEntry(**{**item, "steps": [StepCost(**step) for step in item["steps"]]})
