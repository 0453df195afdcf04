"""The check of wheels as SCons sees it: it is told what to check, and without an emulator it fails."""

from __future__ import annotations

import os
from pathlib import Path

from crosspython.store.tree import pack_tree

from tests.scons.test_wheels import Wheels
from tests.unit.made_packages import add_wheel

DECLARED = """\
wheels = env.Wheels()
env.Alias("wheels", wheels)
env.Alias("check", env.CheckWheels(env.File("bundle.tar.gz"), wheels))
env.Alias("none", env.CheckWheels(env.File("bundle.tar.gz"), []))
"""


def make(tmp_path: Path) -> Wheels:
    project = Wheels(tmp_path / "project")
    project.declare(DECLARED)
    add_wheel(project.links, "top")
    python = tmp_path / "tree/bin/python3.13"
    python.parent.mkdir(parents=True)
    python.write_text("")
    pack_tree(tmp_path / "tree", project.folder / "bundle.tar.gz", epoch=0, root="python")
    return project


def without_emulators(folder: Path) -> str:
    """A PATH that has all programs of this machine but those that run others' programs."""
    folder.mkdir()
    for place in map(Path, os.environ["PATH"].split(os.pathsep)):
        for program in place.iterdir() if place.is_dir() else ():
            link = folder / program.name
            if not program.name.startswith("qemu-") and not link.is_symlink():
                link.symlink_to(program)
    return str(folder)


def test_without_an_emulator_the_check_fails_and_says_how_to_get_one(tmp_path: Path) -> None:
    output = make(tmp_path).scons("check", "pkgs=top", path=without_emulators(tmp_path / "bin"), code=2)
    assert "checking the wheels in the emulator" in output
    assert "there is no emulator for armv7l" in output and "qemu-user-static" in output


def test_under_n_it_is_told_after_the_wheels(tmp_path: Path) -> None:
    project = make(tmp_path)
    project.make("pkgs=top")
    assert project.scons("-n", "check", "pkgs=top").splitlines()[-1] == "checking the wheels in the emulator"


def test_where_there_are_no_wheels_there_is_nothing_to_check(tmp_path: Path) -> None:
    assert "checking" not in make(tmp_path).scons("none", "pkgs=top")
