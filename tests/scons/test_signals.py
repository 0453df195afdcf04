"""A signal to SCons, or a failed step, ends everything at once and leaves no process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SCONSTRUCT = """
import os, time
from pathlib import Path
import SCons.Errors
from crosspython.errors import CrosspythonError
from crosspython.run.log import Log
from crosspython.run.process import run_command
from crosspython.run.signals import stop_all, watch_signals

def sleep(target, source, env):
    name = str(target[0])
    # It tells its pids when run_command surely knows it: kill -9 in the moment of a start does leave an orphan.
    script = f"sleep 60 & sleep 0.2; echo $$ $! > {name}.pid; sleep 60"
    try:
        with Log(Path(f"{name}.log")) as log:
            run_command(["sh", "-c", script], cwd=Path.cwd(), env={"PATH": os.defpath}, log=log)
    except CrosspythonError as error:
        raise SCons.Errors.BuildError(node=target[0], errstr=str(error), status=2) from None

def fail(target, source, env):
    while len(Path("one.pid").read_text().split() if Path("one.pid").exists() else []) < 2:
        time.sleep(0.01)
    stop_all(f"{target[0]} failed")
    raise SCons.Errors.BuildError(node=target[0], errstr="no rule to make it", status=2)

DefaultEnvironment(tools=[])
env = Environment(tools=[])
for name in ("one", "two", "three"):
    env.Command(name, [], sleep)
env.Command("bad", [], fail)
Default("one", "two", "three")
watch_signals()
"""


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@pytest.mark.parametrize(
    ("number", "jobs"), [(signal.SIGINT, 1), (signal.SIGINT, 2), (signal.SIGTERM, 2), (signal.SIGHUP, 2)]
)
def test_a_signal_to_scons_leaves_no_process(number: signal.Signals, jobs: int, tmp_path: Path) -> None:
    pids = run_scons(number, jobs, tmp_path)
    assert not [pid for pid in pids if is_running(pid)]


def test_kill_9_of_scons_leaves_no_process(tmp_path: Path) -> None:
    pids = run_scons(signal.SIGKILL, 2, tmp_path)
    deadline = time.monotonic() + 1
    while any(is_running(pid) for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_failing_step_stops_the_others(tmp_path: Path) -> None:
    (tmp_path / "SConstruct").write_text(SCONSTRUCT)
    begin = time.monotonic()
    scons = subprocess.run(
        [sys.executable, "-m", "SCons", "-Q", "-j2", "one", "bad", "two"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=10,
    )
    assert time.monotonic() - begin < 3
    assert scons.returncode == 2
    assert "[bad] no rule to make it" in scons.stderr
    assert "[one] one: stopped: bad failed" in scons.stderr
    assert "Traceback" not in scons.stderr
    assert not [pid for pid in (tmp_path / "one.pid").read_text().split() if is_running(int(pid))]
    assert not (tmp_path / "two.pid").exists()


def run_scons(number: signal.Signals, jobs: int, folder: Path) -> list[int]:
    """Send a signal to a scons whose actions sleep; the sleepers' pids. It must end at once, without a traceback."""
    (folder / "SConstruct").write_text(SCONSTRUCT)
    scons = subprocess.Popen(
        [sys.executable, "-m", "SCons", "-Q", f"-j{jobs}"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    deadline = time.monotonic() + 10
    while len(pids := [int(pid) for file in folder.glob("*.pid") for pid in file.read_text().split()]) < 2 * jobs:
        assert time.monotonic() < deadline, "the actions did not start"
        time.sleep(0.01)
    begin = time.monotonic()
    scons.send_signal(number)
    output, _ = scons.communicate(timeout=10)
    assert time.monotonic() - begin < 1.5
    assert scons.returncode != 0
    assert "Traceback" not in output
    assert len(list(folder.glob("*.pid"))) == jobs, f"an action started after the stop: {output}"
    return pids
