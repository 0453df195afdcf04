"""An image as a package: the fields that dpkg-deb reads, and the installers that accept it."""

from __future__ import annotations

import hashlib
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from crosspython.errors import ImageError
from crosspython.image.contents import Contents
from crosspython.image.debian import describe_package, write_deb
from crosspython.store.formats import read_members
from crosspython.targets.machines import MACHINES

from tests.unit.made_bundle import SERIES, SITE, lay_bundle
from tests.unit.made_packages import add_wheel
from tests.unit.test_image_install import GREET, run
from tests.unit.test_image_make import make, open_workshop


def ask(*arguments: str | Path) -> str:
    return subprocess.run(["dpkg-deb", *arguments], capture_output=True, text=True, check=True).stdout


@pytest.fixture
def package(tmp_path: Path) -> Path:
    return make(tmp_path / "a", add_wheel(tmp_path, "greet", files=GREET), form="deb")[0]


@pytest.mark.slow
def test_dpkg_knows_what_it_is(package: Path) -> None:
    assert ask("-f", package, "Package", "Version", "Architecture").splitlines() == [
        "Package: python-image",
        "Version: 1.5",
        "Architecture: armhf",
    ]
    assert "greet 1.0" in ask("-f", package, "Description")


@pytest.mark.slow
def test_the_tree_lies_at_its_prefix_and_runs(package: Path, tmp_path: Path) -> None:
    ask("-x", package, tmp_path / "board")
    assert run(tmp_path / "board/opt/python/bin/greet", "deb") == "hello deb\n"


def test_everything_is_roots_and_folders_come_first(package: Path) -> None:
    lines = [line.split() for line in ask("-c", package).splitlines()]
    assert {line[1] for line in lines} == {"root/root"}
    assert [line[5].strip("./") for line in lines[:2]] == ["opt", "opt/python"]


@pytest.mark.slow
def test_dpkg_can_verify_it(package: Path, tmp_path: Path) -> None:
    ask("-e", package, tmp_path / "control")
    ask("-x", package, tmp_path / "board")
    rows = [line.split("  ", 1) for line in (tmp_path / "control/md5sums").read_text().splitlines()]
    assert f"opt/python/{SITE}/greet.py" in {name for _, name in rows}
    for digest, name in rows:
        assert hashlib.md5((tmp_path / "board" / name).read_bytes()).hexdigest() == digest


def test_our_own_reader_takes_it(package: Path) -> None:
    assert f"opt/python/bin/python{SERIES}" in {member.name for member in read_members(package)}


def test_opkg_gets_the_same_format_for_any_architecture(tmp_path: Path) -> None:
    """opkg's names of architectures are each distribution's own."""
    image, _ = make(tmp_path / "a", form="ipk")
    assert ask("-f", image, "Architecture").strip() == "all"


def test_a_name_becomes_one_that_debian_allows() -> None:
    contents = Contents(Path("tree"), "/opt/python", "My_Camera", "3.13.5", (("Python 3.13.5", 1025),))
    lines = describe_package(contents, "armhf").splitlines()
    assert lines[0] == "Package: my-camera" and "Installed-Size: 2" in lines


def test_what_debian_has_no_architecture_for_is_told(tmp_path: Path) -> None:
    workshop = open_workshop(tmp_path)
    target = replace(workshop.target, name="mine", machine="riscv64", float_abi="soft")
    contents = Contents(lay_bundle(tmp_path / "tree"), "/opt/python", "image", "3.13.5", ())
    with pytest.raises(ImageError, match="Debian has no architecture for mine"):
        write_deb(contents, tmp_path / "image.deb", replace(workshop, target=target))
    assert not (tmp_path / "image.deb").exists()


def test_every_machine_has_a_name_of_debians() -> None:
    """Machines whose float ABI has no choice have one name, by None."""
    for machine in MACHINES.values():
        assert machine.debian.keys() <= ({*machine.float_abis} or {None}) and machine.debian, machine.name
