"""A build that tries to leave what it was given: each attempt of escapes.py fails, and what a build needs works."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from crosspython.run.isolation import isolate
from crosspython.run.log import Log
from crosspython.run.process import run_command
from crosspython.run.view import View

ESCAPES = Path(__file__).with_name("escapes.py")
PATH = os.defpath
pytestmark = pytest.mark.slow


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[dict[str, Any]]:
    """The files and processes of the machine: a home with a key, a clone, a cache, servers, another program."""
    for folder in ("home/.ssh", "work/tmp", "input/site-packages", "outside", "clone", "cache"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "home/.ssh/id_planted").write_text("a key that opens nothing")
    (tmp_path / "input/tool").write_text("an input")
    (tmp_path / "outside/secret").write_text("a secret")
    marker, daemon = f"other {tmp_path}", f"daemon {tmp_path}"
    shared = Path(f"/dev/shm/crosspython-{os.getpid()}")
    shared.write_text("x")
    other = subprocess.Popen([sys.executable, "-c", f"import time; time.sleep(600)  # {marker}"])
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_server(("::1", 0), family=socket.AF_INET6) as server6,
        socket.socket(socket.AF_UNIX) as named,
        socket.socket(socket.AF_UNIX) as abstract,
    ):
        os.chdir(tmp_path)  # the path of a socket is short
        named.bind("outside/s")
        named.listen()
        abstract.bind(f"\0crosspython-{os.getpid()}")
        abstract.listen()
        yield {
            **{name: str(tmp_path / name) for name in ("home", "work", "input", "outside", "clone", "cache")},
            "port": server.getsockname()[1],
            "port6": server6.getsockname()[1],
            "socket": str(tmp_path / "outside/s"),
            "abstract": f"crosspython-{os.getpid()}",
            "marker": marker,
            "daemon": daemon,
            "victim": other.pid,
            "scons": os.getpid(),
            "shared": str(shared),
        }
    other.kill()
    other.wait()
    shared.unlink()


def attempt(machine: dict[str, Any], before: tuple[str, ...], folder: Path) -> dict[str, Any]:
    """Run all escapes behind these words."""
    environment = {"PATH": PATH, "HOME": machine["work"] + "/tmp"}
    with Log(folder / "toy-1.0.log") as log:
        command = [sys.executable, "-I", machine["input"] + "/escapes.py", json.dumps(machine)]
        run_command(command, before=before, cwd=Path(machine["work"]), env=environment, log=log)
        lines = log.tail(40, longest=None)
    answers = next(json.loads(line) for line in lines if line.startswith('{"escaped"'))
    return {**answers, "told": [line for line in lines if "the build left a process running, which was ended" in line]}


def test_no_escape_of_a_contained_build_succeeds(machine: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "input/escapes.py").write_bytes(ESCAPES.read_bytes())
    work = tmp_path / "work"
    isolation = isolate(PATH, view=View(work / "tmp", (work,), (tmp_path / "input",)))
    assert isolation.lacks == (), "this kernel cannot show it: run the tests where namespaces are allowed"
    answers = attempt(machine, isolation.words, tmp_path)
    assert answers["escaped"] == []
    assert all(answers["needs"].values()), answers["needs"]
    assert len(answers["told"]) == 1
    assert machine["daemon"] in answers["told"][0]
    assert subprocess.run(["pgrep", "-f", machine["daemon"]], capture_output=True, check=False).returncode == 1
    assert sorted(path.name for path in tmp_path.rglob("*planted*")) == ["id_planted"]
    assert (tmp_path / "input/tool").read_text() == "an input"


def test_the_escapes_are_such_that_a_build_which_is_not_contained_succeeds(
    machine: dict[str, Any], tmp_path: Path
) -> None:
    """Or the test above would show nothing."""
    (tmp_path / "input/escapes.py").write_bytes(ESCAPES.read_bytes())
    here = {
        "write beside the work folder",
        "write into the users home",
        "write into the clone",
        "write into the artifact cache",
        "plant a pth file in the kit",
        "plant a sitecustomize in the kit",
        "read the users ssh key",
        "read a file in the machines tmp",
        "read the users file through a link",
        "write through a link out of the output folder",
        "reach a server by its address",
        "reach a server by ipv6",
        "reach a server by its name",
        "connect to a unix socket of the machine",
        "connect to an abstract socket of the machine",
        "see a process of the user",
        "read the environment of scons",
        "see shared memory of the machine",
    }
    program = [sys.executable, "-I", str(tmp_path / "input/escapes.py"), json.dumps(machine), *sorted(here)]
    done = subprocess.run(program, capture_output=True, text=True, cwd=tmp_path / "work", check=True)
    assert set(json.loads(done.stdout)["escaped"]) == here


def test_containing_a_command_costs_little(tmp_path: Path) -> None:
    work = tmp_path / "work"
    (work / "tmp").mkdir(parents=True)
    words = isolate(PATH, view=View(work / "tmp", (work,))).words
    before = os.times()
    for _ in range(5):
        subprocess.run([*words, "true"], cwd=work, check=True)
    after = os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    assert spent / 5 < 0.1, "0.05 s are promised; a busy machine takes longer"


@pytest.mark.parametrize("gone", ["input", "link"])
def test_an_input_by_a_link_is_seen_under_both_names(tmp_path: Path, gone: str) -> None:
    work = tmp_path / "work"
    (work / "tmp").mkdir(parents=True)
    (tmp_path / "sdk-1.0").mkdir()
    (tmp_path / "sdk-1.0/tool").write_text("found")
    (tmp_path / "sdk").symlink_to("sdk-1.0")
    given = {"input": "sdk", "link": "sdk-1.0"}[gone]
    words = isolate(PATH, view=View(work / "tmp", (work,), (tmp_path / given,))).words
    for name, is_seen in (("sdk-1.0", True), ("sdk", gone == "input")):
        done = subprocess.run(
            [*words, "cat", str(tmp_path / name / "tool")], cwd=work, capture_output=True, check=False
        )
        assert (done.stdout == b"found") is is_seen


def test_what_may_not_be_there_need_not_be_there(tmp_path: Path) -> None:
    (tmp_path / "work/tmp").mkdir(parents=True)
    view = View(tmp_path / "work/tmp", (tmp_path / "work",), (tmp_path / "gone",))
    begin = time.monotonic()
    done = subprocess.run([*isolate(PATH, view=view).words, "true"], cwd=tmp_path / "work", check=False)
    assert (done.returncode, time.monotonic() - begin < 30) == (0, True)
