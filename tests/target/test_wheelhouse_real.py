"""A wheelhouse as the board sees it: its own pip installs from the folder and over HTTP,
and what is broken is named."""

from __future__ import annotations

import functools
import http.server
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from crosspython.checks.wheels import WheelSubject, check_wheels
from crosspython.errors import CheckError
from crosspython.store.tree import unpack_tree
from crosspython.targets import Target, load_target
from crosspython.toolchain.emulator import EmulatedPython, emulate, libc_root
from crosspython.toolchain.find import find_compiler
from crosspython.toolchain.probe import probe_toolchain
from crosspython.wheels.house.index import write_index
from crosspython.wheels.model import Override

from tests.conftest import REPOSITORY
from tests.unit.made_wheel import make_wheel

pytestmark = pytest.mark.slow

BUNDLE = REPOSITORY / "build/rv1126/python-3.13.5-rv1126.tar.gz"
SUFFIX = ".cpython-313-arm-linux-gnueabihf.so"
MODULE = """
struct module { void *head[64]; };
int PyModuleDef_Init(void *);
static struct { long count; void *type, *init; long index; void *copy; const char *name, *doc; long size;
    void *rest[6]; } definition = { 1, 0, 0, 0, 0, "NAME", 0, 0, { 0 } };
void *PyInit_NAME(void) { BODY; return (void *)(long)PyModuleDef_Init(&definition); }
"""


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> tuple[Target, Path]:
    """The target, and the root below which the compiler's libc is."""
    target = load_target("rv1126", Path())
    cc = find_compiler(target, None, path=os.environ["PATH"], unpack_into=tmp_path_factory.mktemp("sdk"))
    return target, libc_root(probe_toolchain(cc, target))


@pytest.fixture(scope="module")
def bundle() -> Path:
    command = [sys.executable, "-m", "SCons", "-Q", "target=rv1126"]
    subprocess.run(command, cwd=REPOSITORY, check=True, timeout=3000, capture_output=True)
    return BUNDLE


@pytest.fixture(scope="module")
def python(bundle: Path, tools: tuple[Target, Path], tmp_path_factory: pytest.TempPathFactory) -> EmulatedPython:
    folder = tmp_path_factory.mktemp("board")
    unpack_tree(bundle, folder)
    return emulate(folder / "python", *tools, os.environ["PATH"])


def compile_module(folder: Path, name: str, body: str = "") -> bytes:
    """An extension module without Python's headers: its definition is laid out as PyModuleDef is (PEP 489)."""
    source, product = folder / f"{name}.c", folder / f"{name}.so"
    source.write_text(MODULE.replace("NAME", name).replace("BODY", body))
    subprocess.run(["arm-linux-gnueabihf-gcc", "-shared", "-fPIC", source, "-o", product], check=True)
    return product.read_bytes()


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """Two wheels, one of which needs the other, with an index."""
    house = tmp_path / "wheels"
    code = {"toy/__init__.py": "from toy import _c\n", f"toy/_c{SUFFIX}": compile_module(tmp_path, "_c")}
    needs = "1.0\nRequires-Dist: plain"
    make_wheel(house, "toy-1.0-cp313-cp313-linux_armv7l.whl", code, version=needs)
    make_wheel(house, "plain-2.0-py3-none-any.whl", {"plain.py": "ANSWER = 42\n"})
    write_index(house)
    return house


@pytest.fixture
def served(house: Path) -> Iterator[str]:
    """The wheelhouse on a server that knows nothing but files."""
    asked: list[str] = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            asked.append(self.path)

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(house)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/simple/"
    server.shutdown()
    server.server_close()
    thread.join()
    assert any(path.endswith(".whl.metadata") for path in asked), "pip read the metadata beside the wheel"


def subject(bundle: Path, house: Path, tools: tuple[Target, Path], work: Path) -> WheelSubject:
    wheels = tuple(sorted(house.glob("*.whl")))
    return WheelSubject(bundle, wheels, *tools, work, os.environ["PATH"], 2, Override)


def test_the_boards_pip_installs_over_http(served: str, python: EmulatedPython, tmp_path: Path) -> None:
    site = tmp_path / "site"
    options = ["--isolated", "--no-cache-dir", "--no-compile", "--index-url", served, "--target", str(site)]
    subprocess.run([*python.direct, "-m", "pip", "install", *options, "toy"], check=True, capture_output=True)
    code = "import plain, toy; print(toy._c.__name__, plain.ANSWER)"
    run = subprocess.run([python.python, "-c", code], env={"PYTHONPATH": str(site)}, capture_output=True, text=True)
    assert run.stdout == "toy._c 42\n", run.stderr


def test_a_good_wheelhouse_passes(bundle: Path, house: Path, tools: Any, tmp_path: Path) -> None:
    said: list[str] = []
    results = check_wheels(subject(bundle, house, tools, tmp_path / "work"), said.append, tmp_path / "report.json")
    assert {result.name for result in results} == {"pip install", "toy 1.0", "plain 2.0"} and len(said) == 3
    assert not (tmp_path / "work").exists()


def test_what_kills_python_is_named_and_the_rest_is_tried(
    bundle: Path, house: Path, tools: Any, tmp_path: Path
) -> None:
    files = {f"{name}{SUFFIX}": compile_module(tmp_path, name, body) for name, body in
             (("deadly", "__builtin_trap()"), ("healthy", ""))}  # fmt: skip
    make_wheel(house, "bad-1.0-cp313-cp313-linux_armv7l.whl", files)
    make_wheel(house, "liar-1.0-py3-none-any.whl", {"liar.py": "import sqlite4\n"})
    with pytest.raises(CheckError, match="2 of 5 checks failed") as caught:
        check_wheels(subject(bundle, house, tools, tmp_path / "work"), str, tmp_path / "report.json")
    told = str(caught.value)
    assert "deadly" in told and "healthy" not in told and "No module named 'sqlite4'" in told


def test_a_wheel_that_pip_refuses_fails_the_check(bundle: Path, house: Path, tools: Any, tmp_path: Path) -> None:
    make_wheel(house, "old-1.0-cp313-cp313-linux_arm.whl", {"old.py": ""})
    with pytest.raises(CheckError, match="1 of 1 check failed") as caught:
        check_wheels(subject(bundle, house, tools, tmp_path / "work"), str, tmp_path / "report.json")
    assert "No matching distribution found for old==1.0" in str(caught.value)


def test_this_machines_pip_finds_them_in_the_folder(house: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pip", "download", "--isolated", "--no-index", "--find-links", str(house)]
    options = ["--only-binary", ":all:", "--platform", "linux_armv7l", "--python-version", "3.13", "-d", str(tmp_path)]
    subprocess.run([*command, *options, "toy"], check=True, capture_output=True)
    assert {path.name for path in tmp_path.glob("*.whl")} == {path.name for path in house.glob("*.whl")}
