"""Counts the compilers and linkers that our commands run at a moment.

Knows the names of the programs that a compiler's driver starts, and how to read /proc. make and similar tools compile
and link in the same step, so only their processes show how the time is divided.
Not all systems list a process's children, so all processes are read, which takes some milliseconds.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

COMPILERS = frozenset({"cc1", "cc1plus", "f951", "as", "clang", "rustc"})
LINKERS = frozenset({"ld", "ld.bfd", "ld.gold", "ld.lld", "mold", "lto1", "ar", "ranlib"})


class Process(NamedTuple):
    """Some fields of /proc/PID/stat (proc(5)). state: R for a running process; session: the pid of its leader."""

    pid: int
    name: str
    state: str
    parent: int
    session: int


class RunningTools(NamedTuple):
    """The numbers of processes by their work."""

    compiling: int = 0
    linking: int = 0


def look(sessions: Collection[int]) -> dict[int, RunningTools]:
    """The tools that run now in these sessions. Each command that a step starts is the leader of a session."""
    return count(process for process in processes() if process.session in sessions) if sessions else {}


def count(processes: Iterable[Process]) -> dict[int, RunningTools]:
    """Compilers and linkers by session. A tool that waits for another tool is not counted, such as rustc while its
    linker runs."""
    known = {process.pid: process for process in processes}
    workers = [process for process in known.values() if process.name in COMPILERS | LINKERS]
    waiting = {pid for worker in workers for pid in _ancestors(worker, known)}
    found: dict[int, RunningTools] = {}
    for worker in workers:
        if worker.pid not in waiting:
            compiling, linking = found.get(worker.session, RunningTools())
            links = worker.name in LINKERS
            found[worker.session] = RunningTools(compiling + (not links), linking + links)
    return found


def _ancestors(process: Process, known: dict[int, Process]) -> Iterator[int]:
    parent = known.get(process.parent)
    while parent is not None:
        yield parent.pid
        parent = known.get(parent.parent)


def processes() -> Iterator[Process]:
    """All processes of this machine."""
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", errors="replace") as file:
                text = file.read()
        except OSError:  # the process has ended
            continue
        program, _, rest = text.partition("(")[2].rpartition(") ")
        state, parent, _, session, *_ = rest.split(" ", 4)
        yield Process(int(name), program, state, int(parent), int(session))
