"""One run at a time in a build folder, and a second run says who was first."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from crosspython.errors import ConfigurationError
from crosspython.run.lock import BuildLock

HOLD = """
import sys
from pathlib import Path
from crosspython.run.lock import BuildLock
with BuildLock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_run(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the folder until it is killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_run_fails_at_once_and_names_the_first(tmp_path: Path) -> None:
    with another_run(tmp_path) as first, pytest.raises(ConfigurationError) as caught:
        BuildLock(tmp_path).acquire()
    assert str(tmp_path) in caught.value.what
    assert caught.value.found is not None
    assert f"process {first.pid} " in caught.value.found
    assert sys.executable in caught.value.found
    assert caught.value.next is not None
    assert "build=" in caught.value.next


def test_the_lock_of_a_killed_run_is_free(tmp_path: Path) -> None:
    with another_run(tmp_path) as first:
        first.kill()
        first.wait()
        with BuildLock(tmp_path):
            pass


def test_a_released_lock_can_be_taken_by_another_run(tmp_path: Path) -> None:
    with BuildLock(tmp_path):
        pass
    with another_run(tmp_path):
        pass


def test_other_folders_are_free(tmp_path: Path) -> None:
    with another_run(tmp_path / "one"), BuildLock(tmp_path / "two"):
        pass


def test_one_run_may_take_its_folder_twice(tmp_path: Path) -> None:
    with BuildLock(tmp_path), BuildLock(tmp_path):
        pass


def test_a_holder_that_has_not_written_yet_is_refused_all_the_same(tmp_path: Path) -> None:
    with (tmp_path / ".lock").open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(ConfigurationError) as caught:
            BuildLock(tmp_path).acquire()
    assert caught.value.found == "a run that has just started"


def test_a_child_does_not_keep_the_lock(tmp_path: Path) -> None:
    lock = BuildLock(tmp_path)
    lock.acquire()
    with subprocess.Popen(["sleep", "60"], close_fds=False) as child:
        lock.release()
        with another_run(tmp_path):
            pass
        child.kill()


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "build").write_text("a file")
    with pytest.raises(ConfigurationError, match="cannot be written"):
        BuildLock(tmp_path / "build").acquire()


def test_a_file_system_without_locks_is_no_obstacle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with BuildLock(tmp_path):
        pass
