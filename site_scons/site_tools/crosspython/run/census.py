"""A census of the tools that run for us: who compiles now, and who links.

Knows the names of the programs that do the work behind a compiler's driver, and what /proc tells of them. make and its
like compile and link in the same step, so only a look at the processes tells the two apart.
Not all systems list a process's children, so it reads all processes, which takes some milliseconds.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

COMPILERS = frozenset({"cc1", "cc1plus", "f951", "as", "clang", "rustc"})
LINKERS = frozenset({"ld", "ld.bfd", "ld.gold", "ld.lld", "mold", "lto1", "ar", "ranlib"})


class Process(NamedTuple):
    """Some of what /proc/PID/stat says (proc(5)). state: R for one that runs; session: its leader's pid."""

    pid: int
    name: str
    state: str
    parent: int
    session: int


class Tools(NamedTuple):
    """How many processes do which work."""

    compiling: int = 0
    linking: int = 0


def look(sessions: Collection[int]) -> dict[int, Tools]:
    """What the commands of these sessions do now; each command that a step starts leads a session."""
    return count(process for process in processes() if process.session in sessions) if sessions else {}


def count(processes: Iterable[Process]) -> dict[int, Tools]:
    """Compilers and linkers by session. One that waits for another is not counted: rustc, say, waits for its linker."""
    known = {process.pid: process for process in processes}
    workers = [process for process in known.values() if process.name in COMPILERS | LINKERS]
    waiting = {pid for worker in workers for pid in _ancestors(worker, known)}
    found: dict[int, Tools] = {}
    for worker in workers:
        if worker.pid not in waiting:
            compiling, linking = found.get(worker.session, Tools())
            links = worker.name in LINKERS
            found[worker.session] = Tools(compiling + (not links), linking + links)
    return found


def _ancestors(process: Process, known: dict[int, Process]) -> Iterator[int]:
    parent = known.get(process.parent)
    while parent is not None:
        yield parent.pid
        parent = known.get(parent.parent)


def processes() -> Iterator[Process]:
    """All that run on this machine."""
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", errors="replace") as file:
                text = file.read()
        except OSError:  # it has ended
            continue
        program, _, rest = text.partition("(")[2].rpartition(") ")
        state, parent, _, session, *_ = rest.split(" ", 4)
        yield Process(int(name), program, state, int(parent), int(session))
