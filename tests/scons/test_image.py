"""`scons image` in SCons: one node, made from a bundle and the wheels of the same run; and its errors."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from crosspython.store.tree import unpack_tree

from tests.scons.test_wheels import Wheels
from tests.unit.made_bundle import SERIES, VERSION, pack_bundle
from tests.unit.made_packages import add_wheel
from tests.unit.test_image_install import GREET, run

DECLARED = """\
wheels = env.Wheels() if env["CROSSPYTHON"].settings.packages else []
env.Alias("image", env.Image(env.File("bundle.tar.gz"), wheels{more}))
"""


class Images(Wheels):
    """A project with a bundle made by hand and tiny packages."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.write_sconstruct()
        pack_bundle(folder).rename(folder / "bundle.tar.gz")
        add_wheel(self.links, "greet", files=GREET)

    def write_sconstruct(self, more: str = "") -> None:
        self.declare(DECLARED.format(more=more))

    @property
    def image(self) -> Path:
        return next((self.folder / "build/rv1126").glob("python-image-*.tar.gz"))

    def command(self, *arguments: str) -> list[str]:
        return super().command(f"python={SERIES}", f"build_python={sys.executable}", *arguments)


@pytest.fixture
def images(tmp_path: Path) -> Images:
    return Images(tmp_path / "project")


def test_an_image_is_one_file_and_the_last_lines_tell_of_it(images: Images) -> None:
    output = images.scons("image", "pkgs=greet")
    unpack_tree(images.image, images.folder / "board")
    assert run(images.folder / "board/python/bin/greet", "you") == "hello you\n"
    closing = output[output.index(str(images.image)) :]
    assert "greet 1.0" in closing and f"Python {images.image.name.split('-')[2]}" in closing
    assert f"tar -C /opt -xzf /tmp/{images.image.name}" in closing
    assert "is up to date" in images.scons("image", "pkgs=greet")


def test_an_image_without_packages_has_python_alone(images: Images) -> None:
    assert "making python-image-" in images.scons("image")


def test_a_package_is_called_as_one_likes(images: Images) -> None:
    images.write_sconstruct(", form='deb', name='camera', version='1.5'")
    output = images.scons("image", "pkgs=greet")
    package = images.folder / "build/rv1126/camera-1.5-rv1126.deb"
    assert package.is_file() and f"ssh root@BOARD 'dpkg -i /tmp/{package.name}'" in output


def test_a_limit_that_is_passed_fails_and_leaves_no_image(images: Images) -> None:
    add_wheel(images.links, "large", files={"large/data": "x" * 2_000_000, "large/__init__.py": ""})
    output = images.scons("image", "pkgs=greet large", "max_size=1M", code=2)
    assert "is too large" in output and "the largest: large 1.0 2.0 MB" in output
    assert list((images.folder / "build/rv1126").glob("python-image-*")) == []
    images.scons("image", "pkgs=greet large", "max_size=3M")


def test_two_programs_of_one_name_are_told(images: Images) -> None:
    other = {"other.py": "", "other-1.0.dist-info/entry_points.txt": "[console_scripts]\ngreet = other:x\n"}
    add_wheel(images.links, "other", files=other)
    output = images.scons("image", "pkgs=greet other", code=2)
    assert "greet 1.0 and other 1.0 both have the program bin/greet" in output


@pytest.mark.parametrize(
    ("arguments", "more", "says"),
    [
        (["image=zip"], "", "image=zip: not an allowed value"),
        (["max_size=40"], "", "max_size=40: not a size"),
        ([], ", max_size='big'", "max_size=big: not a size"),
        ([], ", form='zip'", "image=zip: not an allowed value"),
        ([], ", name='a/b'", "env.Image(name='a/b'): not a name for an image"),
        ([], ", version='v1'", "env.Image(version='v1'): not a version for an image"),
        ([], " + [env.File('x')]", "these wheels are not for this Python on this board"),
        ([], ", limit='4M'", "limit"),
        ([], " + [3]", "env.Image(wheels=[3]): this argument has a wrong value"),
    ],
)
def test_what_makes_no_sense_is_refused(images: Images, arguments: list[str], more: str, says: str) -> None:
    images.write_sconstruct(more)
    assert says in images.scons("image", *arguments, code=2)


def test_the_choices_make_another_image(images: Images) -> None:
    images.scons("image", "pkgs=greet")
    before = images.image.read_bytes()
    images.scons("image", "pkgs=greet", "pip=0")
    assert images.image.read_bytes() != before
    assert images.image.name.startswith(f"python-image-{SERIES}") and VERSION.startswith(SERIES)
