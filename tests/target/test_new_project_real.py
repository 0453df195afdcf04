"""`crosspython init`, and what it made: built with one command, and run in the emulator."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from crosspython.store.archive import unpack_archive

from tests.conftest import TOOLS


def crosspython(*words: str, folder: Path) -> str:
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "PYTHONPATH": str(TOOLS)}
    command = [sys.executable, "-m", "crosspython", *words]
    run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=3000)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


@pytest.mark.timeout(3000)
def test_what_init_makes_builds_at_once_and_runs(tmp_path: Path) -> None:
    crosspython("init", "camera", folder=tmp_path)
    folder = tmp_path / "camera"
    crosspython("build", "image", folder=folder)
    [image] = folder.glob("build/rv1126/python-image-*.tar.gz")
    unpack_archive(image, tmp_path / "board")
    [python] = tmp_path.glob("board/**/bin/python3")
    code = "import camera, msgpack._cmsgpack; camera.main()"
    emulator = ["qemu-arm-static", "-L", "/usr/arm-linux-gnueabihf", str(python), "-c", code]
    run = subprocess.run(emulator, capture_output=True, text=True, timeout=120)
    assert "bytes: {'machine': 'armv7l', 'python': '3.13." in run.stdout, run.stdout + run.stderr
    assert (python.parent / "camera").is_file()
