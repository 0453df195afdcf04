"""Boards as a user types them: scons deploy, check and rollback,
and the board's own pip with the wheels that came along."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.board.conftest import running
from tests.board.machine import Board
from tests.conftest import REPOSITORY
from tests.unit.made_wheel import make_wheel

# On a busy machine an emulated board is ten times slower than on a quiet one.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(3000)]
PIP = "/opt/python/bin/python3 -m pip --disable-pip-version-check install --no-index --no-compile --no-cache-dir"
WHEELS = "/opt/python/share/wheels"


@dataclass(frozen=True)
class Kind:
    """A kind of board, a package with compiled code for it, what proves that it works,
    and the tag of a wheel gone wrong."""

    machine: str
    target: str
    package: str
    code: str
    prints: str
    wrong: str


KINDS = (
    Kind(
        machine="armv7l",
        target="rv1126",
        package="numpy",
        code="import numpy as n; print(n.linalg.norm(n.array([3.0, 4.0])))",
        prints="5.0",
        wrong="linux_arm",  # the triplet's machine, which is what crossenv makes of it
    ),
    Kind(
        machine="aarch64",
        target="rk3568",
        package="markupsafe",
        code="from markupsafe._speedups import _escape_inner as escape; print(escape('<'))",
        prints="&lt;",
        wrong="linux_armv7l",  # a 32-bit user land's on such a board
    ),
)


class Site:
    """A board and a build folder of its own, whose products come from the artifact cache."""

    def __init__(self, kind: Kind, board: Board, folder: Path) -> None:
        self.kind, self.board, self.folder = kind, board, folder

    def scons(self, *arguments: str) -> str:
        given = [f"target={self.kind.target}", "slim=pyc", f"build={self.folder}", f"board={self.board.address}"]
        command = [sys.executable, "-m", "SCons", "-Q", *given, f"ssh_config={self.board.config}", *arguments]
        run = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=2800, check=False)
        assert run.returncode == 0, run.stdout + run.stderr
        return run.stdout

    def report(self, goal: str) -> dict[str, object]:
        [path] = (self.folder / self.kind.target).glob(f"{goal}-*.json")
        return json.loads(path.read_text())

    def in_use(self) -> str:
        return self.board.command("readlink /opt/python").strip().rpartition("/")[2]

    def bytes_moved(self) -> int:
        """The traffic on the board's network so far, in both directions."""
        counts = self.board.command("cat /sys/class/net/eth0/statistics/[rt]x_bytes")
        return sum(map(int, counts.split()))


@pytest.fixture(scope="module", params=KINDS, ids=[kind.machine for kind in KINDS])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running(request.param.machine) as board:
        yield Site(request.param, board, tmp_path_factory.mktemp("build"))


@pytest.fixture(scope="module")
def deployed(site: Site) -> str:
    """The bundle alone: the version's name."""
    site.scons("deploy")
    return str(site.report("deploy")["name"])


@pytest.fixture(scope="module")
def with_wheels(site: Site, deployed: str) -> str:
    """The same with the wheels of a package, built in the same run."""
    site.scons("wheels", "deploy", f"pkgs={site.kind.package}", "binary=never")
    return str(site.report("deploy")["name"])


@pytest.fixture(scope="module")
def installed(site: Site, with_wheels: str) -> str:
    """The package, installed there by the board's own pip: what that said."""
    return site.board.command(f"{PIP} --find-links {WHEELS} {site.kind.package}", timeout=1200)


def test_a_dry_run_says_what_it_would_do_and_does_nothing(site: Site) -> None:
    output = site.scons("-n", "deploy")
    assert f"packing python-3.13.5-{site.kind.target}.tar.gz" in output
    assert f"deploy: {site.board.address}" in output
    assert site.board.command("ls -A /opt") == ""
    assert not (site.folder / site.kind.target).exists()


def test_deploying_puts_python_into_use(site: Site, deployed: str) -> None:
    assert site.in_use() == deployed
    assert site.board.command("/opt/python/bin/python3 -V") == "Python 3.13.5\n"


def test_deploying_again_moves_kilobytes_and_sends_nothing(site: Site, deployed: str) -> None:
    before = site.bytes_moved()
    assert "has this tree already" in site.scons("deploy")
    assert site.bytes_moved() - before < 500_000  # of them most is the board's list of what it has
    assert site.report("deploy")["sent"] == 0


def test_wheels_come_along_and_nothing_else_is_sent_again(site: Site, deployed: str, with_wheels: str) -> None:
    assert site.report("deploy")["sent"] == 1
    assert site.in_use() == with_wheels != deployed


def test_the_boards_own_pip_installs_from_the_wheelhouse(site: Site, installed: str) -> None:
    assert f"Successfully installed {site.kind.package}" in installed
    assert site.board.command(f'/opt/python/bin/python3 -c "{site.kind.code}"').strip() == site.kind.prints


def test_the_same_wheel_under_another_machines_tag_is_refused(site: Site, with_wheels: str) -> None:
    [wheel] = site.board.command(f"ls {WHEELS}").split()
    wrong = f"/opt/{wheel.replace(f'linux_{site.kind.machine}', site.kind.wrong)}"
    site.board.command(f"ln {WHEELS}/{wheel} {wrong}")
    assert "is not a supported wheel on this platform" in site.board.command(f"{PIP} {wrong}", code=1, timeout=1200)


def test_programs_that_pip_installs_name_the_prefix_and_may_be_moved(
    site: Site, with_wheels: str, tmp_path: Path
) -> None:
    files = {
        "hello.py": "def main():\n    print('hello')\n",
        "hello-1.0.dist-info/entry_points.txt": "[console_scripts]\nhello = hello:main\n",
        "hello-1.0.data/scripts/brought": "#!python\nimport sys\nprint(sys.executable)\n",
    }
    wheel = make_wheel(tmp_path, "hello-1.0-py3-none-any.whl", files, executable=["hello-1.0.data/scripts/brought"])
    site.board.command(f"cat > /opt/{wheel.name}", data=wheel.read_bytes())
    site.board.command(f"/opt/python/bin/pip3 {PIP.partition(' -m pip ')[2]} /opt/{wheel.name}", timeout=1200)
    assert site.board.command("cat /opt/python/bin/hello /opt/python/bin/brought").count("versions") == 0
    assert site.board.command("/opt/python/bin/brought").startswith("/opt/python/bin/python3")
    moved = f"cp -al /opt/.python-versions/{with_wheels} '/opt/moved here'; '/opt/moved here/bin/hello'"
    assert site.board.command(f"{moved}; rm -r '/opt/moved here'") == "hello\n"


def test_the_whole_check_passes_on_a_board_that_began_in_1970(site: Site, with_wheels: str) -> None:
    site.board.set_clock_to_1970()
    output = site.scons("check")
    results = {result["name"]: result["ok"] for result in site.report("check")}
    assert results
    assert all(results.values()), output
    site.board.command(f"date -u -s @{int(time.time())}")


def test_rolling_back_is_one_command_and_so_is_going_forth(site: Site, deployed: str, with_wheels: str) -> None:
    assert deployed in site.scons("rollback")
    assert site.in_use() == deployed
    site.scons("rollback")
    assert site.in_use() == with_wheels
