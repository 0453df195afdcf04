"""The parts of an image: who has a name first, and which parts are taken as they were kept."""

from __future__ import annotations

import subprocess
import tarfile
from pathlib import Path

import pytest
from crosspython.errors import ImageError

from tests.unit.made_bundle import SERIES, SITE, VERSION
from tests.unit.made_packages import add_wheel
from tests.unit.test_image_install import GREET
from tests.unit.test_image_make import make, unpacked


def script(tmp_path: Path, name: str, says: str, program: str = "tool") -> Path:
    """A wheel with a console script of this name."""
    files = {
        f"{name}.py": f"def main(): print({says!r})\n",
        f"{name}-1.0.dist-info/entry_points.txt": f"[console_scripts]\n{program} = {name}:main\n",
    }
    return add_wheel(tmp_path, name, files=files)


def test_two_programs_of_one_name_are_told_with_both_packages(tmp_path: Path) -> None:
    with pytest.raises(ImageError) as caught:
        make(tmp_path / "image", script(tmp_path, "alpha", "a"), script(tmp_path, "beta", "b"))
    assert caught.value.evidence == ("alpha 1.0 and beta 1.0 both have the program bin/tool",)


def test_all_files_of_one_name_are_told_at_once(tmp_path: Path) -> None:
    wheels = [
        add_wheel(tmp_path, name, files={"tests/a.py": name, "tests/b.py": name, "tests/same.py": ""})
        for name in ("alpha", "beta")
    ]
    with pytest.raises(ImageError) as caught:
        make(tmp_path / "image", *wheels)
    assert [line.rpartition("/")[2] for line in caught.value.evidence] == ["a.py", "b.py"]


def test_a_file_where_another_package_has_a_folder_is_told(tmp_path: Path) -> None:
    wheels = [
        add_wheel(tmp_path, "alpha", files={"thing/a.py": ""}),
        add_wheel(tmp_path, "beta", files={"thing": "text"}),
        add_wheel(tmp_path, "gamma", files={"thing/a.py/b.py": ""}),
    ]
    with pytest.raises(ImageError) as caught:
        make(tmp_path / "image", *wheels)
    assert [line.partition(" both")[0] for line in caught.value.evidence] == [
        "alpha 1.0 and beta 1.0",
        "alpha 1.0 and gamma 1.0",
    ]


def test_nobody_takes_the_interpreters_place(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="same name") as caught:
        make(tmp_path / "image", script(tmp_path, "alpha", "a", program="python3"))
    assert caught.value.evidence == (f"Python {VERSION} and alpha 1.0 both have the program bin/python3",)


def test_the_same_bytes_twice_are_no_clash_and_count_once(tmp_path: Path) -> None:
    wheels = [
        add_wheel(tmp_path, name, files={"space/__init__.py": "x = 1\n", f"space/{name}.py": ""})
        for name in ("a1", "b1")
    ]
    image, report = make(tmp_path / "image", *wheels)
    tree = unpacked(image)
    assert {path.name for path in (tree / SITE / "space").glob("*.py")} == {"__init__.py", "a1.py", "b1.py"}
    assert report.unpacked == sum(path.lstat().st_size for path in tree.rglob("*") if is_plain(path))


def is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def test_a_newer_pip_takes_the_place_of_the_bundles(tmp_path: Path) -> None:
    image, _ = make(tmp_path / "image", add_wheel(tmp_path, "pip", "26.0", files={"pip/new.py": ""}))
    tree = unpacked(image)
    assert sorted(path.name for path in (tree / SITE).glob("pip*")) == ["pip", "pip-26.0.dist-info"]
    assert [path.name for path in (tree / SITE / "pip").glob("*.py")] == ["new.py"]
    assert not (tree / "bin/pip3").exists()


def test_the_next_image_packs_only_what_is_new(tmp_path: Path) -> None:
    kept, greet = tmp_path / "kept", add_wheel(tmp_path, "greet", files=GREET)
    other = add_wheel(tmp_path, "other", files={"other.py": "x = 1\n"})
    make(tmp_path / "first", greet, kept=kept)
    before = {path: path.stat().st_mtime_ns for path in kept.iterdir()}
    both, _ = make(tmp_path / "both", greet, other, kept=kept)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert both.read_bytes() == make(tmp_path / "anew", greet, other)[0].read_bytes()


@pytest.mark.parametrize("choice", [{"slim": "pyc"}, {"has_pip": False}, {"code": "other"}])
def test_other_choices_take_no_part_of_these(tmp_path: Path, choice: dict[str, object]) -> None:
    kept, greet = tmp_path / "kept", add_wheel(tmp_path, "greet", files=GREET)
    make(tmp_path / "first", greet, kept=kept)
    before = [path.stat().st_mtime_ns for path in sorted(kept.iterdir())]
    made, _ = make(tmp_path / "second", greet, kept=kept, **choice)
    assert [path.stat().st_mtime_ns for path in sorted(kept.iterdir())] != before
    assert made.read_bytes() == make(tmp_path / "anew", greet, **choice)[0].read_bytes()


def test_a_record_that_is_none_is_not_believed(tmp_path: Path) -> None:
    kept, greet = tmp_path / "kept", add_wheel(tmp_path, "greet", files=GREET)
    first = make(tmp_path / "first", greet, kept=kept)[0].read_bytes()
    for number, text in enumerate(("", "[]", "{}", '{"made_of": 1}')):
        (kept / "greet.json").write_text(text)
        assert make(tmp_path / str(number), greet, kept=kept)[0].read_bytes() == first


def test_programs_that_know_only_one_archive_read_all_parts(tmp_path: Path) -> None:
    image, _ = make(tmp_path / "a", add_wheel(tmp_path, "greet", files=GREET))
    listed = subprocess.run(["tar", "tzf", image], capture_output=True, text=True, check=True)
    assert not listed.stderr
    assert {f"python/bin/python{SERIES}", f"python/{SITE}/greet.py"} <= set(listed.stdout.splitlines())
    with tarfile.open(image) as archive:
        assert listed.stdout.splitlines() == [each.name + "/" * each.isdir() for each in archive]
