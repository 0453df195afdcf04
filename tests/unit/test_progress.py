"""Progress: what the line says, that it is drawn on terminals only, and that there is a sign of life elsewhere."""

from __future__ import annotations

import io
import time

import pytest
from crosspython.run import progress
from crosspython.run.console import Console
from crosspython.run.journal import Journal, JournalEntry
from crosspython.run.log import StepCost
from crosspython.run.progress import Progress, compose


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def entry(title: str, *steps: str) -> JournalEntry:
    return JournalEntry(title, time.time(), [StepCost(name, 0.0) for name in steps])


def test_the_line_names_what_is_made_and_its_step() -> None:
    line = compose(
        [entry("openssl 3.5.7", "configure", "make"), entry("zlib 1.3.1")],
        elapsed=65,
        done=2,
        total=12,
        busy=2,
        left=190.4,
    )
    assert line == "2 of 12, 2 cores busy, 1 min 05 s, about 3 min 10 s left: openssl 3.5.7 make, zlib 1.3.1"


def test_many_things_are_counted() -> None:
    line = compose([entry(f"p{n}", "make") for n in range(9)], elapsed=1, done=0, total=9, busy=1, left=None)
    assert line == "0 of 9, 1 core busy, 1.0 s: p0 make, p1 make, p2 make, p3 make and 5 more"


def watch(stream: io.StringIO, journal: Journal, monkeypatch: pytest.MonkeyPatch, quiet: bool = False) -> Progress:
    monkeypatch.setattr(progress, "PAUSE", 3600.0)
    return Progress(journal, Console(stream, quiet), lambda: 2, lambda: (["a", "b"], ["b"]))


def test_a_terminal_sees_one_line_that_goes_when_nothing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stream, journal = Terminal(), Journal(entries=[entry("b 1.0", "make")])
    watcher = watch(stream, journal, monkeypatch)
    watcher.tick()
    assert "1 of 2, 2 cores busy" in stream.getvalue()
    assert "\n" not in stream.getvalue()
    journal.entries[0].origin = "built"
    watcher.tick()
    assert stream.getvalue().endswith("\r\x1b[K")


def test_a_terminal_that_can_only_write_lines_gets_no_control_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    stream, journal = Terminal(), Journal(entries=[entry("b 1.0", "make")])
    watch(stream, journal, monkeypatch).tick()
    assert stream.getvalue() == ""


def test_lines_stand_above_the_one_that_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    console = Console(stream)
    console.status("going on")
    console.line("done")
    assert stream.getvalue() == "\r\x1b[Kgoing on\r\x1b[Kdone\ngoing on"


def test_elsewhere_there_is_a_line_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    stream, journal = io.StringIO(), Journal(entries=[entry("b 1.0", "make")])
    watcher = watch(stream, journal, monkeypatch)
    watcher.tick()
    assert stream.getvalue() == ""
    monkeypatch.setattr(progress, "HEARTBEAT", 0.0)
    watcher.tick()
    assert stream.getvalue().startswith("  1 of 2, 2 cores busy")
    assert "\x1b" not in stream.getvalue()


def test_quiet_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    stream, journal = Terminal(), Journal(entries=[entry("b 1.0", "make")])
    monkeypatch.setattr(progress, "HEARTBEAT", 0.0)
    watch(stream, journal, monkeypatch, quiet=True).tick()
    assert stream.getvalue() == ""


def test_busy_cores_are_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(entries=[entry("b 1.0", "make")])
    watch(io.StringIO(), journal, monkeypatch).tick()
    assert [cores for _, cores in journal.busy] == [2]
