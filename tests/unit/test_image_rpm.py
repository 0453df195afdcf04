"""An image as an .rpm: the fields that rpm reads, and its tree on a board."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from crosspython.errors import HostToolError
from crosspython.image.contents import Contents
from crosspython.image.rpm import describe_package, write_rpm

from tests.unit.made_bundle import SITE
from tests.unit.made_packages import add_wheel
from tests.unit.test_image_install import GREET, run
from tests.unit.test_image_make import make, open_workshop


def ask(package: Path, *arguments: str) -> str:
    command = ["rpm", "--dbpath", str(package.parent / "db"), "-qp", *arguments, str(package)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def package(tmp_path: Path) -> Path:
    return make(tmp_path / "a", add_wheel(tmp_path, "greet", files=GREET), form="rpm")[0]


@pytest.mark.slow
def test_rpm_knows_what_it_is(package: Path) -> None:
    tags = "%{NAME} %{VERSION} %{ARCH} %{BUILDHOST} %{PAYLOADCOMPRESSOR}"
    assert ask(package, "--queryformat", tags) == "python-image 1.5 noarch localhost gzip"
    assert "greet 1.0" in ask(package, "--queryformat", "%{DESCRIPTION}")
    needs = ask(package, "--requires").splitlines()
    assert all(line.startswith("rpmlib(") for line in needs)
    assert not ask(package, "--scripts")


@pytest.mark.slow
def test_everything_is_roots_and_below_the_prefix(package: Path) -> None:
    rows = ask(package, "--queryformat", "[%{FILEUSERNAME} %{FILEGROUPNAME} %{FILENAMES}\n]").splitlines()
    assert {row.rsplit(" ", 1)[0] for row in rows} == {"root root"}
    names = {row.rsplit(" ", 1)[1] for row in rows}
    assert "/opt/python" in names and f"/opt/python/{SITE}/greet.py" in names
    assert all(name.startswith("/opt/python") for name in names)


@pytest.mark.slow
def test_rpm_installs_it_and_it_runs(package: Path, tmp_path: Path) -> None:
    board = tmp_path / "board"
    board.mkdir()
    install = ["unshare", "--map-root-user", "rpm", "--root", str(board), "--nodeps", "-i", str(package)]
    subprocess.run(install, check=True, timeout=60)
    assert run(board / "opt/python/bin/greet", "rpm") == "hello rpm\n"


@pytest.mark.slow
def test_the_same_wheels_make_the_same_bytes(package: Path, tmp_path: Path) -> None:
    again = make(tmp_path / "another/place", add_wheel(tmp_path, "greet", files=GREET), form="rpm")[0]
    assert again.read_bytes() == package.read_bytes()


@pytest.mark.slow
def test_a_prefix_with_odd_characters_is_taken_as_it_is(tmp_path: Path) -> None:
    workshop = open_workshop(tmp_path)
    tree = tmp_path / "the tree's %100"
    (tree / "bin").mkdir(parents=True)
    (tree / "bin/a b").write_text("text")
    contents = Contents(tree, "/opt/my %python", "image", "1", (("Python", 4),))
    with workshop.jobserver.token():
        write_rpm(contents, tmp_path / "image.rpm", replace(workshop, logs=tmp_path))
    assert "/opt/my %python/bin/a b" in ask(tmp_path / "image.rpm", "--list").splitlines()


def test_the_description_names_what_is_in_it() -> None:
    contents = Contents(Path("tree"), "/opt/python", "camera", "1.5", (("numpy 2.0", 9), ("Python 3.13.5", 1)))
    assert "Python 3.13.5, numpy 2.0\n" in describe_package(contents)


def test_without_rpmbuild_it_is_told_before_anything_is_done(tmp_path: Path) -> None:
    with pytest.raises(HostToolError, match="rpmbuild"):
        make(tmp_path / "a", path=str(tmp_path), form="rpm")
