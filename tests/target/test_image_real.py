"""An image with the real Python: a package's program is started in the emulator, from another folder than it was made
for, and the same command makes the same bytes again."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from crosspython.store.tree import unpack_tree
from crosspython.targets import load_target
from crosspython.toolchain.emulator import emulate, libc_root
from crosspython.toolchain.find import find_compiler
from crosspython.toolchain.probe import probe_toolchain

from tests.target.test_rv1126 import BUILD, built, scons  # noqa: F401 -- a fixture
from tests.unit.made_packages import add_wheel
from tests.unit.test_image_install import GREET

pytestmark = pytest.mark.slow

IMAGE = BUILD / "python-image-3.13.5-rv1126.tar.gz"


def test_a_packages_program_starts_on_the_board_from_any_folder(built: Path, tmp_path: Path) -> None:  # noqa: F811
    wheel = add_wheel(tmp_path, "greet", files=GREET)
    output = scons("target=rv1126", "image", f"pkgs={wheel}", "pip=0", "max_size=90M")
    assert str(IMAGE) in output and "greet 1.0" in output
    first = IMAGE.read_bytes()
    IMAGE.unlink()
    scons("target=rv1126", "image", f"pkgs={wheel}", "pip=0", "max_size=90M")
    assert IMAGE.read_bytes() == first

    unpack_tree(IMAGE, tmp_path / "any folder")
    tree, target = tmp_path / "any folder/python", load_target("rv1126", Path())
    compiler = find_compiler(target, None, path=os.environ["PATH"], unpack_into=tmp_path / "sdk")
    root = libc_root(probe_toolchain(compiler, target))
    python = emulate(tree, target, root, os.environ["PATH"]).python
    command = [str(tree / "bin/greet"), "board"]
    out = subprocess.run(command, cwd="/", capture_output=True, text=True, check=True, timeout=120).stdout
    assert out == "hello board\n"
    find = "importlib.util.find_spec"
    code = f"import greet, importlib.util; print({find}('pip'), {find}('ensurepip'))"
    shown = subprocess.run([python, "-v", "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert shown.stdout == "None None\n"
    assert "greet.cpython-313.pyc matches" in shown.stderr  # what was compiled here is what the board takes
