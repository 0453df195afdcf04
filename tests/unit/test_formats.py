"""Archive formats: told by content, and never taken for whole when they are not."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from crosspython.store.formats import Damaged, damage_told, read_members
from crosspython.store.members import FILE, FOLDER, SYMLINK

NOISE = random.Random(1).randbytes(80000)


def tar_of(*files: tuple[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:") as tar:
        for name, data in files:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return stream.getvalue()


TAR = tar_of(("a", NOISE), ("b", b"end"))
COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "plain": lambda data: data,
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstandard.ZstdCompressor().compress,
}


def read(tmp_path: Path, data: bytes) -> dict[str, bytes]:
    (tmp_path / "archive").write_bytes(data)
    with damage_told():
        return {member.name: member.open().read() for member in read_members(tmp_path / "archive") if member.open}


@pytest.mark.parametrize("kind", COMPRESSIONS)
def test_every_compression_is_read(tmp_path: Path, kind: str) -> None:
    assert read(tmp_path, COMPRESSIONS[kind](TAR)) == {"a": NOISE, "b": b"end"}


@pytest.mark.parametrize("kind", COMPRESSIONS)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
def test_a_truncated_archive_is_damaged(tmp_path: Path, kind: str, share: float) -> None:
    data = COMPRESSIONS[kind](TAR)
    with pytest.raises(Damaged):
        read(tmp_path, data[: int(len(data) * share)])


@pytest.mark.parametrize("kind", ["gz", "bz2", "xz", "zst"])
def test_the_last_bytes_count(tmp_path: Path, kind: str) -> None:
    with pytest.raises(Damaged):
        read(tmp_path, COMPRESSIONS[kind](TAR)[:-2])


@pytest.mark.parametrize("kind", ["gz", "bz2", "xz"])
def test_a_flipped_bit_is_damage(tmp_path: Path, kind: str) -> None:
    data = bytearray(COMPRESSIONS[kind](TAR))
    data[len(data) // 2] ^= 4
    with pytest.raises(Damaged):
        read(tmp_path, bytes(data))


def test_a_tar_that_ends_between_two_members_is_damaged(tmp_path: Path) -> None:
    with pytest.raises(Damaged):
        read(tmp_path, gzip.compress(TAR[: 512 + (len(NOISE) + 511) // 512 * 512]))


def test_a_damaged_header_is_not_the_end(tmp_path: Path) -> None:
    data = bytearray(TAR)
    data[512 + (len(NOISE) + 511) // 512 * 512 + 3] ^= 255
    with pytest.raises(Damaged):
        read(tmp_path, bytes(data))


@pytest.mark.parametrize("data", [b"", b"<html>" * 500, b"\0" * 100, b"PK\x03\x04 no zip", b"\x1f\x8b no gzip"])
def test_what_is_no_archive_is_told(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(Damaged):
        read(tmp_path, data)


def test_a_zstd_file_of_many_frames_is_read_to_its_end(tmp_path: Path) -> None:
    compress = zstandard.ZstdCompressor().compress
    skippable = b"\x50\x2a\x4d\x18" + (4).to_bytes(4, "little") + b"skip"
    assert read(tmp_path, skippable + compress(TAR[:1000]) + compress(TAR[1000:])) == {"a": NOISE, "b": b"end"}


def deb_of(data: bytes, name: str = "data.tar.xz") -> bytes:
    """A Debian package, as deb(5) has it."""
    package = b"!<arch>\n"
    for member, body in (("debian-binary", b"2.0\n"), ("control.tar.xz", b"odd"), (name, data)):
        package += f"{member:<16}{'0':<12}{'0':<6}{'0':<6}{'100644':<8}{len(body):<10}`\n".encode() + body
        package += b"\n" * (len(body) % 2)
    return package


@pytest.mark.parametrize("kind", COMPRESSIONS)
def test_the_files_of_a_debian_package_are_read(tmp_path: Path, kind: str) -> None:
    assert read(tmp_path, deb_of(COMPRESSIONS[kind](TAR))) == {"a": NOISE, "b": b"end"}


@pytest.mark.parametrize("package", [deb_of(lzma.compress(TAR))[:-9000], deb_of(b"", "libz.o"), deb_of(TAR)[:70]])
def test_a_package_without_whole_files_is_damaged(tmp_path: Path, package: bytes) -> None:
    with pytest.raises(Damaged):
        read(tmp_path, package)


def test_a_zip_with_a_wrong_check_sum_is_damaged(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a", "content that will change")
    with pytest.raises(Damaged):
        read(tmp_path, stream.getvalue().replace(b"will change", b"has changed"))


def test_a_zip_keeps_modes_links_folders_and_times(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        for name, mode, data in (("run", 0o100755, b"#!"), ("link", 0o120777, b"run"), ("folder/", 0o40755, b"")):
            info = zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0))
            info.create_system, info.external_attr = 3, mode << 16
            archive.writestr(info, data)
    run, link, folder = read_members(tmp_path / "x.zip")
    assert (run.kind, run.mode & 0o777, run.mtime) == (FILE, 0o755, 1577836800)
    assert (link.kind, link.target) == (SYMLINK, "run")
    assert folder.kind == FOLDER
