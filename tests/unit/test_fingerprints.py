"""Fingerprints: a changed file is recognized even with the same size and time; a copy counts as the same."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from crosspython.store.fingerprints import COMPILED, Fingerprints, tree_fingerprint


@pytest.fixture
def product(tmp_path: Path) -> Path:
    path = tmp_path / "build/stages/a.tar.zst"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"0123456789")
    return path


def noted(path: Path) -> Path:
    """The build folder, in which a product was noted."""
    Fingerprints(path.parents[1]).note(path)
    return path.parents[1]


def damage_in_silence(path: Path) -> None:
    """Other bytes, and all that a program can set is as before."""
    before = path.stat()
    path.write_bytes(b"?" + path.read_bytes()[1:])
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_what_was_noted_is_the_same(product: Path) -> None:
    assert Fingerprints(noted(product)).compare(product) == "same"


@pytest.mark.parametrize(
    "change", [damage_in_silence, lambda path: path.write_bytes(b""), lambda path: path.chmod(0o600)]
)
def test_a_changed_file_is_another_one_if_its_content_is(product: Path, change: Callable[[Path], object]) -> None:
    build, before = noted(product), product.read_bytes()
    change(product)
    assert Fingerprints(build).is_same(product) is (product.read_bytes() == before)


def test_what_is_missing_or_was_never_noted_is_told(product: Path) -> None:
    build = noted(product)
    assert Fingerprints(build).compare(product.with_name("b")) == "missing"
    product.with_name("c").touch()
    assert Fingerprints(build).compare(product.with_name("c")) == "unknown"
    product.unlink()
    assert Fingerprints(build).compare(product) == "missing"


def test_a_copied_build_folder_holds_the_same_products_and_is_hashed_once(product: Path, tmp_path: Path) -> None:
    other = shutil.copytree(noted(product), tmp_path / "other")
    copy = other / "stages/a.tar.zst"
    fingerprints = Fingerprints(other)
    assert fingerprints.is_same(copy)
    before = fingerprints.file.read_bytes()
    fingerprints.keep_news()
    assert fingerprints.file.read_bytes() != before
    Fingerprints(other).keep_news()
    assert Fingerprints(other).is_same(copy)


def test_a_product_that_is_gone_when_it_is_noted_is_forgotten(product: Path) -> None:
    build = noted(product)
    product.unlink()
    Fingerprints(build).note(product)
    product.touch()
    assert Fingerprints(build).compare(product) == "unknown"


@pytest.mark.parametrize("text", ["", "[]", "{", '{"stages/a.tar.zst": 1}', "\0"])
def test_a_damaged_file_of_fingerprints_knows_nothing(product: Path, text: str) -> None:
    build = noted(product)
    Fingerprints(build).file.write_text(text)
    assert Fingerprints(build).compare(product) == "unknown"


def tree(folder: Path) -> Path:
    (folder / "usr/include").mkdir(parents=True)
    (folder / "usr/include/zlib.h").write_text("int a;\n")
    (folder / "usr/lib.so").symlink_to("lib.so.1")
    return folder


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: damage_in_silence(folder / "usr/include/zlib.h"),
        lambda folder: (folder / "usr/include/more.h").touch(),
        lambda folder: (folder / "usr/include/empty").mkdir(),
        lambda folder: (folder / "usr/include/zlib.h").unlink(),
        lambda folder: (folder / "usr/include/zlib.h").chmod(0o755),
        lambda folder: ((folder / "usr/lib.so").unlink(), (folder / "usr/lib.so").symlink_to("lib.so.2")),
        shutil.rmtree,
    ],
)
def test_a_folder_is_another_one_when_anything_in_it_is(tmp_path: Path, change: Callable[[Path], object]) -> None:
    folder = tree(tmp_path / "sysroot")
    Fingerprints(tmp_path).note(folder)
    assert Fingerprints(tmp_path).is_same(folder)
    change(folder)
    assert not Fingerprints(tmp_path).is_same(folder)


def test_compiled_modules_that_python_leaves_behind_change_no_folder(tmp_path: Path) -> None:
    folder = tree(tmp_path / "sdk")
    before = tree_fingerprint(folder, COMPILED)
    (folder / "usr/__pycache__").mkdir()
    (folder / "usr/__pycache__/a.pyc").touch()
    assert tree_fingerprint(folder, COMPILED) == before
    assert tree_fingerprint(folder) != before
