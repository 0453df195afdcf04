"""A farm on loopback: Dask's scheduler, a worker of ours, a cache's server, and packages whose configure is short."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path

import pytest
from crosspython.builders.settings import DEFAULT_CACHE

from tests.conftest import CONFIGURE, REPOSITORY, TOOLS, Project, pack, processes_below, wait_for
from tests.target.test_front_end import BACKEND, IN_TREE, MODULE
from tests.target.test_rv1126 import built  # noqa: F401 -- a fixture
from tests.unit.loopback import serving
from tests.unit.made_packages import add_wheel, metadata, sha256
from tests.unit.made_server import KeepingHandler

PAGE = REPOSITORY / "docs/farm.md"
ARTIFACTS = Path(DEFAULT_CACHE).expanduser()
HELPED = IN_TREE.replace("requires = []", 'requires = ["helper"]')
SLOW = CONFIGURE.replace("#!/bin/sh\n", "#!/bin/sh\nsleep 20\n")
FAILING = CONFIGURE.replace("all: ", "all:\n\t@echo the moon is missing >&2; exit 3\nnever: ")


class Farm:
    """The address of a scheduler, and workers that a test starts and kills."""

    def __init__(self, folder: Path, project: Project, cache: str, stack: ExitStack, protocol: str = "tcp") -> None:
        self.folder, self.project, self.cache, self._stack = folder, project, cache, stack
        folder.mkdir(exist_ok=True)
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            port = unused.getsockname()[1]
        self.address = f"{protocol}://127.0.0.1:{port}"
        words = ["distributed.cli.dask_scheduler", "--host", f"{protocol}://127.0.0.1", "--port", str(port)]
        words.append("--no-dashboard")
        self.start("scheduler", *words)
        wait_for(lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0, 120)

    def start(self, name: str, *words: str, code: Path = TOOLS, before: Sequence[str] = ()) -> subprocess.Popen[str]:
        """A Python module that runs until the test ends; what it says is in NAME.txt."""
        folder = self.folder / f"home-{name}"
        folder.mkdir(exist_ok=True)
        environment = {**self.project.environment, "PYTHONPATH": str(code)}
        with (self.folder / f"{name}.txt").open("w") as said:
            process = subprocess.Popen(
                [*before, sys.executable, "-m", *words],
                cwd=folder,
                env=environment,
                stdout=said,
                stderr=said,
                text=True,
            )
        self._stack.callback(process.wait, 30)
        self._stack.callback(process.kill)
        return process

    def worker(
        self, *words: str, name: str = "worker", code: Path = TOOLS, cores: int = 2, before: Sequence[str] = ()
    ) -> subprocess.Popen[str]:
        mirror = f"mirror={self.project.mirror}"
        downloads = f"downloads={self.folder / name / 'downloads'}"
        own = [
            "--folder",
            str(self.folder / name),
            "--cores",
            str(cores),
            f"cache={self.cache}",
            mirror,
            downloads,
            *words,
        ]
        process = self.start(name, "crosspython", "worker", "--scheduler", self.address, *own, code=code, before=before)
        wait_for(lambda: "takes up to" in self.said(name), 120)
        return process

    def said(self, name: str = "worker") -> str:
        return (self.folder / f"{name}.txt").read_text()

    def tell(self) -> str:
        command = [sys.executable, "-m", "crosspython", "farm", "--scheduler", self.address]
        environment = {**self.project.environment, "PYTHONPATH": str(TOOLS)}
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout

    def words(self, name: str) -> list[str]:
        """What a build with this farm is started with."""
        stage = self.project.stage(name).relative_to(self.project.folder)
        recipes = f"components={self.project.recipes}"
        return [f"farm={self.address}", f"cache={self.cache}", "cache_write=all", recipes, str(stage)]

    def wheel(self, name: str) -> list[str]:
        """What a build of a wheel with this farm is started with."""
        return [f"farm={self.address}", f"cache={self.cache}", "cache_write=all", "wheels", f"pkgs={name}"]

    def folders(self) -> list[int]:
        """The processes of builds on the worker."""
        return processes_below(self.folder / "worker")


def link_repository(project: Project) -> None:
    """Let the project start with our own SConstruct."""
    (project.folder / "SConstruct").write_text((REPOSITORY / "SConstruct").read_text())
    (project.folder / "site_scons").symlink_to(REPOSITORY / "site_scons")


@pytest.fixture
def farm(tmp_path: Path, project: Project) -> Iterator[Farm]:
    link_repository(project)
    with serving(KeepingHandler.new()) as cache, ExitStack() as stack:
        yield Farm(tmp_path / "farm", project, cache, stack)


def test_a_worker_builds_the_same_bytes(farm: Farm) -> None:
    project = farm.project
    project.add("base")
    project.add("user", options='depends=["base"]')
    farm.worker()
    output = project.scons(*farm.words("user"))
    assert output.count("was built on the farm") == 2
    assert "warning" not in output
    assert not project.log("user").exists()
    made = {name: project.stage(name).read_bytes() for name in ("base", "user")}
    project.scons(farm.words("user")[3], "cache=none", "build=alone", "alone/rv1126/stages/user-1.0.tar.zst")
    stages = project.folder / "alone/rv1126/stages"
    assert {name: (stages / f"{name}-1.0.tar.zst").read_bytes() for name in made} == made


def test_certificates_encrypt_all_connections(tmp_path: Path, project: Project) -> None:
    link_repository(project)
    project.add("base")
    project.add("other")
    settings = write_certificates(project.folder / "home/.config/dask")
    with serving(KeepingHandler.new()) as cache, ExitStack() as stack:
        farm = Farm(tmp_path / "farm", project, cache, stack, protocol="tls")
        farm.worker()
        assert "was built on the farm" in project.scons(*farm.words("base"))
        settings.unlink()
        assert "building here instead" in project.scons(*farm.words("other"))


def write_certificates(folder: Path) -> Path:
    """Make a certificate for all, and the settings in which Dask's programs find it: as docs/farm.md says."""
    folder.mkdir(parents=True)
    [commands] = re.findall(r"```sh\n(openssl .*?)```", PAGE.read_text(), re.DOTALL)
    subprocess.run(["sh", "-ec", commands], cwd=folder, check=True, capture_output=True)
    [settings] = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    file = folder / "farm.yaml"
    file.write_text(settings.replace("/etc/crosspython", str(folder)))
    return file


def test_a_failure_on_a_worker_is_shown_as_one_here(farm: Farm) -> None:
    project = farm.project
    project.add("broken", configure=FAILING)
    farm.worker()
    output = project.scons(*farm.words("broken"), code=2)
    here = project.scons(*farm.words("broken")[1:], code=2)
    said = "the moon is missing"
    assert said in output
    assert output[output.index("scons: ***") :] == here[here.index("scons: ***") :]
    assert str(farm.folder) not in output
    assert said in project.log("broken").read_text()


def test_ctrl_c_ends_the_work_there(farm: Farm) -> None:
    project = farm.project
    project.add("slow", configure=SLOW)
    farm.worker()
    assert "builds nothing now" in farm.tell()
    run = project.start(*farm.words("slow"))
    wait_for(lambda: len(farm.folders()) > 2, 60)
    told = farm.tell()
    assert told.startswith(f"{farm.address}: 1 worker, 2 cores\n")
    assert "builds rv1126/stages/slow-1.0.tar.zst since" in told
    assert "not used" not in told
    begin = time.monotonic()
    run.send_signal(signal.SIGINT)
    wait_for(lambda: not farm.folders(), 5)
    run.wait(5)
    assert time.monotonic() - begin < 5
    assert run.returncode != 0


def test_a_killed_workers_product_is_built_here(farm: Farm) -> None:
    project = farm.project
    project.add("slow", configure=SLOW.replace("sleep 20", "sleep 3"))
    worker = farm.worker()
    run = project.start(*farm.words("slow"))
    wait_for(lambda: len(farm.folders()) > 2, 60)
    os.kill(worker.pid, signal.SIGKILL)
    output, _ = run.communicate(timeout=120)
    assert run.returncode == 0, output
    assert output.count("building here instead") == 1
    assert project.stage("slow").exists()
    assert not farm.folders()


def test_without_a_scheduler_everything_is_built_here(farm: Farm) -> None:
    project = farm.project
    project.add("one")
    project.add("two")
    words = ["farm=tcp://127.0.0.1:9", *farm.words("one")[1:], *farm.words("two")[-1:]]
    output = project.scons(*words)
    assert output.count("building here instead") == 1
    assert project.stage("one").exists() and project.stage("two").exists()


def test_a_worker_with_other_code_gets_no_work_and_is_told_why(farm: Farm, tmp_path: Path) -> None:
    import shutil

    project = farm.project
    project.add("one")
    shutil.copytree(TOOLS, tmp_path / "other", symlinks=False)
    with (tmp_path / "other/crosspython/version.py").open("a") as file:
        file.write("# changed\n")
    farm.worker(code=tmp_path / "other")
    output = project.scons(*farm.words("one"))
    assert "is not used: its code of crosspython is" in output
    assert "was built on the farm" not in output
    assert "does not use this worker: its code of crosspython is" in farm.said()
    assert "not used by builds on this machine: its code of crosspython is" in farm.tell()


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("prefix=/elsewhere", "it would make another base-1.0.tar.zst"),
        ("toolchain=/no/such/sdk", "/no/such/sdk"),
    ],
)
def test_a_worker_that_would_make_other_bytes_is_asked_once(farm: Farm, word: str, said: str) -> None:
    project = farm.project
    project.add("base")
    project.add("user", options='depends=["base"]')
    farm.worker(word)
    output = project.scons(*farm.words("user"))
    assert output.count("is not used: ") == 1
    assert said in output and said in farm.said()
    assert {file.parent.name for file in (farm.folder / "worker").glob("*/order.json")} == {"0"}
    assert "base-1.0" in (farm.folder / "worker/0/order.json").read_text()
    assert project.stage("user").exists()


class SharedHandler(KeepingHandler):
    """A cache's server that also has what the user's own builds have made: Python for the board takes minutes."""

    def do_GET(self) -> None:
        kind, _, name = self.path.removeprefix("/").partition("/")
        place = ARTIFACTS / kind / name[:2] / name
        if self.path not in self.things and place.is_file():
            self.things[self.path] = place.read_bytes()
        super().do_GET()


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def lay_packages(links: Path, codes: Mapping[str, str]) -> None:
    """An index of packages, each with one extension; their backend needs a wheel of the index."""
    links.mkdir()
    add_wheel(links, "helper", files={"helper.py": "FLAGS = ['-O1']\n"})
    for name, code in codes.items():
        backend = BACKEND.format(body="    import helper", flags="helper.FLAGS").replace("toy-1.0", f"{name}-1.0")
        files = {"PKG-INFO": metadata(name, "1.0", [], None), "toy.c": code, "backend.py": backend}
        (links / f"{name}-1.0.tar.gz").write_bytes(pack(f"{name}-1.0", {**files, "pyproject.toml": HELPED}))
    for file in sorted(links.iterdir()):
        page = links / "simple" / file.name.partition("-")[0] / "index.html"
        page.parent.mkdir(parents=True)
        page.write_text(f'<a href="../../{file.name}#sha256={sha256(file)}">{file.name}</a>')


@pytest.fixture
def wheel_farm(tmp_path: Path, project: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[Farm]:
    """A farm with one worker, and the packages of an index on loopback."""
    link_repository(project)
    links = tmp_path / "links"
    lay_packages(links, {"toy": MODULE, "broken": "#error the moon is missing\n"})
    index = partial(QuietHandler, directory=str(links))
    with serving(SharedHandler.new()) as cache, serving(index) as address, ExitStack() as stack:
        monkeypatch.setattr(Project, "environment", project.environment | {"PIP_INDEX_URL": f"{address}/simple/"})
        farm = Farm(tmp_path / "farm", project, f"none,{cache}", stack)
        farm.worker()
        yield farm


@pytest.mark.usefixtures("built")
@pytest.mark.xdist_group("target")
def test_a_worker_builds_the_same_bytes_of_a_wheel(wheel_farm: Farm) -> None:
    project, made = wheel_farm.project, "rv1126/wheels"
    output = project.scons(*wheel_farm.wheel("toy"))
    assert output.count("was built on the farm") == 1
    assert "warning" not in output
    assert not list(project.folder.glob("build/rv1126/logs/wheels/*"))
    project.scons(*wheel_farm.wheel("toy")[3:], f"cache={ARTIFACTS}", "cache_write=none", "build=alone")
    [there], [here] = ([*project.folder.glob(f"{build}/{made}/*.whl")] for build in ("build", "alone"))
    assert there.name == here.name == "toy-1.0-cp313-cp313-linux_armv7l.whl"
    assert there.read_bytes() == here.read_bytes()


@pytest.mark.usefixtures("built")
@pytest.mark.xdist_group("target")
def test_a_wheel_that_fails_on_a_worker_is_shown_as_one_here(wheel_farm: Farm) -> None:
    project = wheel_farm.project
    output = project.scons(*wheel_farm.wheel("broken"), code=2)
    log = project.folder / "build/rv1126/logs/wheels/broken-1.0.log"
    assert "the moon is missing" in log.read_text()
    here = project.scons(*wheel_farm.wheel("broken")[3:], f"cache={ARTIFACTS}", "cache_write=none", code=2)
    assert whole_lines(output) == whole_lines(here)
    assert str(wheel_farm.folder) not in output + log.read_text()


def whole_lines(output: str) -> list[str]:
    """The lines from the failure on. A long command is cut, and the worker's paths are longer than ours."""
    return [line for line in output[output.index("scons: ***") :].splitlines() if not line.endswith(" ...")]
