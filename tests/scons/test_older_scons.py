"""A distribution's older SCons is told in one sentence, before anything of ours asks it for what it has not."""

from __future__ import annotations

import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from crosspython.builders import signatures

from tests.conftest import REPOSITORY, Project

OLDER = "import SCons; SCons.__version__ = '4.4.0'; import SCons.Script.Main; SCons.Script.Main.main()"


def run(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", OLDER, "-Q", "-n"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("door", ["standalone", "embedded"])
def test_it_is_told_in_one_sentence(project: Project, tmp_path: Path, door: str) -> None:
    folder = project.folder
    if door == "standalone":
        folder = tmp_path / "clone"
        folder.mkdir()
        shutil.copy(REPOSITORY / "SConstruct", folder)
        (folder / "site_scons").symlink_to(REPOSITORY / "site_scons")
    done = run(folder)
    assert done.returncode == 2
    assert done.stdout + done.stderr == "SCons 4.11 or greater required, but you have SCons 4.4.0\n"
    assert not (folder / "build").exists()


def test_no_private_name_of_scons_is_imported() -> None:
    for path in (REPOSITORY / "site_scons/site_tools/crosspython/builders").glob("*.py"):
        for line in path.read_text().splitlines():
            assert not ("SCons" in line and "import" in line and " _" in line.partition("import")[2]), f"{path}: {line}"


def test_what_scons_knows_is_written_once_and_read_again(tmp_path: Path) -> None:
    known = signatures.open(str(tmp_path / ".sconsign"), "c")
    known.close()
    assert not (tmp_path / ".sconsign.dblite").exists()
    known["build"] = b"record"
    known.sync()
    assert signatures.open(str(tmp_path / ".sconsign"), "c")["build"] == b"record"


@pytest.mark.parametrize("data", [b"", b"\0damaged", pickle.dumps(["no", "records"])])
def test_damaged_records_are_none(tmp_path: Path, data: bytes) -> None:
    (tmp_path / ".sconsign.dblite").write_bytes(data)
    assert signatures.open(str(tmp_path / ".sconsign"), "c") == {}


def test_a_disk_that_takes_nothing_costs_a_warning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    known = signatures.open(str(tmp_path / "missing/.sconsign"), "c")
    known["build"] = b"record"
    known.sync()
    known.close()
    assert capsys.readouterr().err.count("cannot be written") == 1
