"""Fixtures of all tests: a small project built by real SCons, in a folder of its own."""

from __future__ import annotations

import contextlib
import gc
import hashlib
import io
import itertools
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest

# Who starts us in the background of a script leaves us SIGINT ignored (POSIX, Shell Command Language, 2.11), and what
# we start would inherit that: nothing could be interrupted.
signal.signal(signal.SIGINT, signal.default_int_handler)

REPOSITORY = Path(__file__).resolve().parents[1]
TOOLS = REPOSITORY / "site_scons" / "site_tools"

# Compilers for an older glibc, which take seconds to make: projects with a HOME of their own share those of the user.
KEPT_TOOLCHAINS = Path("~/.cache/crosspython/toolchains").expanduser()

NUMBERS = itertools.count()  # of temporary folders: two tests may have the same name

# What each SConstruct of tests begins with.
HEAD = f"""\
import os
DefaultEnvironment(tools=[])
env = Environment(tools=[], ENV={{"PATH": os.environ["PATH"]}})
env.Tool("crosspython", toolpath=[{str(TOOLS)!r}], settings=ARGUMENTS)
from crosspython.builders.front_door import open_build
open_build(env)
"""
COMPONENTS = """\
Export("env")
nodes = SConscript("recipes/SConscript")
Default(nodes)
env.Alias("fetch", env.FetchSources())
"""

# As autoconf's: it takes --prefix, and leaves a Makefile.
CONFIGURE = """\
#!/bin/sh
for argument; do case $argument in --prefix=*) prefix=${argument#--prefix=} ;; esac; done
echo "answer: 42" > config.log
cat > Makefile <<EOF
PREFIX=$prefix
all: lib$NAME.so.1
lib$NAME.so.1: code.c
\t$CC -shared -fPIC -g -Wl,-soname,lib$NAME.so.1 -o lib$NAME.so.1 code.c
install:
\tmkdir -p \\$(DESTDIR)\\$(PREFIX)/lib
\tcp lib$NAME.so.1 \\$(DESTDIR)\\$(PREFIX)/lib/
EOF
"""
RECIPE = """\
Import("env")
nodes = env.Autoconf({name!r}, "1.0",
    sources=[dict(url="https://upstream.invalid/{name}-1.0.tar.gz", sha256={sha256!r})],
    environment={{"NAME": {name!r}}}{options})
Return("nodes")
"""


def pack(folder: str, files: dict[str, str]) -> bytes:
    """A source archive with one folder at the top."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        for name, text in files.items():
            info = tarfile.TarInfo(f"{folder}/{name}")
            info.size, info.mode, info.mtime = len(text.encode()), 0o755, 1577836800
            tar.addfile(info, io.BytesIO(text.encode()))
    return stream.getvalue()


class Project:
    """A tiny SCons project with packages whose configure is a few lines long."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mirror = folder / "mirror"
        self.mirror.mkdir(parents=True)
        self.declare(COMPONENTS)
        self.recipes = folder / "recipes"
        self.recipes.mkdir()
        self.names: list[str] = []
        KEPT_TOOLCHAINS.mkdir(parents=True, exist_ok=True)
        (folder / "home/.cache/crosspython").mkdir(parents=True)
        (folder / "home/.cache/crosspython/toolchains").symlink_to(KEPT_TOOLCHAINS)

    def declare(self, text: str) -> None:
        """Replace what the SConstruct does with its environment, `env`."""
        (self.folder / "SConstruct").write_text(HEAD + text)

    def add(
        self, name: str, *, options: str = "", configure: str = CONFIGURE, code: str = "int f(void){return 1;}\n"
    ) -> None:
        """A package with a recipe; `options` are further arguments of its Autoconf()."""
        data = pack(f"{name}-1.0", {"configure": configure, "code.c": code})
        (self.mirror / f"{name}-1.0.tar.gz").write_bytes(data)
        recipe = RECIPE.format(
            name=name, sha256=hashlib.sha256(data).hexdigest(), options=f", {options}" if options else ""
        )
        (self.recipes / name).mkdir(exist_ok=True)
        (self.recipes / name / "SConscript").write_text(recipe)
        if name not in self.names:
            self.names.append(name)
        listing = ", ".join(f'SConscript("{each}/SConscript", exports="env")' for each in self.names)
        (self.recipes / "SConscript").write_text(f'Import("env")\nnodes = [{listing}]\nReturn("nodes")\n')

    @property
    def environment(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "HOME": str(self.folder / "home"), "LANG": "C.UTF-8"}

    def command(self, *arguments: str) -> list[str]:
        given = [f"mirror={self.mirror}", f"downloads={self.folder / 'downloads'}", *arguments]
        return [sys.executable, "-m", "SCons", "-Q", *given]

    def scons(self, *arguments: str, path: str | None = None, code: int | None = 0, typed: str = "") -> str:
        """Run SCons to its end; its output. `code` is the exit status that it has to have, None for any failure;
        `typed` is what its interactive mode is told."""
        environment = self.environment | ({"PATH": path} if path else {})
        run = subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=environment,
            input=typed,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        output = run.stdout + run.stderr
        assert "Traceback" not in output, output
        assert run.returncode == code if code is not None else run.returncode != 0, output
        return output

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start SCons and leave it running."""
        return subprocess.Popen(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def stage(self, name: str, target: str = "rv1126") -> Path:
        return self.folder / "build" / target / "stages" / f"{name}-1.0.tar.zst"

    def log(self, name: str, target: str = "rv1126") -> Path:
        return self.folder / "build" / target / "logs" / f"{name}-1.0.log"


gc.disable()  # all that is collected stays until the end: looking for garbage among it is a third of that time


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Tests that are slow by their folder are not even imported when no slow ones are asked for."""
    if config.option.markexpr != "not slow" or collection_path.parent != REPOSITORY / "tests":
        return None
    return True if collection_path.is_dir() and collection_path.name != "unit" else None


@pytest.hookimpl(tryfirst=True)  # before -m selects
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that start SCons, a real compiler or a board count as slow, by their folder.

    Tests with a real compiler share one build folder, so one worker runs them all (pytest -n2 --dist loadgroup); those
    of the boards share theirs, and the boards. A test may name another group.
    """
    for item in items:
        folder = item.path.relative_to(REPOSITORY).parts[1]
        if folder in ("target", "board") and item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(folder))
        if folder != "unit":
            item.add_marker(pytest.mark.slow)


@pytest.fixture
def tmp_path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder, as pytest's own fixture makes it. That one reads the folders of all tests before it for each
    new one, which would be a fifth of the fast tests' time."""
    name = re.sub(r"\W", "_", request.node.name)[:30]
    return tmp_path_factory.mktemp(f"{name}{next(NUMBERS)}", numbered=False)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


@pytest.fixture
def links(tmp_path: Path) -> Path:
    """A folder of packages, which uv is given instead of an index (--find-links)."""
    folder = tmp_path / "links"
    folder.mkdir()
    return folder


def copy_example(folder: Path) -> Path:
    """examples/firmware in a folder of its own, to build there;
    it finds the tool two folders up, as in the repository."""
    left_out = shutil.ignore_patterns("build", "__pycache__", ".sconsign*")
    shutil.copytree(REPOSITORY / "examples/firmware", folder / "examples/firmware", ignore=left_out)
    (folder / "site_scons").symlink_to(REPOSITORY / "site_scons")
    return folder / "examples/firmware"


def wait_for(condition, seconds: float = 60.0) -> None:
    """Wait until something holds; fail when it does not in time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.02)


def processes_below(folder: Path) -> list[int]:
    """All processes whose working folder is in this folder."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and entry.joinpath("cwd").readlink().is_relative_to(folder):
                found.append(int(entry.name))
    return found


def send(process: subprocess.Popen[str], number: signal.Signals) -> float:
    """Send a signal and wait for the end; the seconds that took."""
    begin = time.monotonic()
    process.send_signal(number)
    process.wait(timeout=60)
    return time.monotonic() - begin
