"""The census: who compiles and who links, told from /proc, also where one waits for the other."""

from __future__ import annotations

import shutil
import threading
import time
from pathlib import Path

from crosspython.run.census import Process, RunningTools, count, look
from crosspython.run.journal import JournalEntry
from crosspython.run.log import Log
from crosspython.run.process import run_command
from crosspython.run.progress import note_tools


def test_tools_are_counted_by_the_command_that_started_them() -> None:
    processes = [
        Process(10, "make", "R", 1, 10),
        Process(11, "gcc", "R", 10, 10),
        Process(12, "cc1", "R", 11, 10),
        Process(13, "cc1plus", "R", 10, 10),
        Process(20, "ninja", "R", 1, 20),
        Process(21, "ld", "R", 20, 20),
    ]
    assert count(processes) == {10: RunningTools(compiling=2), 20: RunningTools(linking=1)}


def test_who_waits_for_a_tool_does_not_count() -> None:
    rust = [
        Process(1, "cargo", "R", 0, 1),
        Process(2, "rustc", "R", 1, 1),
        Process(3, "cc", "R", 2, 1),
        Process(4, "ld", "R", 3, 1),
    ]
    assert count(rust) == {1: RunningTools(linking=1)}


def test_nothing_at_work_is_nothing() -> None:
    assert count([Process(1, "make", "R", 0, 1)]) == {}
    assert look(()) == {}


def test_a_running_step_is_looked_at(tmp_path: Path) -> None:
    sleep = shutil.which("sleep")
    assert sleep
    for name in ("cc1", "ld"):
        shutil.copy(sleep, tmp_path / name)
    with Log(tmp_path / "log") as log:
        log.step("make")
        entry = JournalEntry("zlib 1.3.1", time.time(), log.steps)
        seen = threading.Thread(target=_look_until_seen, args=(entry,))
        seen.start()
        run_command(("sh", "-c", "./cc1 1 & ./cc1 1 & ./ld 1; wait"), cwd=tmp_path, env={"PATH": "/bin"}, log=log)
        seen.join()
    [step] = entry.steps
    assert (step.compiling, step.linking, step.command) == (2, 1, 0)


def _look_until_seen(entry: JournalEntry) -> None:
    deadline, [step] = time.monotonic() + 1, entry.steps
    while step.linking == 0 and time.monotonic() < deadline:
        time.sleep(0.2)
        step.compiling = 0
        note_tools([entry])
