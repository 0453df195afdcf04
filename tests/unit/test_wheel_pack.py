"""Trees packed into wheels: members that are copied compressed, and members that are compressed again."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pytest
from crosspython.store.archive import unpack_archive
from crosspython.wheels.repairing.archive import WheelTree, lay_out_wheel, verify_record
from crosspython.wheels.repairing.pack import pack_wheel

from tests.unit.made_wheel import make_wheel

NAME = "toy-1.0-py3-none-any.whl"
TEXT = b"".join(b"%d bottles of beer on the wall\n" % number for number in range(5000))
EPOCH = 1577836800


class Stream(io.BytesIO):
    """A file that cannot seek, as a pipe: zipfile writes sizes behind the members of such an archive."""

    def seek(self, *_: int) -> int:
        raise OSError


def rewrite(wheel: Path, file: Path | IO[bytes], level: int | None = None) -> None:
    """Write all members of a wheel into a new one, deflated."""
    with zipfile.ZipFile(wheel) as source, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as to:
        for name in source.namelist():
            to.writestr(name, source.read(name))


def make(folder: Path, level: int | None = None) -> Path:
    stored = make_wheel(folder / "stored", NAME, {"toy.txt": TEXT, "empty": b"", "größe": TEXT[:99]})
    rewrite(stored, folder / NAME, level)
    return folder / NAME


def compressed(wheel: Path, name: str) -> bytes:
    """A member's bytes in the archive. Our own archives have no extra fields."""
    with zipfile.ZipFile(wheel) as archive:
        info = archive.getinfo(name)
    start = info.header_offset + 30 + len(name.encode())
    return wheel.read_bytes()[start : start + info.compress_size]


def pack(wheel: Path, change: Callable[[WheelTree], object] = lambda tree: None) -> Path:
    """Lay the wheel out, change the tree, and pack it; the product is verified."""
    tree = lay_out_wheel(wheel, wheel.parent / "tree", "3.13")
    change(tree)
    product = wheel.with_name("product.whl")
    pack_wheel(tree, product, EPOCH)
    with zipfile.ZipFile(product) as archive:
        assert archive.testzip() is None and not any(info.flag_bits & ~0x800 for info in archive.infolist())
    assert verify_record(lay_out_wheel(product, wheel.parent / "again", "3.13")) == []
    return product


def test_a_file_that_did_not_change_is_copied_compressed(tmp_path: Path) -> None:
    wheel = make(tmp_path, 1)
    product = pack(wheel)
    assert compressed(product, "toy.txt") == compressed(wheel, "toy.txt") != zlib.compress(TEXT, 6, -15)


def test_copied_or_compressed_here_the_wheel_is_the_same(tmp_path: Path) -> None:
    deflated = make(tmp_path)
    assert pack(deflated).read_bytes() == pack(tmp_path / "stored" / NAME).read_bytes()


def test_a_file_that_changed_is_compressed_anew(tmp_path: Path) -> None:
    changed = TEXT[:-2] + b"?\n"
    product = pack(make(tmp_path, 1), lambda tree: (tree.site / "toy.txt").write_bytes(changed))
    assert compressed(product, "toy.txt") == zlib.compress(changed, 6, -15)


@pytest.mark.parametrize("changed", [TEXT + b"more", TEXT[:-1], b""])
def test_a_file_of_another_size_is_compressed_anew(tmp_path: Path, changed: bytes) -> None:
    product = pack(make(tmp_path), lambda tree: (tree.site / "toy.txt").write_bytes(changed))
    assert zipfile.ZipFile(product).read("toy.txt") == changed


def test_sizes_behind_a_member_come_before_it(tmp_path: Path) -> None:
    """pack() looks at the flags: a member with sizes behind it has one."""
    usual = make(tmp_path / "usual")
    stream, wheel = Stream(), tmp_path / NAME
    rewrite(usual, stream)
    wheel.write_bytes(stream.getvalue())
    assert zipfile.ZipFile(wheel).getinfo("toy.txt").flag_bits & 8
    assert pack(wheel).read_bytes() == pack(usual).read_bytes()


def test_headers_of_the_large_format_are_not_copied(tmp_path: Path) -> None:
    usual = make(tmp_path / "usual")
    wheel = tmp_path / NAME
    with zipfile.ZipFile(usual) as source, zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in source.namelist():
            with archive.open(name, "w", force_zip64=True) as member:
                member.write(source.read(name))
    assert pack(wheel).read_bytes() == pack(usual).read_bytes()


def test_bytes_before_the_archive_stay_out(tmp_path: Path) -> None:
    usual, wheel = make(tmp_path / "usual"), tmp_path / NAME
    wheel.write_bytes(usual.read_bytes())
    expected = pack(wheel).read_bytes()
    tree = lay_out_wheel(usual, tmp_path / "tree", "3.13")
    usual.write_bytes(b"#!/bin/sh\nexit\n" + usual.read_bytes())
    pack_wheel(tree, tmp_path / "b.whl", EPOCH)
    assert (tmp_path / "b.whl").read_bytes() == expected


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_of_two_members_with_one_name_none_is_copied(tmp_path: Path) -> None:
    """Installers differ in which of the two they take; the tree has the last."""
    wheel = make(tmp_path, 1)
    with zipfile.ZipFile(wheel, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("toy.txt", TEXT)
    product = pack(wheel)
    assert compressed(product, "toy.txt") == zlib.compress(TEXT, 6, -15)
    assert zipfile.ZipFile(product).namelist().count("toy.txt") == 1


def test_bytes_behind_the_stream_of_a_member_are_not_copied(tmp_path: Path) -> None:
    """zipfile does not see them; other programs take them for damage."""
    wheel = make(tmp_path)
    stream = zlib.compress(TEXT, 6, -15)
    with zipfile.ZipFile(wheel, "a") as archive:
        info = zipfile.ZipInfo("more.txt")
        archive.writestr(info, stream + b"hidden")
        info.compress_type, info.file_size, info.CRC = zipfile.ZIP_DEFLATED, len(TEXT), zlib.crc32(TEXT)
    unpack_archive(wheel, tmp_path / "seen")
    assert (tmp_path / "seen/more.txt").read_bytes() == TEXT
    assert compressed(pack(wheel), "more.txt") == stream


def test_a_member_is_found_by_its_name_in_the_wheel(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path / "stored", NAME, {"toy-1.0.data/data/share/toy.txt": TEXT})
    deflated = tmp_path / NAME
    rewrite(wheel, deflated, 1)
    name = "toy-1.0.data/data/share/toy.txt"
    assert compressed(pack(deflated), name) == compressed(deflated, name)
