"""Libraries for packages, built for real: a package finds its library on the board, and what it does with it is right.

Each package has a smoke test in checks/data/smoke.toml, which `check=1` runs in the emulator. These few stand for the
kinds of components; docs/components.md says with which packages the others were seen.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

BUILD = REPOSITORY / "build/rv1126"
PACKAGES = ("pyodbc", "python-magic", "pyzbar")


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> str:
    lock = tmp_path_factory.mktemp("libraries") / "pylock.toml"
    words = [f"lock={lock}", f"pkgs={' '.join(PACKAGES)}", "binary=never", "check=1"]
    command = [sys.executable, "-m", "SCons", "-Q", "target=rv1126", "wheels", *words]
    run = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=3000, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_works_with_its_library_on_the_board(output: str, package: str) -> None:
    rows = [line.split() for line in output.splitlines()]
    assert any(row[:2] == ["ok", package] for row in rows), output


@pytest.mark.usefixtures("output")
def test_a_library_that_is_linked_is_in_the_wheel() -> None:
    (wheel,) = (BUILD / "wheels").glob("pyodbc-*.whl")
    assert any(name.startswith("pyodbc.libs/libodbc-") for name in zipfile.ZipFile(wheel).namelist())


@pytest.mark.usefixtures("output")
def test_libraries_that_are_loaded_are_in_the_bundle_with_their_data() -> None:
    with tarfile.open(BUILD / "python-3.13.5-rv1126.tar.gz") as bundle:
        names = {Path(name).name for name in bundle.getnames()}
    assert {"libmagic.so.1", "magic.mgc", "libzbar.so.0"} <= names
