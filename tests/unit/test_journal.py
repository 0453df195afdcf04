"""The journal: it survives being written and read, and its estimates are made of what earlier runs took."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from crosspython.run.journal import Journal, JournalEntry, read_journal
from crosspython.run.log import StepCost


def test_what_was_made_is_written_and_read_again(tmp_path: Path) -> None:
    product = tmp_path / "product"
    product.write_bytes(b"12345")
    journal = Journal(2, busy=[(1.0, 2)])
    with journal.making("zlib 1.3.1", [StepCost("make", 1.0, wall=2.0, cpu=3.0, max_rss=4)], product):
        pass
    journal.took("openssl-3.5.7", 0.5, 99)
    journal.save(tmp_path / "times.json")
    read = read_journal(tmp_path / "times.json")
    assert read is not None
    assert [(entry.title, entry.origin, entry.size) for entry in read.entries] == [
        ("zlib 1.3.1", "built", 5),
        ("openssl-3.5.7", "cache", 99),
    ]
    assert read.entries == journal.entries
    assert (read.jobs, read.busy) == (2, [(1.0, 2)])


def test_a_run_that_made_nothing_leaves_the_journal_of_the_last_one(tmp_path: Path) -> None:
    Journal().save(tmp_path / "times.json")
    assert not (tmp_path / "times.json").exists()


def test_what_failed_is_told_and_not_known(tmp_path: Path) -> None:
    journal = Journal()
    with pytest.raises(RuntimeError), journal.making("zlib 1.3.1"):
        raise RuntimeError
    journal.save(tmp_path / "times.json")
    assert journal.entries[0].origin == "failed"
    assert journal.known == {}


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"jobs": 1}', '{"jobs": 1, "entries": [{}], "known": {}, "busy": []}']
)
def test_a_damaged_journal_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "times.json").write_text(text)
    assert read_journal(tmp_path / "times.json") is None


def test_a_folder_that_cannot_be_written_fails_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    Journal(entries=[JournalEntry("x", 0.0)]).save(tmp_path / "file" / "times.json")


def running(title: str, seconds: float) -> JournalEntry:
    return JournalEntry(title, time.time() - seconds)


def test_what_is_left_is_shared_by_the_jobs() -> None:
    journal = Journal(2, [running("a", 10)], known={"a": 20.0, "b": 30.0, "c": 40.0})
    assert journal.left(["a", "b", "c"]) == pytest.approx(40, abs=1)


def test_what_is_left_is_never_less_than_what_runs() -> None:
    journal = Journal(4, [running("a", 10)], known={"a": 70.0})
    assert journal.left(["a"]) == pytest.approx(60, abs=1)


def test_without_earlier_times_nothing_is_promised() -> None:
    journal = Journal(2, [running("a", 10)], known={"a": 20.0})
    assert journal.left(["a", "never built"]) is None
