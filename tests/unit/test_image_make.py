"""An image from a bundle and wheels: bytecode, slim, sizes, limits, forms, and the same bytes twice."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest
from crosspython.errors import ArchiveError, HostToolError, ImageError
from crosspython.image.forms import FORMS
from crosspython.image.make import ImageOrder, ImageReport, make_image
from crosspython.run.console import Console
from crosspython.run.jobserver import Jobserver
from crosspython.store.fetch import Store
from crosspython.store.tree import pack_tree, unpack_tree
from crosspython.targets import load_target
from crosspython.workshop import EPOCH, Workshop

from tests.unit.made_bundle import PREFIX, SERIES, SITE, VERSION, pack_bundle
from tests.unit.made_packages import add_wheel
from tests.unit.test_image_install import GREET, run


def open_workshop(folder: Path, path: str = os.environ["PATH"]) -> Workshop:
    return Workshop(
        target=load_target("rv1126", Path()),
        store=Store(folder / "sources"),
        jobserver=Jobserver(2),
        console=Console(quiet=True),
        work=folder / "work",
        logs=folder / "logs",
        sites=folder / "sites",
        path=path,
    )


def make(folder: Path, *wheels: Path, path: str = os.environ["PATH"], **more: Any) -> tuple[Path, ImageReport]:
    """An image in a folder of its own, and its report."""
    folder.mkdir(parents=True, exist_ok=True)
    form = more.get("form", "tar.gz")
    choices: dict[str, Any] = {
        "bundle": pack_bundle(folder),
        "wheels": wheels,
        "build_python": Path(sys.executable),
        "name": "python-image",
        "version": "1.5",
        "python": VERSION,
        "series": SERIES,
        "prefix": PREFIX,
        "slim": "0",
        "has_pip": True,
        "form": form,
        "kept": folder / "kept",
        "code": "ours",
        "limit": None,
        "product": folder / f"image.{form}",
    }
    workshop = open_workshop(folder, path)
    with workshop.jobserver.token():
        report = make_image(ImageOrder(**choices | more), workshop)
    return folder / f"image.{form}", report


def unpacked(image: Path) -> Path:
    unpack_tree(image, image.parent / "board")
    return image.parent / "board/python"


@pytest.fixture
def greet(tmp_path: Path) -> Path:
    return add_wheel(tmp_path, "greet", files=GREET)


def test_an_image_is_the_bundle_with_the_wheels_installed(tmp_path: Path, greet: Path) -> None:
    image, _ = make(tmp_path / "a", greet)
    tree = unpacked(image)
    assert run(tree / "bin/greet", "board") == "hello board\n"
    assert (tree / "bin/python3").is_symlink() and (tree / SITE / "pip/__init__.py").is_file()
    assert not (tmp_path / "a/work/image.tar.gz.tree").exists()


def test_bytecode_is_valid_by_what_its_source_holds(tmp_path: Path, greet: Path) -> None:
    """PEP 552: 3 is by hash and checked."""
    tree = unpacked(make(tmp_path / "a", greet)[0])
    [bytecode] = tree.glob(f"{SITE}/__pycache__/greet.*.pyc")
    assert int.from_bytes(bytecode.read_bytes()[4:8], "little") == 3
    assert f"{PREFIX}/{SITE}/greet.py".encode() in bytecode.read_bytes()
    assert str(tmp_path).encode() not in bytecode.read_bytes()


@pytest.mark.filterwarnings("error")
def test_bytecode_that_a_wheel_brings_is_compiled_here_instead(tmp_path: Path) -> None:
    files = {"own/a.py": "x = 1\n", "own/__pycache__/a.cpython-30.pyc": "theirs"}
    tree = unpacked(make(tmp_path / "a", add_wheel(tmp_path, "own", files=files))[0])
    [bytecode] = (tree / SITE / "own/__pycache__").iterdir()
    assert "cpython-30." not in bytecode.name and bytecode.read_bytes() != b"theirs"


def test_without_wheels_no_build_python_is_needed(tmp_path: Path) -> None:
    image, report = make(tmp_path / "a", build_python=None)
    assert (unpacked(image) / "bin/python3").is_symlink() and len(report.parts) == 1


def test_a_module_that_cannot_be_compiled_stays_as_it_is(tmp_path: Path) -> None:
    wheel = add_wheel(tmp_path, "old", files={"old/good.py": "x = 1\n", "old/bad.py": "print 'two'\n"})
    tree = unpacked(make(tmp_path / "a", wheel)[0])
    assert (tree / SITE / "old/bad.py").is_file()
    assert [path.name.split(".")[0] for path in tree.glob(f"{SITE}/old/__pycache__/*")] == ["good"]
    assert "bad.py" in (tmp_path / "a/logs/image-old.log").read_text()


@pytest.mark.slow
def test_the_same_wheels_make_the_same_bytes(tmp_path: Path) -> None:
    sets = {"sets.py": "def f(x):\n    return x in {'b', 'a', 'c', 'd'}\n"}
    greet = add_wheel(tmp_path, "greet", files=GREET | sets)
    images = []
    for name, mask in (("a", 0o022), ("b", 0o077)):
        before = os.umask(mask)
        try:
            images += [make(tmp_path / name / form, greet, form=form)[0] for form in FORMS]
        finally:
            os.umask(before)
    made = [image.read_bytes() for image in images]
    assert len(made) == 2 * len(FORMS) and made[: len(FORMS)] == made[len(FORMS) :]


def test_everything_is_roots_and_of_one_time(tmp_path: Path, greet: Path) -> None:
    with tarfile.open(make(tmp_path / "a", greet)[0]) as tar:
        members = tar.getmembers()
    assert {(each.uid, each.gid, each.mtime) for each in members} == {(0, 0, EPOCH)}
    assert {each.name.split("/")[0] for each in members} == {"python"}


def test_slim_leaves_of_packages_what_runs(tmp_path: Path) -> None:
    files = {**GREET, "greet-1.0.data/headers/greet.h": "", "greet-1.0.data/data/share/man/man1/greet.1": ""}
    tree = unpacked(make(tmp_path / "a", add_wheel(tmp_path, "greet", files=files), slim="1")[0])
    assert not (tree / "include").exists() and not (tree / "share").exists()
    assert run(tree / "bin/greet") == "hello\n"


def test_slim_pyc_leaves_the_bytecode_where_an_import_finds_it(tmp_path: Path, greet: Path) -> None:
    tree = unpacked(make(tmp_path / "a", greet, slim="pyc")[0])
    assert (tree / SITE / "greet.pyc").is_file() and not (tree / SITE / "greet.py").exists()
    assert run(tree / "bin/greet") == "hello\n"


def test_without_pip(tmp_path: Path, greet: Path) -> None:
    tree = unpacked(make(tmp_path / "a", greet, has_pip=False)[0])
    assert [path for path in tree.rglob("*") if "pip" in path.name] == []
    assert run(tree / "bin/greet") == "hello\n"


def test_the_report_has_the_size_of_each_package(tmp_path: Path, greet: Path) -> None:
    large = add_wheel(tmp_path, "large", files={"large/data": "x" * 100_000, "large/__init__.py": ""})
    image, report = make(tmp_path / "a", greet, large)
    tree = unpacked(image)
    sizes = [path.stat().st_size for path in tree.rglob("*") if path.is_file() and not path.is_symlink()]
    assert report.file == image.stat().st_size
    assert report.unpacked == sum(sizes) == sum(size for _, size in report.parts)
    assert report.parts[0][0] == "large 1.0"
    assert {title for title, _ in report.parts} == {"large 1.0", "greet 1.0", f"Python {VERSION}"}


@pytest.mark.parametrize("form", ["tar.gz", pytest.param("squashfs", marks=pytest.mark.slow)])
def test_one_that_is_too_large_is_refused_with_the_largest_named(tmp_path: Path, greet: Path, form: str) -> None:
    noise = os.urandom(100_000).hex()
    large = add_wheel(tmp_path, "large", files={"large/data": noise, "large/__init__.py": ""})
    with pytest.raises(ImageError, match="is too large") as caught:
        make(tmp_path / "a", greet, large, limit=50_000, form=form)
    assert "the largest: large 1.0 0.2 MB" in (caught.value.found or "")
    assert list((tmp_path / "a").glob("image*")) == []
    make(tmp_path / "b", greet, large, limit=400_000, form=form)


def test_a_squashfs_has_the_tree_at_its_top_and_is_roots(tmp_path: Path, greet: Path) -> None:
    image, _ = make(tmp_path / "a", greet, form="squashfs")
    listing = subprocess.run(["unsquashfs", "-lln", "-UTC", image], capture_output=True, text=True, check=True).stdout
    lines = [line.split(maxsplit=5) for line in listing.splitlines() if line[:1] in "-dl" and "0/0" in line]
    names = {line[5].removeprefix("squashfs-root/"): line for line in lines}
    assert names["bin/greet"][0] == "-rwxr-xr-x" and names[f"{SITE}/greet.py"][0] == "-rw-r--r--"
    assert {(line[1], line[3]) for line in lines} == {("0/0", "2020-01-01")}
    assert len(lines) == len([line for line in listing.splitlines() if "squashfs-root" in line])


def test_without_mksquashfs_it_is_told_before_anything_is_done(tmp_path: Path) -> None:
    with pytest.raises(HostToolError, match="mksquashfs"):
        make(tmp_path / "a", path=str(tmp_path), form="squashfs")
    assert not (tmp_path / "a/work").exists()


def test_what_is_no_bundle_is_told(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match=r"not a bundle of Python 3\.4"):
        make(tmp_path / "a", python="3.4.1", series="3.4")


def test_the_next_image_compiles_only_what_is_new(tmp_path: Path, greet: Path) -> None:
    """A kept part is used only if it is unchanged, and only for the same modules."""
    kept = tmp_path / "kept"

    def image(name: str, wheel: Path) -> tuple[bytes, bool]:
        """Its bytes, and whether something was compiled."""
        made, _ = make(tmp_path / name, wheel, kept=kept)
        return made.read_bytes(), (tmp_path / name / "logs/image-greet.log").exists()

    first, is_compiled = image("first", greet)
    assert is_compiled
    assert image("again", greet) == (first, False)
    archive = kept / "greet.gz"
    archive.write_bytes(archive.read_bytes() + b"x")
    assert image("damaged", greet) == (first, True)
    files = {**GREET, "greet.py": GREET["greet.py"] + "\n# changed\n"}
    other, is_compiled = image("changed", add_wheel(tmp_path / "other", "greet", files=files))
    assert is_compiled and other != first
    assert image("back", greet) == (first, True)


def test_build_python_may_be_an_archive(tmp_path: Path, greet: Path) -> None:
    program = tmp_path / "native/bin/python3"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    program.chmod(0o755)
    pack_tree(tmp_path / "native", tmp_path / "build-python.tar.zst", epoch=0)
    image, _ = make(tmp_path / "a", greet, build_python=tmp_path / "build-python.tar.zst")
    assert list(unpacked(image).glob(f"{SITE}/__pycache__/greet.*.pyc"))
