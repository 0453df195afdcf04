"""Goals on a board: errors before anything is built, and no summary after a failure."""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from crosspython.builders.board_session import WHEELS, BoardSession
from crosspython.run.console import Console
from crosspython.store.fingerprints import Fingerprints

from tests.conftest import REPOSITORY, Project


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (["deploy"], "no board was named"),
        (["rollback"], "no board was named"),
        (["wheels", "deploy", "pkgs=a-name-of-nobody"], "no board was named"),
        (["check", "board="], "no board was named"),
        (["deploy", "board=root@"], "board=root@: not an address"),
        (
            ["deploy", "board=root@192.0.2.1", "ssh_config=/nonexistent"],
            "ssh_config=/nonexistent: there is no such file",
        ),
    ],
)
def test_a_board_that_cannot_be_asked_is_told_before_anything_is_built(
    tmp_path: Path, typed: list[str], told: str
) -> None:
    command = [sys.executable, "-m", "SCons", "-Q", f"build={tmp_path}/build", *typed]
    run = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 2
    assert run.stdout == ""
    assert told in run.stderr and "Traceback" not in run.stderr
    assert not (tmp_path / "build").exists()


def test_a_board_is_not_needed_to_be_told_of_goals_or_to_clean(tmp_path: Path) -> None:
    for option in ("-h", "-c"):
        command = [sys.executable, "-m", "SCons", "-Q", option, f"build={tmp_path}/build", "deploy"]
        subprocess.run(command, cwd=REPOSITORY, capture_output=True, timeout=120, check=True)


def test_a_guests_deployment_without_a_board_builds_nothing_first(project: Project) -> None:
    project.add("hello")
    construct = project.folder / "SConstruct"
    construct.write_text(construct.read_text() + 'env.Alias("deploy", env.Deploy(nodes[0]))\n')
    assert "no board was named" in project.scons("deploy", code=2)
    assert not project.stage("hello").exists()


def test_a_guests_board_that_is_no_address_is_told_while_it_is_declared(project: Project) -> None:
    project.add("hello")
    construct = project.folder / "SConstruct"
    construct.write_text(construct.read_text() + 'env.Deploy(nodes[0], board="root@")\n')
    assert "board=root@: not an address" in project.scons(code=2)


@pytest.mark.parametrize("option", ["-Q", "-k"])
def test_what_was_made_is_not_summed_up_after_a_failure(project: Project, option: str) -> None:
    project.add("hello")
    construct = project.folder / "SConstruct"
    more = """
def made(target, source, env):
    build.run.console.closing(["all is there"])
    open(str(target[0]), "w").close()

build = env["CROSSPYTHON"]
well = env.Command("made", [], made)
env.Alias("well", well)
env.Alias("badly", env.Command("sent", well, "false"))
"""
    construct.write_text(construct.read_text() + more)
    assert "all is there" in project.scons(option, "well")
    (project.folder / "made").unlink()
    assert "all is there" not in project.scons(option, "badly", code=2)


def test_only_what_the_build_made_is_laid_out_for_the_board(tmp_path: Path) -> None:
    house, stream = tmp_path / "wheels", io.StringIO()
    house.mkdir()
    for name in ("ours", "reported", "stray"):
        (house / f"{name}.whl").touch()
    (house / "report-3.13.json").write_text('{"wheels": [{"filename": "reported.whl"}], "missing": []}')
    run = SimpleNamespace(fingerprints=Fingerprints(tmp_path), console=Console(stream))
    run.fingerprints.note(house / "ours.whl")
    with tarfile.open(tmp_path / "bundle.tar.gz", "w:gz") as tar:
        tar.addfile(tarfile.TarInfo("python/bin/python3"))
    session = BoardSession.__new__(BoardSession)
    session.build = SimpleNamespace(run=run, settings=SimpleNamespace(wheelhouse=house))  # type: ignore[assignment]
    session._work = tmp_path / "work"
    tree = session._lay_out(tmp_path / "bundle.tar.gz")
    assert sorted(path.name for path in (tree / WHEELS).iterdir()) == ["ours.whl", "reported.whl"]
    assert f"{house}/stray.whl is left out, because this build did not make it" in stream.getvalue()
