"""`scons wheels` as a user types it: a project of one's own becomes a wheel, which the board's own pip installs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from crosspython.store.tree import unpack_tree

from tests.conftest import REPOSITORY

pytestmark = pytest.mark.slow
BUILD = REPOSITORY / "build" / "rv1126"
WHEEL = "toy-1.0-cp313-cp313-linux_armv7l.whl"
PYPROJECT = """\
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
[project]
name = "toy"
version = "1.0"
[tool.setuptools]
ext-modules = [{ name = "toy", sources = ["toy.c"] }]
"""
CODE = """\
#include <Python.h>
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "toy"};
PyMODINIT_FUNC PyInit_toy(void) {
    PyObject *made = PyModule_Create(&module);
    PyModule_AddIntConstant(made, "answer", ANSWER);
    return made;
}
"""


class Toy:
    """A project with one C extension, and `scons wheels` for it with a lock and an artifact cache of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.source = folder / "toy"
        self.source.mkdir()
        (self.source / "pyproject.toml").write_text(PYPROJECT)
        self.answer(42)
        self.first = ""

    def answer(self, number: int) -> None:
        (self.source / "toy.c").write_text(CODE.replace("ANSWER", str(number)))

    def scons(self, *arguments: str, code: int = 0) -> str:
        own = (f"lock={self.folder / 'pylock.toml'}", f"cache={self.folder / 'cache'}")
        command = [sys.executable, "-m", "SCons", "-Q", "wheels", *own, *arguments]
        run = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=3000, check=False)
        output = run.stdout + run.stderr
        assert run.returncode == code, output
        assert "Traceback" not in output, output
        return output


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Toy:
    for path in (BUILD / "stages/wheels").glob("toy-*"):
        path.unlink()  # an earlier run's
    made = Toy(tmp_path_factory.mktemp("typed"))
    made.first = made.scons(f"pkgs={made.source}")
    return made


def test_a_folder_becomes_a_wheel_with_the_boards_tag(toy: Toy) -> None:
    assert "built (cross)" in toy.first
    assert [path.name for path in (BUILD / "wheels").glob("*.whl")] == [WHEEL]


def test_the_boards_own_pip_installs_it_at_first_try(toy: Toy, tmp_path: Path) -> None:
    tree = tmp_path / "board"
    unpack_tree(BUILD / "python-3.13.5-rv1126.tar.gz", tree)
    python = [
        shutil.which("qemu-arm-static") or "qemu-arm",
        "-L",
        "/usr/arm-linux-gnueabihf",
        tree / "python/bin/python3.13",
    ]
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PIP_CONFIG_FILE": os.devnull}
    install = [
        "-m",
        "pip",
        "install",
        "--no-index",
        "--find-links",
        BUILD / "wheels",
        "--target",
        tmp_path / "site",
        "toy",
    ]
    subprocess.run([*python, *install], env=environment, check=True, timeout=600)
    script = f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r}); import toy; print(toy.answer)"
    found = subprocess.run(
        [*python, "-c", script], env=environment, check=True, timeout=600, capture_output=True, text=True
    )
    assert found.stdout.strip() == "42"


def test_a_changed_file_of_the_folder_builds_the_wheel_anew(toy: Toy) -> None:
    assert "is up to date" in toy.scons(f"pkgs={toy.source}")
    before = (BUILD / "wheels" / WHEEL).read_bytes()
    toy.answer(43)
    output = toy.scons(f"pkgs={toy.source}")
    assert "building toy 1.0" in output
    assert "resolving" not in output
    assert (BUILD / "wheels" / WHEEL).read_bytes() != before
    toy.answer(42)
    toy.scons(f"pkgs={toy.source}")
    assert (BUILD / "wheels" / WHEEL).read_bytes() == before


def test_a_build_that_fails_stands_in_the_table_with_its_log(toy: Toy) -> None:
    (toy.source / "toy.c").write_text("#error no such luck\n")
    output = toy.scons("-k", f"pkgs={toy.source}", code=2)
    assert "no such luck" in output
    table = output.partition("wheels for rv1126")[2]
    assert "1 failed" in table
    assert str(BUILD / "logs" / "wheels" / "toy-1.0.log") in table
    toy.answer(42)


def test_a_wheel_that_is_gone_is_put_back(toy: Toy) -> None:
    """It is as SCons remembers it, both after a failure that took it out and when somebody removed it."""
    toy.scons(f"pkgs={toy.source}")
    assert (BUILD / "wheels" / WHEEL).is_file()
    (BUILD / "wheels" / WHEEL).unlink()
    toy.scons(f"pkgs={toy.source}")
    assert (BUILD / "wheels" / WHEEL).is_file()


def test_a_wheel_that_tells_more_of_the_board_than_its_project_here_is_resolved_again(toy: Toy, tmp_path: Path) -> None:
    folder = tmp_path / "app"
    folder.mkdir()
    script = (
        "import sysconfig\nfrom setuptools import setup\n"
        "on_board = 'armv7l' in sysconfig.get_platform()\n"
        "setup(name='app', version='1', py_modules=['app'], install_requires=['idna'] if on_board else [])\n"
    )
    (folder / "setup.py").write_text(script)
    (folder / "app.py").touch()
    command = (f"pkgs={folder}", f"lock={tmp_path / 'pylock.toml'}")
    output = toy.scons(*command, code=2)
    assert "app needs idna, and there is no wheel of it" in output
    assert "building app" not in toy.scons(*command)
    assert any(path.name.startswith("idna-") for path in (BUILD / "wheels").glob("*.whl"))
    assert "is up to date" in toy.scons(*command)


def test_a_project_with_neighbours_in_a_repository_is_built_as_pip_builds_it(toy: Toy, tmp_path: Path) -> None:
    files = {
        "app/pyproject.toml": PYPROJECT.replace('["setuptools"]', '["setuptools", "setuptools-scm"]')
        .replace('name = "toy"\nversion = "1.0"', 'name = "app"\ndynamic = ["version"]\ndependencies = ["lib"]')
        .replace('sources = ["toy.c"]', 'sources = ["../src/toy.c"]')
        + '[tool.setuptools_scm]\nroot = ".."\n[tool.uv.sources]\nlib = { path = "../lib" }\n',
        "src/toy.c": '#include "answer.h"\n' + CODE,
        "src/answer.h": "#define ANSWER 7\n",
        "lib/pyproject.toml": '[project]\nname = "lib"\nversion = "3"\n',
        "lib/lib.py": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.invalid"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"], ["tag", "v2.5"]):
        subprocess.run(["git", *identity, *arguments], cwd=tmp_path, check=True)
    command = (f"pkgs={tmp_path / 'app'}", f"lock={tmp_path / 'pylock.toml'}")
    toy.scons(*command)
    names = {path.name for path in (BUILD / "wheels").glob("*.whl")}
    assert names == {"app-2.5-cp313-cp313-linux_armv7l.whl", "lib-3-py3-none-any.whl"}
    assert "is up to date" in toy.scons(*command)
    (tmp_path / "src/answer.h").write_text("#define ANSWER 8\n")
    assert "building app" in toy.scons(*command)
