"""Computes figures from a journal: lanes of a timeline, the critical path, and the time by kind of work.

Pure: it reads a journal and computes. It draws nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from crosspython.run.journal import Journal, JournalEntry
from crosspython.run.log import StepCost

# The kind of work that each step of a plan counts as. All other steps compile and link; one make does both, so its time
# is divided in proportion to the compilers and linkers that were seen at work.
_KINDS = {
    "configure": ("configure", "autoreconf", "answers", "overlay", "requirements", "crates"),
    "install": ("install", "installpython", "builddetails", "installwheels", "symlink", "remove", "edit"),
    "unpack": ("unpack",),
    "wait": ("wait for build-python",),
    "finish, audit and pack": ("finish", "compilepython", "audit", "pack", "repair", "requiremodules"),
}
_MAKE = "compile and link"
_SLACK = 1.0
"""Seconds between the end of one thing and the begin of the next that waited for it."""


def kind_of(step: str) -> str:
    """The kind of work that a step counts as."""
    return next((kind for kind, names in _KINDS.items() if step in names), _MAKE)


def _divide(step: StepCost) -> Iterator[tuple[str, float]]:
    """A step's kinds with the seconds of each."""
    kind, seen = kind_of(step.name), step.compiling + step.linking
    if kind != _MAKE or not seen:
        yield kind, step.wall
        return
    for part, looks in (("compile", step.compiling), ("link", step.linking)):
        if looks:
            yield part, step.wall * looks / seen


def time_by_kind(journal: Journal) -> dict[str, float]:
    """Seconds of wall clock by kind, largest first. The seconds of products that were made in parallel are added."""
    found: dict[str, float] = {}
    for entry in journal.entries:
        if entry.origin == "cache":
            found["cache"] = found.get("cache", 0.0) + entry.wall
        for step in entry.steps:
            for kind, seconds in _divide(step):
                found[kind] = found.get(kind, 0.0) + seconds
        if not entry.steps and entry.origin == "built":
            found["bundle and sysroot"] = found.get("bundle and sysroot", 0.0) + entry.wall
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def lanes_of(entries: Sequence[JournalEntry]) -> list[list[JournalEntry]]:
    """Entries in as few lanes as possible, so that entries of one lane do not overlap. There are as many lanes as
    products were made in parallel."""
    lanes: list[list[JournalEntry]] = []
    for entry in sorted(entries, key=lambda entry: entry.started):
        free = next((lane for lane in lanes if lane[-1].ended <= entry.started), None)
        if free is None:
            lanes.append([entry])
        else:
            free.append(entry)
    return lanes


def critical_path(entries: Sequence[JournalEntry], depends: Mapping[str, Sequence[str]]) -> list[JournalEntry]:
    """The critical path, in the order of time. It is found from the end: the last product, the product that this one
    waited for, and so on.

    depends: the dependencies of each product, by title. A product that started later than its dependencies ended has
    waited for a core; then the product that ended just before it is taken.
    """
    path: list[JournalEntry] = []
    last = max(entries, key=lambda entry: entry.ended, default=None)
    while last is not None:
        path.insert(0, last)
        begun = last.started
        needed = set(depends.get(last.title, ()))
        before = [entry for entry in entries if entry.ended <= begun and entry not in path]
        waited = [entry for entry in before if entry.title in needed or begun - entry.ended <= _SLACK]
        last = max(waited, key=lambda entry: entry.ended, default=None)
    return path


def mean_busy(journal: Journal) -> float:
    """How many cores were busy on average, by the recorded moments."""
    return sum(cores for _, cores in journal.busy) / len(journal.busy) if journal.busy else 0.0
