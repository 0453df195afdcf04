"""Reading static libraries."""

from __future__ import annotations

from pathlib import Path

import pytest
from crosspython.elf.static_archive import read_archive_members
from crosspython.errors import AuditError

from tests.unit.made_elf import ET_REL, make_archive, make_elf

OBJECT = make_elf(kind=ET_REL, flags=0x05000000)


def test_each_object_is_named_by_library_and_member(tmp_path: Path) -> None:
    path = tmp_path / "libz.a"
    path.write_bytes(make_archive({"inflate.o": OBJECT, "notes.txt": b"odd", "deflate.o": OBJECT}))
    assert [elf.path.name for elf in read_archive_members(path)] == ["libz.a(inflate.o)", "libz.a(deflate.o)"]


def test_long_names_come_from_gnus_table(tmp_path: Path) -> None:
    path = tmp_path / "libz.a"
    table = b"a-very-long-name-of-an-object.o/\n"
    data = make_archive({"x": table, "y": OBJECT}).replace(b"x/              ", b"//              ")
    path.write_bytes(data.replace(b"y/              ", b"/0              "))
    assert [elf.path.name for elf in read_archive_members(path)] == ["libz.a(a-very-long-name-of-an-object.o)"]


def test_long_names_come_from_before_the_bytes_on_bsd(tmp_path: Path) -> None:
    path = tmp_path / "libz.a"
    data = make_archive({"x": b"long-name.o\0" + OBJECT}).replace(b"x/              ", b"#1/12           ")
    path.write_bytes(data)
    assert [elf.path.name for elf in read_archive_members(path)] == ["libz.a(long-name.o)"]


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (make_archive({"a.o": OBJECT})[:-40], "damaged"),
        (make_archive({"a.o": OBJECT}) + b"rest", "damaged"),
        (b"!<thin>\n", "thin"),
        (b"something", "not a static library"),
    ],
)
def test_what_is_no_whole_static_library_is_refused(tmp_path: Path, data: bytes, what: str) -> None:
    path = tmp_path / "libz.a"
    path.write_bytes(data)
    with pytest.raises(AuditError, match=what):
        list(read_archive_members(path))
