"""Process groups end completely, whoever ends them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from crosspython.run.groups import Groups


@pytest.fixture
def groups() -> Iterator[Groups]:
    groups = Groups()
    yield groups
    groups.close()


def start(groups: Groups, script: str) -> int:
    child = subprocess.Popen(["sh", "-c", script], start_new_session=True)
    child.returncode = 0
    groups.add(child.pid)
    return child.pid


def await_file(path: Path) -> str:
    deadline = time.monotonic() + 5
    while not (path.exists() and path.read_text().endswith("\n")):
        assert time.monotonic() < deadline, f"{path} was not written"
        time.sleep(0.005)
    return path.read_text()


def is_running(pid: int) -> bool:
    """Whether a process runs; a zombie does not run."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def await_end(pid: int) -> None:
    deadline = time.monotonic() + 2
    while is_running(pid):
        assert time.monotonic() < deadline, f"process {pid} still runs"
        time.sleep(0.005)


def test_reaping_gives_status_and_cpu_of_the_whole_family(groups: Groups) -> None:
    status, usage = groups.reap(start(groups, "(i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done); exit 3"))
    assert os.waitstatus_to_exitcode(status) == 3
    assert usage.ru_utime > 0
    assert not groups.live


def test_reaping_ends_what_the_leader_left_behind(groups: Groups, tmp_path: Path) -> None:
    groups.reap(start(groups, f"sleep 60 & echo $! > '{tmp_path}/pid'"))
    assert not is_running(int((tmp_path / "pid").read_text()))


def test_who_does_not_listen_to_TERM_is_killed_after_the_grace(groups: Groups, tmp_path: Path) -> None:
    leader = start(groups, f"trap '' TERM; echo > '{tmp_path}/ready'; while :; do sleep 0.05; done")
    await_file(tmp_path / "ready")
    begin = time.monotonic()
    groups.end_all(grace=0.2)
    status, _ = groups.reap(leader)
    assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL
    assert 0.2 <= time.monotonic() - begin < 0.5


def test_who_listens_to_TERM_does_not_wait_for_the_grace(groups: Groups) -> None:
    leader = start(groups, "sleep 60")
    begin = time.monotonic()
    groups.end_all(grace=5)
    groups.reap(leader)
    assert time.monotonic() - begin < 1


def test_ending_a_group_that_was_reaped_sends_nothing(groups: Groups, monkeypatch: pytest.MonkeyPatch) -> None:
    leader = start(groups, "exit 0")
    groups.reap(leader)
    monkeypatch.setattr(os, "killpg", lambda *_: pytest.fail("a foreign group would be hit"))
    groups.end(leader)


def test_a_killed_guardian_does_no_harm(groups: Groups) -> None:
    groups.reap(start(groups, "exit 0"))
    assert groups._guardian is not None
    groups._guardian.kill()
    groups._guardian.wait()
    status, _ = groups.reap(start(groups, "exit 0"))
    assert status == 0


def test_the_guardian_ends_the_groups_of_an_owner_that_was_killed(tmp_path: Path) -> None:
    owner = f"""
import subprocess, time
from pathlib import Path
from crosspython.run.groups import Groups
groups = Groups()
for script in ("exit 0", "sleep 60 & echo $! > '{tmp_path}/pid'; wait"):
    child = subprocess.Popen(["sh", "-c", script], start_new_session=True)
    groups.add(child.pid)
    if script == "exit 0":
        groups.reap(child.pid)
Path('{tmp_path}/added').write_text("\\n")
time.sleep(60)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", owner], env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    )
    await_file(tmp_path / "added")
    grandchild = int(await_file(tmp_path / "pid"))
    process.kill()
    process.wait()
    await_end(grandchild)
