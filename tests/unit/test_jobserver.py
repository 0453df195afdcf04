"""The job pool: never more jobs than tokens, complete after every failure, and shared with an outer make."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from crosspython.errors import ConfigurationError, Interrupted
from crosspython.run.jobserver import Jobserver
from crosspython.run.signals import Stop

# Each recipe records its start and its end; appending a few bytes is atomic.
RECIPES = """
all: {names}
{names}:
\t@echo + >> record; sleep 0.04; echo - >> record
"""

STEPS = """
import sys, threading, time
from crosspython.run.jobserver import Jobserver
pool = Jobserver(8)
print("joined" if pool.is_joined else "own", file=open("joined", "w"))
def work():
    with pool.token(), open("record", "a", buffering=1) as record:
        print("+", file=record)
        time.sleep(0.04)
        print("-", file=record)
threads = [threading.Thread(target=work) for _ in range(6)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""


@pytest.fixture
def stop() -> Iterator[Stop]:
    stop = Stop()
    yield stop
    stop.close()


def make_pool(jobs: int, stop: Stop, folder: Path | None = None, makeflags: str = "") -> Jobserver:
    return Jobserver(jobs, folder, makeflags=makeflags, stop=stop)


@pytest.fixture
def pool(stop: Stop) -> Iterator[Jobserver]:
    with make_pool(2, stop) as pool:
        yield pool


def start_make(pool: Jobserver, folder: Path) -> subprocess.Popen[bytes]:
    environment = {"PATH": os.defpath, **pool.environment("pipe")}
    return subprocess.Popen(["make", "-s"], cwd=folder, env=environment, pass_fds=pool.pass_fds, start_new_session=True)


def write_makefile(folder: Path, count: int, recipe: str | None = None) -> Path:
    folder.mkdir(exist_ok=True)
    names = " ".join(f"recipe{i}" for i in range(count))
    text = RECIPES.format(names=names) if recipe is None else f"all: {names}\n{names}:\n\t@{recipe}\n"
    (folder / "Makefile").write_text(text)
    return folder


def most_at_once(record: Path) -> int:
    running = most = 0
    for line in record.read_text().split():
        running += 1 if line == "+" else -1
        most = max(most, running)
    assert running == 0
    return most


def await_lines(path: Path, count: int) -> None:
    deadline = time.monotonic() + 5
    while not path.exists() or len(path.read_text().splitlines()) < count:
        assert time.monotonic() < deadline, f"{path} has not {count} lines"
        time.sleep(0.005)


def test_a_pool_has_as_many_tokens_as_jobs(pool: Jobserver) -> None:
    with pool.token():
        assert pool.free == 1
        with pool.token():
            assert pool.free == 0
    assert pool.free == 2


def test_steps_in_threads_never_hold_more_than_the_pool(pool: Jobserver) -> None:
    lock, running, most = threading.Lock(), 0, 0

    def work() -> None:
        nonlocal running, most
        with pool.token():
            with lock:
                running += 1
                most = max(most, running)
            time.sleep(0.01)
            with lock:
                running -= 1

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 2
    assert pool.free == 2


def test_two_makes_at_once_never_run_more_recipes_than_the_pool(pool: Jobserver, tmp_path: Path) -> None:
    one, two = write_makefile(tmp_path / "one", 10), write_makefile(tmp_path / "two", 10)
    (two / "record").symlink_to(one / "record")

    def work(folder: Path) -> None:
        with pool.token():
            assert start_make(pool, folder).wait() == 0

    threads = [threading.Thread(target=work, args=(folder,)) for folder in (one, two)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len((one / "record").read_text().split()) == 40
    assert most_at_once(one / "record") == 2
    assert pool.free == 2


def test_one_make_alone_uses_the_whole_pool(stop: Stop, tmp_path: Path) -> None:
    write_makefile(tmp_path, 12)
    with make_pool(3, stop) as pool, pool.token():
        assert start_make(pool, tmp_path).wait() == 0
    assert most_at_once(tmp_path / "record") == 3


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_make_leaves_the_pool_whole(number: signal.Signals, stop: Stop, tmp_path: Path) -> None:
    write_makefile(tmp_path, 8, "echo + >> record; sleep 60")
    with make_pool(4, stop) as pool:
        with pool.token():
            make = start_make(pool, tmp_path)
            await_lines(tmp_path / "record", 4)
            assert pool.free == 0
            os.killpg(make.pid, number)
            make.wait()
        assert pool.free == 4


def test_tokens_that_come_back_late_do_not_widen_the_pool(pool: Jobserver) -> None:
    with pool.token():
        os.write(pool.pass_fds[1], b"+")
    assert pool.free == 2


def test_a_lost_token_is_not_replaced_while_others_may_hold_it(pool: Jobserver) -> None:
    with pool.token():
        assert os.read(pool.pass_fds[0], 1) == b"+"  # a child has it
        assert pool.free == 0
    assert pool.free == 2


def test_waiting_for_a_token_ends_with_the_stop(pool: Jobserver, stop: Stop) -> None:
    caught: list[Interrupted] = []

    def wait() -> None:
        try:
            with pool.token():
                pass
        except Interrupted as error:
            caught.append(error)

    with pool.token(), pool.token():
        thread = threading.Thread(target=wait)
        thread.start()
        time.sleep(0.02)
        stop.request("enough")
        thread.join(1)
    assert [str(error) for error in caught] == ["stopped: enough"]
    assert pool.free == 2


def test_a_failing_step_returns_its_token(pool: Jobserver) -> None:
    with pytest.raises(ZeroDivisionError), pool.token():
        raise ZeroDivisionError
    assert pool.free == 2


def test_the_fifo_style_serves_children_that_have_no_descriptors(pool: Jobserver) -> None:
    path = pool.environment("fifo")["MAKEFLAGS"].rpartition("--jobserver-auth=fifo:")[2]
    with pool.token():
        child = f"f = open({path!r}, 'r+b', buffering=0); t = f.read(1); f.write(t); print(t)"
        output = subprocess.run([sys.executable, "-c", child], capture_output=True, text=True, check=True).stdout
    assert output == "b'+'\n"


def test_the_descriptors_are_a_fifo_of_their_own_opening(pool: Jobserver) -> None:
    assert all(stat.S_ISFIFO(os.fstat(descriptor).st_mode) for descriptor in pool.pass_fds)
    os.set_blocking(pool.pass_fds[0], False)  # what make 4.3 does
    with pool.token(), pool.token(), pytest.raises(BlockingIOError):
        os.read(pool.pass_fds[0], 1)


@pytest.mark.parametrize("name", ["with a blank", "größe", "a$b", "a'b"])
def test_a_path_that_makeflags_cannot_carry_is_avoided(name: str, stop: Stop, tmp_path: Path) -> None:
    with make_pool(1, stop, tmp_path / name) as pool:
        assert name not in pool.environment("fifo")["MAKEFLAGS"]
    assert not (tmp_path / name).exists()


def test_the_fifo_lies_below_the_folder_and_goes_with_the_pool(stop: Stop, tmp_path: Path) -> None:
    with make_pool(1, stop, tmp_path / "build") as pool:
        assert f"=fifo:{tmp_path}/build/crosspython-" in pool.environment("fifo")["MAKEFLAGS"]
        assert len(list((tmp_path / "build").iterdir())) == 1
    pool.close()
    assert list((tmp_path / "build").iterdir()) == []


def test_a_folder_that_takes_no_fifo_is_avoided(stop: Stop, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with make_pool(1, stop, tmp_path / "file") as pool:
        assert pool.free == 1


def test_no_folder_for_the_fifo_is_a_clear_error(stop: Stop, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "mkfifo", refuse)
    with pytest.raises(ConfigurationError) as caught:
        make_pool(1, stop)
    assert f"{tempfile.gettempdir()}: No space left on device" in caught.value.evidence


def test_an_outer_make_is_joined_and_never_overshot(tmp_path: Path) -> None:
    (tmp_path / "steps.py").write_text(STEPS)
    others = " ".join(f"other{i}" for i in range(6))
    (tmp_path / "Makefile").write_text(
        f"all: steps {others}\nsteps:\n\t+@'{sys.executable}' steps.py\n"
        f"{others}:\n\t@echo + >> record; sleep 0.04; echo - >> record\n"
    )
    result = run_outer_make(tmp_path, "-j3")
    assert (tmp_path / "joined").read_text() == "joined\n"
    assert most_at_once(tmp_path / "record") == 3
    # make counts its tokens at its end, and complains of one too few or too many.
    assert result.stderr == ""


def test_an_outer_make_whose_descriptors_are_closed_is_not_joined(tmp_path: Path) -> None:
    (tmp_path / "steps.py").write_text(STEPS)
    (tmp_path / "Makefile").write_text(f"all:\n\t@'{sys.executable}' steps.py\n")
    run_outer_make(tmp_path, "-j3")
    expected = "joined\n" if make_hands_down_a_fifo() else "own\n"
    assert (tmp_path / "joined").read_text() == expected


def make_hands_down_a_fifo() -> bool:
    """make 4.4 and newer; everybody who knows its path may open it."""
    version = subprocess.run(["make", "--version"], capture_output=True, text=True, check=True).stdout.split()[2]
    return tuple(map(int, version.split(".")[:2])) >= (4, 4)


def run_outer_make(folder: Path, jobs: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.defpath, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(
        ["make", "-s", jobs], cwd=folder, env=environment, capture_output=True, text=True, check=True, timeout=10
    )


def test_an_outer_fifo_is_joined_and_keeps_its_tokens(stop: Stop, tmp_path: Path) -> None:
    with make_pool(3, stop, tmp_path) as outer:
        with outer.token():  # the slot that the inner process owns
            makeflags = f"k{outer.environment('fifo')['MAKEFLAGS']} -- CC=gcc"
            with make_pool(9, stop, makeflags=makeflags) as inner:
                assert inner.is_joined
                with inner.token():
                    assert outer.free == 2
                    with inner.token(), inner.token():
                        assert outer.free == 0
                assert inner.free == 3
        assert outer.free == 3


def test_a_make_below_a_joined_pool_works(stop: Stop, tmp_path: Path) -> None:
    write_makefile(tmp_path, 8)
    with make_pool(2, stop) as outer, outer.token():
        for descriptor in outer.pass_fds:
            os.set_inheritable(descriptor, True)  # as a child of make has them
        with make_pool(9, stop, makeflags=outer.environment("pipe")["MAKEFLAGS"]) as inner, inner.token():
            assert inner.is_joined
            assert start_make(inner, tmp_path).wait() == 0
        assert outer.free == 1
    assert most_at_once(tmp_path / "record") == 2


@pytest.mark.parametrize("auth", ["-2,-2", "97,98", "0,x", "fifo:/nonexistent/fifo", "fifo:/dev/null", "sem:make", ""])
def test_an_outer_pool_of_no_use_is_not_joined(auth: str, stop: Stop) -> None:
    with make_pool(2, stop, makeflags=f" -j4 --jobserver-auth={auth}") as pool:
        assert not pool.is_joined
        assert pool.free == 2


def test_the_word_of_a_variable_is_not_taken_for_the_option(stop: Stop, pool: Jobserver) -> None:
    auth = pool.environment("fifo")["MAKEFLAGS"].split()[-1]
    with make_pool(2, stop, makeflags=f"k -- FLAGS={auth}") as other:
        assert not other.is_joined


def test_the_makeflags_of_the_environment_are_looked_at(
    stop: Stop, pool: Jobserver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAKEFLAGS", pool.environment("fifo")["MAKEFLAGS"])
    with Jobserver(2, stop=stop) as inner:
        assert inner.is_joined


def test_work_beside_takes_a_token_and_returns_it(pool: Jobserver) -> None:
    go = threading.Event()
    with pool.token():
        begun = pool.beside(lambda: go.wait(10) and threading.current_thread())
        assert pool.free == 0
        assert not begun.done()
        go.set()
        assert begun.result() is not threading.current_thread()
        assert pool.free == 1
    assert pool.free == 2


def test_work_beside_is_done_at_once_where_no_core_is_free(pool: Jobserver) -> None:
    with pool.token(), pool.token():
        begun = pool.beside(threading.current_thread)
        assert begun.done()
        assert begun.result() is threading.current_thread()


def test_work_beside_that_fails_returns_its_token(pool: Jobserver) -> None:
    def fail() -> None:
        raise ValueError("beside")

    with pool.token():
        begun = pool.beside(fail)
        with pytest.raises(ValueError, match="beside"):
            begun.result()
        assert pool.free == 1
