"""Commands: what they see, how they end, and what the user is told."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from crosspython.errors import HostToolError, Interrupted, StepError
from crosspython.run.log import Log
from crosspython.run.process import Finished, run_command
from crosspython.run.signals import Stop

ENV = {"PATH": os.defpath}


@pytest.fixture
def stop() -> Iterator[Stop]:
    stop = Stop()
    yield stop
    stop.close()


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    with Log(tmp_path / "logs" / "zlib.log") as log:
        yield log


@pytest.fixture
def run(tmp_path: Path, log: Log, stop: Stop) -> Callable[..., Finished]:
    def run(*argv: str, **options: object) -> Finished:
        return run_command(argv, **{"cwd": tmp_path, "env": ENV, "log": log, "stop": stop, **options})  # type: ignore[arg-type]

    return run


def await_path(path: Path) -> None:
    deadline = time.monotonic() + 5
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} was not made"
        time.sleep(0.005)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_a_status_that_may_be_is_returned(tmp_path: Path, log: Log, stop: Stop) -> None:
    assert run_command(["sh", "-c", "exit 3"], cwd=tmp_path, env=ENV, log=log, may_fail=True, stop=stop).status == 3


def test_output_and_errors_go_to_the_log_in_their_order(run: Callable[..., Finished], log: Log) -> None:
    run("sh", "-c", "echo first; echo second >&2; echo third")
    assert log.tail(3) == ("first", "second", "third")


def test_a_command_sees_only_the_environment_it_was_given(run: Callable[..., Finished], log: Log) -> None:
    run("env", env={**ENV, "CC": "arm-linux-gnueabihf-gcc"})
    assert sorted(log.tail(2)) == ["CC=arm-linux-gnueabihf-gcc", f"PATH={os.defpath}"]


def test_a_command_finds_nothing_on_stdin(run: Callable[..., Finished]) -> None:
    run("sh", "-c", "! read line")


def test_a_command_finds_its_input_on_stdin(run: Callable[..., Finished], log: Log) -> None:
    run("cat", input=b"x" * 200_000 + b"\nend\n")
    assert log.tail(1) == ("end",)


def test_a_command_gets_the_descriptors_passed_and_no_others(run: Callable[..., Finished], log: Log) -> None:
    reader, writer = os.pipe()
    run("sh", "-c", f"test -e /proc/self/fd/{reader} && ! test -e /proc/self/fd/{writer}", pass_fds=(reader,))
    os.close(reader)
    os.close(writer)


def test_a_command_leads_its_own_session(run: Callable[..., Finished], log: Log) -> None:
    run("sh", "-c", "cut -d' ' -f6 /proc/$$/stat; echo $$")
    session, pid = log.tail(2)
    assert session == pid


def test_the_cost_includes_the_children(run: Callable[..., Finished], log: Log) -> None:
    log.step("configure")
    finished = run("sh", "-c", "(i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done)")
    assert 0 < finished.cpu_user + finished.cpu_system <= finished.wall + 0.05
    assert finished.max_rss > 100_000
    assert log.steps[0].cpu == finished.cpu_user + finished.cpu_system


def test_a_failure_names_command_status_evidence_and_log(run: Callable[..., Finished], log: Log) -> None:
    log.step("make")
    with pytest.raises(StepError) as caught:
        run("sh", "-c", "for i in $(seq 30); do echo line $i; done; exit 7")
    error = caught.value
    assert error.what.startswith("zlib: make: `sh -c 'for i in")
    assert error.what.endswith("ended with exit status 7")
    assert error.evidence == tuple(f"line {i}" for i in range(11, 31))
    assert error.log == log.path


def test_a_failure_by_a_signal_names_the_signal(run: Callable[..., Finished]) -> None:
    with pytest.raises(StepError, match="was killed by SIGSEGV"):
        run("sh", "-c", "kill -SEGV $$")


def test_a_failure_by_a_nameless_signal_gives_its_number(run: Callable[..., Finished]) -> None:
    with pytest.raises(StepError, match=f"was killed by signal {signal.SIGRTMIN + 3}"):
        run("sh", "-c", f"kill -{signal.SIGRTMIN + 3} $$")


def test_a_failure_by_KILL_points_to_memory(run: Callable[..., Finished]) -> None:
    with pytest.raises(StepError) as caught:
        run("sh", "-c", "kill -KILL $$")
    assert caught.value.found is not None
    assert "memory" in caught.value.found


def test_a_long_command_is_shortened(run: Callable[..., Finished]) -> None:
    with pytest.raises(StepError) as caught:
        run("false", *["argument"] * 1000)
    assert len(caught.value.what) < 160


def test_a_missing_program_is_a_missing_host_tool(run: Callable[..., Finished]) -> None:
    with pytest.raises(HostToolError, match="no program autoreconf-of-nobody"):
        run("autoreconf-of-nobody", "-fi")


def test_a_missing_interpreter_of_a_script_is_a_missing_host_tool(run: Callable[..., Finished], tmp_path: Path) -> None:
    script = tmp_path / "Configure"
    script.write_text("#! /usr/bin/perl-of-nobody -w\n")
    script.chmod(0o755)
    with pytest.raises(HostToolError, match="no /usr/bin/perl-of-nobody"):
        run("./Configure")


def test_a_missing_script_is_a_failed_step(run: Callable[..., Finished]) -> None:
    with pytest.raises(StepError) as caught:
        run("./configure")
    assert "No such file" in str(caught.value)


def test_a_script_that_is_not_executable_is_a_failed_step(run: Callable[..., Finished], tmp_path: Path) -> None:
    (tmp_path / "configure").write_text("#!/bin/sh\n")
    with pytest.raises(StepError) as caught:
        run("./configure")
    assert "Permission denied" in str(caught.value)


def test_a_missing_folder_is_named(run: Callable[..., Finished], tmp_path: Path) -> None:
    with pytest.raises(StepError) as caught:
        run("true", cwd=tmp_path / "gone")
    assert caught.value.found == f"no folder {tmp_path / 'gone'}"


def test_a_hanging_command_is_ended_with_its_children(run: Callable[..., Finished], tmp_path: Path) -> None:
    begin = time.monotonic()
    with pytest.raises(StepError, match=r"did not end within 0\.3 s"):
        run("sh", "-c", "sleep 60 & echo $! > pid; sleep 60", timeout=0.3)
    assert time.monotonic() - begin < 1
    assert not is_running(int((tmp_path / "pid").read_text()))


def test_a_command_within_its_time_limit_succeeds(run: Callable[..., Finished]) -> None:
    run("true", timeout=5)


def test_a_stop_ends_running_commands_within_a_second(run: Callable[..., Finished], stop: Stop, tmp_path: Path) -> None:
    caught: list[Exception] = []

    def work() -> None:
        try:
            run("sh", "-c", "trap '' TERM; echo > ready; while :; do sleep 0.1; done")
        except Interrupted as error:
            caught.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    await_path(tmp_path / "ready")
    begin = time.monotonic()
    stop.request("openssl failed")
    thread.join()
    assert time.monotonic() - begin < 1
    assert [str(error).splitlines()[0] for error in caught] == ["zlib: stopped: openssl failed"]


def test_a_command_that_survives_the_stop_is_not_taken_for_done(
    run: Callable[..., Finished], stop: Stop, tmp_path: Path
) -> None:
    timer = threading.Thread(target=lambda: (await_path(tmp_path / "ready"), stop.request("enough")))
    timer.start()
    with pytest.raises(Interrupted):
        run("sh", "-c", "trap 'exit 0' TERM; echo > ready; while :; do sleep 0.02; done")
    timer.join()


def test_nothing_starts_after_a_stop(run: Callable[..., Finished], stop: Stop, tmp_path: Path) -> None:
    stop.request("enough")
    with pytest.raises(Interrupted):
        run("touch", "made")
    assert not (tmp_path / "made").exists()


def test_a_command_that_starts_while_the_stop_comes_is_ended(
    run: Callable[..., Finished], stop: Stop, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = stop.groups.add
    # The stop comes between the command's start and our knowing its group.
    monkeypatch.setattr(stop.groups, "add", lambda leader: (stop.request("enough"), add(leader)))
    begin = time.monotonic()
    with pytest.raises(Interrupted):
        run("sleep", "60")
    assert time.monotonic() - begin < 1


def test_a_keyboard_interrupt_ends_the_command(
    run: Callable[..., Finished], stop: Stop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reap = stop.groups.reap

    def interrupt(leader: int) -> None:
        await_path(tmp_path / "ready")
        monkeypatch.setattr(stop.groups, "reap", reap)
        raise KeyboardInterrupt

    monkeypatch.setattr(stop.groups, "reap", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run("sh", "-c", "echo $$ > pid; echo > ready; exec sleep 60")
    assert not is_running(int((tmp_path / "pid").read_text()))


def test_a_failure_on_a_full_disk_says_so(run: Callable[..., Finished], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=4096))
    with pytest.raises(StepError) as caught:
        run("false")
    assert caught.value.found is not None
    assert caught.value.found.endswith("is full")
