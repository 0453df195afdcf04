"""Compiler launchers with the real programs: their work is used, on other machines too,
and the products are the same."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from tests.conftest import Project, processes_below, send, wait_for

pytestmark = pytest.mark.slow

FILES = 12
# What keeps a compiler busy for some seconds.
LONG = "".join(
    f"double long{number}(double *x, int n)"
    f" {{ for (int i = 0; i < n; i++) x[i] = x[i] * {number} + x[n - i]; return x[0]; }}\n"
    for number in range(150)
)
# As large projects do it: each file is compiled by itself, by its whole path, with debug symbols.
CONFIGURE = f"""\
#!/bin/sh
for number in {" ".join(map(str, range(FILES)))}; do
    text='#include <stdio.h>\\nconst char *f%s(void){{puts(__FILE__); return "%s";}}\\n'
    printf "$text" $number $number > part$number.c
done
cat > Makefile <<EOF
OBJECTS = {" ".join(f"part{number}.o" for number in range(FILES))}
libparts.so.1: \\$(OBJECTS)
\t$CC -shared -Wl,-soname,libparts.so.1 -o libparts.so.1 \\$(OBJECTS)
%.o: %.c
\t$CC -fPIC -g -O2 -c -o \\$@ $PWD/\\$<
install:
\tmkdir -p \\$(DESTDIR)/opt/python/lib
\tcp libparts.so.1 \\$(DESTDIR)/opt/python/lib/
EOF
"""


class Checkout(Project):
    """A project with one component of several files; `more` is what its user has in the environment."""

    def __init__(self, folder: Path, **more: str) -> None:
        super().__init__(folder)
        self.more = more
        self.add("parts", configure=CONFIGURE)

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | self.more

    def products(self) -> list[bytes]:
        stage = self.stage("parts")
        return [path.read_bytes() for path in (stage, stage.with_name("parts-1.0.debug.tar.zst"))]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """The product without a launcher."""
    project = Checkout(tmp_path_factory.mktemp("plain") / "project")
    project.scons("cache=none")
    return project.products()


def test_a_second_checkout_hits_ccache_for_every_file(tmp_path: Path, plain: list[bytes]) -> None:
    for name in ("first", "second"):
        project = Checkout(tmp_path / name, HOME=str(tmp_path / "home"))
        project.scons("cache=none", "launcher=ccache")
        assert project.products() == plain
    environment = os.environ | {"CCACHE_DIR": str(tmp_path / "home/.cache/ccache")}
    told = subprocess.run(["ccache", "--print-stats"], env=environment, capture_output=True, text=True, check=True)
    stats = {name: int(value) for name, value in (line.split("\t") for line in told.stdout.splitlines())}
    assert stats["direct_cache_hit"] + stats["preprocessed_cache_hit"] == FILES
    assert stats["cache_miss"] == FILES


def test_ctrl_c_while_ccache_compiles_leaves_no_process_and_nothing_half(tmp_path: Path) -> None:
    project = Checkout(tmp_path / "stopped", HOME=str(tmp_path / "home"))
    project.add("parts", configure=CONFIGURE.replace("cat > Makefile", "cp code.c part0.c\ncat > Makefile"), code=LONG)
    run = project.start("cache=none", "launcher=ccache")
    wait_for(lambda: "cc1" in map(name_of, processes_below(tmp_path)))
    assert send(run, signal.SIGINT) < 10  # 5.4 were seen beside other tests
    assert processes_below(tmp_path) == []
    project.scons("cache=none", "launcher=ccache")
    compiled = project.products()
    shutil.rmtree(project.folder / "build")
    project.scons("cache=none", "launcher=ccache")
    assert project.products() == compiled


def name_of(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return ""


def test_sccache_remembers_for_a_second_checkout(plain: list[bytes]) -> None:
    """Its server is a daemon of the user's: here it has a port of its own, and is told to end. Its client makes a
    socket below the build folder until that server runs, whose path has to be short."""
    with tempfile.TemporaryDirectory(dir="/tmp") as short:
        compile_twice_with_sccache(Path(short), plain)


def compile_twice_with_sccache(folder: Path, plain: list[bytes]) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    more = {"SCCACHE_SERVER_PORT": str(port), "SCCACHE_IDLE_TIMEOUT": "60"}
    environment = os.environ | more | {"HOME": str(folder / "home")}
    try:
        wait_for(lambda: start_sccache(port, environment))
        for name in ("first", "second"):
            project = Checkout(folder / name, HOME=str(folder / "home"), **more)
            project.scons("cache=none", "launcher=sccache")
            assert project.products() == plain
        told = subprocess.run(["sccache", "--show-stats"], env=environment, capture_output=True, text=True, check=True)
    finally:
        subprocess.run(["sccache", "--stop-server"], env=environment, capture_output=True, check=False)
    assert re.search(rf"^Cache hits +{FILES}$", told.stdout, re.MULTILINE), told.stdout


def start_sccache(port: int, environment: dict[str, str]) -> bool:
    """A client that finds no server starts one, gives it ten seconds, and fails:
    on a machine under load that is little."""
    subprocess.run(["sccache", "--start-server"], env=environment, capture_output=True, check=False)
    with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
        return True
    return False


def test_distcc_compiles_on_two_other_machines(tmp_path: Path, plain: list[bytes]) -> None:
    with machine(1, tmp_path) as (one, first), machine(2, tmp_path) as (two, second):
        project = Checkout(tmp_path / "spread", DISTCC_HOSTS=f"{one}/1 {two}/1", DISTCC_FALLBACK="0")
        project.scons("cache=none", "launcher=distcc", "-j4")
        compiled = [len(re.findall(r"COMPILE_OK.*part\d+\.c", log.read_text())) for log in (first, second)]
    assert project.products() == plain
    assert sum(compiled) == FILES
    assert all(compiled), compiled


@contextmanager
def machine(number: int, folder: Path) -> Iterator[tuple[str, Path]]:
    """A machine with an address and a distcc daemon of its own, in a network namespace: its address, and its log."""
    mark = f"{os.getpid() % 10000}n{number}"
    name, near, far = f"crosspython{mark}", f"cp{mark}", f"far{mark}"
    address, log = f"10.213.{number}.2", folder / f"distccd-{number}.log"
    with ExitStack() as undo:
        ip("netns", "add", name)
        undo.callback(ip, "netns", "del", name)
        ip("link", "add", near, "type", "veth", "peer", "name", far, "netns", name)
        ip("addr", "add", f"10.213.{number}.1/30", "dev", near)
        ip("link", "set", near, "up")
        ip("-n", name, "addr", "add", f"{address}/30", "dev", far)
        ip("-n", name, "link", "set", far, "up")
        daemon = [
            "distccd",
            "--daemon",
            "--no-detach",
            "--listen",
            address,
            "--allow",
            "10.213.0.0/16",
            "--jobs",
            "4",
            "--user",
            "nobody",
        ]
        with log.open("w") as output:
            process = subprocess.Popen(
                ["ip", "netns", "exec", name, *daemon, "--enable-tcp-insecure", "--log-level", "info", "--log-stderr"],
                stdout=output,
                stderr=output,
            )
        undo.callback(process.wait)
        undo.callback(process.terminate)
        wait_for(lambda: answers(address), 20)
        yield address, log


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


def answers(address: str) -> bool:
    with suppress(OSError), socket.create_connection((address, 3632), timeout=1):
        return True
    return False
