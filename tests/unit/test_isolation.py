"""Builds of other people's code: cut off from the network, ended with all that they leave,
and told where that cannot be."""

from __future__ import annotations

import io
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from crosspython.errors import HostToolError, Interrupted, StepError
from crosspython.run.console import Console
from crosspython.run.isolation import Isolation, isolate, require_containment
from crosspython.run.log import Log
from crosspython.run.process import run_command
from crosspython.run.signals import Stop
from crosspython.run.view import View

PATH = os.environ["PATH"]
FULL = ("--net", "--ipc", "--pid", "--fork", "--mount-proc", "--kill-child")
USER = ("--map-current-user", "--keep-caps")


def unshare(folder: Path, script: str) -> str:
    """A PATH with an unshare that does what the script does."""
    (folder / "unshare").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "unshare").chmod(0o755)
    return f"{folder}:{os.defpath}"


@pytest.mark.parametrize(
    ("script", "options", "lacks"),
    [
        ("true", FULL, ()),
        ('test "$1" = --map-current-user', (*USER, *FULL), ()),
        ('case "$*" in *--pid*) exit 1 ;; esac', ("--net", "--ipc"), ("processes",)),
        ('case "$*" in *--net*) exit 1 ;; esac', FULL[2:], ("network",)),
        ("false", None, ("network", "processes")),
    ],
)
def test_as_much_is_taken_as_the_kernel_lets_us(
    tmp_path: Path, script: str, options: tuple[str, ...] | None, lacks: tuple[str, ...]
) -> None:
    isolation = isolate(unshare(tmp_path, script))
    before = () if options is None else (str(tmp_path / "unshare"), *options, "--")
    assert isolation.words[: len(before) + 1] == (*before, sys.executable)
    assert isolation.lacks == lacks


def test_what_may_have_the_network_is_alone_all_the_same(tmp_path: Path) -> None:
    isolation = isolate(unshare(tmp_path, "true"), network=True)
    assert (isolation.words[1:5], isolation.lacks) == (FULL[2:], ())


def test_where_files_cannot_be_hidden_the_rest_is_done_and_it_is_told(tmp_path: Path) -> None:
    isolation = isolate(
        unshare(tmp_path, 'case "$*" in *enclose.py*) exit 1 ;; esac'), view=View(tmp_path, (tmp_path,))
    )
    assert (isolation.words[1:8], isolation.lacks) == ((*FULL, "--"), ("files",))
    assert not any("enclose.py" in word for word in isolation.words)


def test_required_refuses_whatever_is_lacking(tmp_path: Path) -> None:
    with pytest.raises(HostToolError, match="no network, no processes, no files of their own"):
        require_containment(unshare(tmp_path, "false"))
    require_containment(PATH)


def test_off_starts_commands_as_they_are_but_ends_what_they_leave() -> None:
    isolation = isolate(PATH, view=View(Path("/"), ()), contain="off")
    assert (isolation.words[0], isolation.words[-1][-12:], isolation.lacks) == (sys.executable, "supervise.py", ())


def test_what_is_lacking_stands_in_each_log_and_once_on_the_console(tmp_path: Path) -> None:
    console = Console(stream := io.StringIO())
    logs = [Log(tmp_path / name) for name in ("a.log", "b.log")]
    for log in logs:
        Isolation((), ("network", "processes")).tell(log, console)
    assert stream.getvalue().count("builds are NOT contained on this machine: they have no network") == 1
    assert all("no network of its own" in log.path.read_text() for log in logs)


@pytest.fixture(params=[pytest.param("namespaces", marks=pytest.mark.slow), "no namespaces"])
def before(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, ...]:
    """With all that this kernel lets us, and as where it lets us nothing."""
    path = PATH if request.param == "namespaces" else unshare(tmp_path, "false")
    return isolate(path).words


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    with Log(tmp_path / "toy-1.0.log") as log:
        yield log


def run(before: tuple[str, ...], code: str, log: Log, **options: object) -> None:
    environment = {"PATH": PATH}
    run_command([sys.executable, "-c", code], before=before, cwd=Path("/"), env=environment, log=log, **options)  # type: ignore[arg-type]


def lives(marker: str) -> bool:
    return subprocess.run(["pgrep", "-f", marker], capture_output=True, check=False).returncode == 0


DAEMON = """
import os, subprocess, sys
code = "import time; time.sleep(600)  # {marker}"
subprocess.Popen([sys.executable, "-c", code], start_new_session=True, stdout=subprocess.DEVNULL)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execvp(sys.executable, [sys.executable, "-c", code, "twice"])
    os._exit(0)
os.wait()
"""


def test_processes_that_left_the_group_are_ended_and_told(before: tuple[str, ...], tmp_path: Path, log: Log) -> None:
    marker = f"daemon of {tmp_path}"
    run(before, DAEMON.format(marker=marker), log)
    assert not lives(marker)
    told = [
        line
        for line in log.tail()
        if line.startswith("crosspython: the build left a process running, which was ended: ")
    ]
    assert len(told) == 2
    assert all(marker in line for line in told)


def test_a_helper_that_ends_soon_is_not_worth_a_word(before: tuple[str, ...], log: Log) -> None:
    run(before, "import subprocess; subprocess.Popen(['sleep', '0.1'], start_new_session=True)", log)
    assert log.tail() == ()


def test_a_build_that_kills_its_parent_harms_nobody_but_itself(before: tuple[str, ...], log: Log) -> None:
    try:
        run(before, "import os, time; os.kill(os.getppid(), 9); time.sleep(0.3); print('alone')", log)
    except StepError as error:
        assert "killed by SIGKILL" in str(error)
    else:
        assert log.tail() == ("alone",)


@pytest.mark.parametrize(
    ("code", "how"), [("raise SystemExit(7)", "exit status 7"), ("import os; os.abort()", "killed by SIGABRT")]
)
def test_a_failure_is_told_by_the_command_and_not_by_what_stands_before_it(
    before: tuple[str, ...], log: Log, code: str, how: str
) -> None:
    with pytest.raises(StepError, match=f"`python3?[^`]* -c .*` .*{how}"):
        run(before, code, log)


def test_a_daemon_is_ended_when_the_run_is_stopped(before: tuple[str, ...], tmp_path: Path, log: Log) -> None:
    marker, stop = f"daemon of {tmp_path}", Stop()
    code = DAEMON.format(marker=marker) + f"open({str(tmp_path / 'up')!r}, 'w').close(); import time; time.sleep(600)"
    with ThreadPoolExecutor() as pool:
        done = pool.submit(run, before, code, log, stop=stop)
        while not (tmp_path / "up").exists():
            time.sleep(0.01)
        begin = time.monotonic()
        stop.request("Ctrl-C")
        with pytest.raises(Interrupted):
            done.result(30)
    assert time.monotonic() - begin < 10
    assert not lives(marker)


def test_a_build_reaches_no_server_of_this_machine(log: Log) -> None:
    isolation = isolate(PATH)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        code = f"import socket; socket.create_connection(('127.0.0.1', {port}), 2)"
        if "network" in isolation.lacks:
            pytest.fail("this kernel cannot show it: run the tests where unshare --net is allowed")
        with pytest.raises(StepError):
            run(isolation.words, code, log)


def test_ldconfig_by_its_path_tells_of_no_library(log: Log) -> None:
    run(isolate(PATH).words, "import subprocess; subprocess.run(['/sbin/ldconfig', '-p'])", log)
    assert log.tail() == ()


def test_signals_are_as_a_command_expects_them(before: tuple[str, ...], log: Log) -> None:
    code = "import signal; print([signal.getsignal(n) == signal.SIG_DFL for n in (signal.SIGTERM, signal.SIGHUP)])"
    run(before, code, log)
    assert log.tail() == ("[True, True]",)
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
