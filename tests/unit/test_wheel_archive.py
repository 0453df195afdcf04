"""Wheels unpacked, changed and packed again."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest
from crosspython.errors import ArchiveError, AuditError
from crosspython.wheels.repairing.archive import lay_out_wheel, parse_wheel_name, state_tags, verify_record
from crosspython.wheels.repairing.pack import pack_wheel
from packaging.tags import parse_tag

from tests.unit.made_wheel import make_wheel, member_names

NAME = "toy-1.0-py3-none-any.whl"
EPOCH = 1577836800


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    files = {
        "toy/__init__.py": "",
        "toy-1.0.data/scripts/toy": "#!python\n",
        "toy-1.0.data/data/share/toy.txt": "x",
        "toy-1.0.data/headers/toy.h": "",
        "toy-1.0.data/platlib/more.py": "",
    }
    return make_wheel(tmp_path / "made", NAME, files, executable=["toy-1.0.data/scripts/toy"])


def test_its_parts_lie_where_pip_puts_them(wheel: Path, tmp_path: Path) -> None:
    tree = lay_out_wheel(wheel, tmp_path / "root", "3.13")
    site = tmp_path / "root/lib/python3.13/site-packages"
    assert (site / "toy/__init__.py").exists() and (site / "more.py").exists()
    assert (tree.root / "bin/toy").stat().st_mode & 0o100 and (tree.root / "share/toy.txt").exists()
    assert (tree.root / "include/site/python3.13/toy/toy.h").exists() and not (site / "toy-1.0.data").exists()


def test_packed_again_it_has_the_same_names_and_a_record_that_verifies(wheel: Path, tmp_path: Path) -> None:
    pack_wheel(lay_out_wheel(wheel, tmp_path / "root", "3.13"), tmp_path / NAME, EPOCH)
    assert sorted(member_names(tmp_path / NAME)) == sorted(member_names(wheel))
    assert verify_record(lay_out_wheel(tmp_path / NAME, tmp_path / "again", "3.13")) == []


def test_the_same_tree_gives_the_same_bytes_whatever_its_times_and_rights(wheel: Path, tmp_path: Path) -> None:
    pack_wheel(lay_out_wheel(wheel, tmp_path / "root", "3.13"), tmp_path / "a.whl", EPOCH)
    tree = lay_out_wheel(wheel, tmp_path / "other", "3.13")
    for path in tree.site.rglob("*.py"):
        os.utime(path, (1, 1))
        path.chmod(0o600)
    pack_wheel(tree, tmp_path / "b.whl", EPOCH)
    assert (tmp_path / "a.whl").read_bytes() == (tmp_path / "b.whl").read_bytes()


def test_metadata_comes_last_and_record_at_the_very_end(wheel: Path, tmp_path: Path) -> None:
    pack_wheel(lay_out_wheel(wheel, tmp_path / "root", "3.13"), tmp_path / NAME, EPOCH)
    assert member_names(tmp_path / NAME)[-3:] == [
        f"toy-1.0.dist-info/{name}" for name in ("METADATA", "WHEEL", "RECORD")
    ]


def test_the_right_to_run_is_kept(wheel: Path, tmp_path: Path) -> None:
    pack_wheel(lay_out_wheel(wheel, tmp_path / "root", "3.13"), tmp_path / NAME, EPOCH)
    with zipfile.ZipFile(tmp_path / NAME) as archive:
        modes = {info.filename: info.external_attr >> 16 for info in archive.infolist()}
    assert modes["toy-1.0.data/scripts/toy"] == 0o100755 and modes["toy/__init__.py"] == 0o100644


def test_tags_are_stated_one_a_line(wheel: Path, tmp_path: Path) -> None:
    tree = lay_out_wheel(wheel, tmp_path / "root", "3.13")
    state_tags(tree, parse_tag("py2.py3-none-any"), is_pure=True)
    assert (tree.dist_info / "WHEEL").read_text().splitlines() == [
        "Wheel-Version: 1.0",
        "Root-Is-Purelib: true",
        "Tag: py2-none-any",
        "Tag: py3-none-any",
    ]


def test_a_signature_of_the_old_record_is_not_packed(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path / "made", NAME, {"toy-1.0.dist-info/RECORD.jws": "{}"})
    pack_wheel(lay_out_wheel(wheel, tmp_path / "root", "3.13"), tmp_path / NAME, EPOCH)
    assert "toy-1.0.dist-info/RECORD.jws" not in member_names(tmp_path / NAME)


def test_record_names_what_differs(wheel: Path, tmp_path: Path) -> None:
    tree = lay_out_wheel(wheel, tmp_path / "root", "3.13")
    (tree.site / "toy/__init__.py").write_text("evil()")
    (tree.site / "toy/new.py").write_text("")
    (tree.site / "more.py").unlink()
    assert sorted(verify_record(tree)) == [
        "toy-1.0.data/platlib/more.py is in RECORD only",
        "toy/__init__.py has other bytes than RECORD says",
        "toy/new.py is not in RECORD",
    ]


def test_a_wheel_without_record_is_told(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path / "made", NAME, {}, record=False)
    assert verify_record(lay_out_wheel(wheel, tmp_path / "root", "3.13")) == ["there is no RECORD"]


def test_two_files_for_one_place_are_refused(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, NAME, {"a.py": "1", "toy-1.0.data/purelib/a.py": "2"})
    with pytest.raises(AuditError, match="would overwrite another file of the wheel"):
        lay_out_wheel(wheel, tmp_path / "root", "3.13")


def test_an_unknown_folder_below_data_is_refused(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, NAME, {"toy-1.0.data/etc/a": ""})
    with pytest.raises(AuditError) as caught:
        lay_out_wheel(wheel, tmp_path / "root", "3.13")
    assert caught.value.found == "etc/a there"


def test_a_zip_that_is_no_wheel_is_told(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / NAME, "w") as archive:
        archive.writestr("toy.py", "")
    with pytest.raises(AuditError, match="not a wheel"):
        lay_out_wheel(tmp_path / NAME, tmp_path / "root", "3.13")


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"PK\3\4 and so on")
    with pytest.raises(ArchiveError):
        lay_out_wheel(tmp_path / NAME, tmp_path / "root", "3.13")


@pytest.mark.parametrize("name", ["toy.whl", "toy-1.0.whl", "toy-x.y-py3-none-any.whl", "toy-1.0.tar.gz"])
def test_a_wrong_name_is_told(name: str) -> None:
    with pytest.raises(AuditError, match="not the name of a wheel"):
        parse_wheel_name(name)


def test_a_name_is_written_as_it_was_read() -> None:
    name = "zope_interface-8.7-1build-cp313-cp313-linux_armv7l.whl"
    assert str(parse_wheel_name(name)) == name
