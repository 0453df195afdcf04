"""A lock file: one holder at a time, in this process and in others, and a wait that a stop ends."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest
from crosspython.store import exclusive as module
from crosspython.store.exclusive import exclusive


def test_the_second_waits_until_the_first_has_ended(tmp_path: Path) -> None:
    order: list[str] = []

    def second() -> None:
        with exclusive(tmp_path / "deep" / "lock"):
            order.append("second")

    with exclusive(tmp_path / "deep" / "lock"):
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.2)
        order.append("first")
    thread.join(timeout=10)
    assert order == ["first", "second"]


def test_a_failure_in_the_block_gives_the_lock_back(tmp_path: Path) -> None:
    with pytest.raises(ValueError), exclusive(tmp_path / "lock"):
        raise ValueError
    with exclusive(tmp_path / "lock"):
        pass


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError), exclusive(tmp_path / "file" / "lock"):
        pass


def test_a_file_system_without_locks_is_no_obstacle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(38, os.strerror(38))

    monkeypatch.setattr(module.fcntl, "flock", refuse)
    with exclusive(tmp_path / "lock"), exclusive(tmp_path / "lock"):
        pass
