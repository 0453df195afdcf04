"""Other people's archives: every format, and no member that leaves the folder."""

from __future__ import annotations

import errno
import io
import tarfile
import zipfile
from pathlib import Path

import pytest
import zstandard
from crosspython.errors import ArchiveError
from crosspython.store import members
from crosspython.store.archive import unpack_archive


def tar_of(*members: tarfile.TarInfo, mode: str = "w:gz", data: bytes = b"text") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as tar:
        for member in members:
            member.size = len(data) if member.isreg() else 0
            tar.addfile(member, io.BytesIO(data))
    return stream.getvalue()


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "", mode: int = 0o644) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode, info.mtime = kind, link, mode, 1000000000
    return info


def unpack(tmp_path: Path, data: bytes, name: str = "x.tar.gz", strip: int = 1) -> Path:
    (tmp_path / name).write_bytes(data)
    unpack_archive(tmp_path / name, tmp_path / "out", strip=strip)
    return tmp_path / "out"


@pytest.mark.parametrize("mode", ["w:", "w:gz", "w:bz2", "w:xz"])
def test_a_tar_of_any_compression(tmp_path: Path, mode: str) -> None:
    assert (unpack(tmp_path, tar_of(member("x-1/a"), mode=mode)) / "a").read_text() == "text"


def test_a_tar_of_zstandard(tmp_path: Path) -> None:
    data = zstandard.ZstdCompressor().compress(tar_of(member("x-1/a"), mode="w:"))
    assert (unpack(tmp_path, data, "x.tar.zst") / "a").read_text() == "text"


def test_a_zip(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("x-1/a", "text")
    assert (unpack(tmp_path, stream.getvalue(), "x.zip") / "a").read_text() == "text"


def test_the_format_is_told_by_content_not_by_name(tmp_path: Path) -> None:
    assert (unpack(tmp_path, tar_of(member("x-1/a"), mode="w:xz"), "x.tar.gz") / "a").is_file()


def test_times_and_modes_are_kept(tmp_path: Path) -> None:
    path = unpack(tmp_path, tar_of(member("x-1/configure", mode=0o755))) / "configure"
    assert path.stat().st_mtime == 1000000000
    assert path.stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize(
    "bad",
    [
        member("../evil"),
        member("x-1/../../evil"),
        member("x-1/link", tarfile.SYMTYPE, "/etc/passwd"),
        member("x-1/link", tarfile.SYMTYPE, "../../evil"),
        member("x-1/link", tarfile.LNKTYPE, "../evil"),
        member("x-1/device", tarfile.CHRTYPE),
        member("x-1/pipe", tarfile.FIFOTYPE),
    ],
    ids=lambda info: f"{info.name}-{info.type.decode()}",
)
def test_a_member_that_must_not_be_unpacked_is_refused(tmp_path: Path, bad: tarfile.TarInfo) -> None:
    with pytest.raises(ArchiveError, match="refused") as caught:
        unpack(tmp_path, tar_of(member("x-1/a"), bad))
    assert bad.name.rpartition("/")[2] in str(caught.value)
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "evil").exists()


def test_an_absolute_member_does_not_leave_the_folder(tmp_path: Path) -> None:
    inside = unpack(tmp_path, tar_of(member("/etc/evil-crosspython")), strip=0)
    assert (inside / "etc" / "evil-crosspython").is_file()
    assert not Path("/etc/evil-crosspython").exists()


def test_a_zip_member_that_leaves_the_folder_is_refused(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("../evil", "text")
    with pytest.raises(ArchiveError, match="refused"):
        unpack(tmp_path, stream.getvalue(), "x.zip")


def test_a_truncated_archive_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    data = tar_of(member("x-1/a"), data=bytes(range(256)) * 500)
    with pytest.raises(ArchiveError, match="damaged, truncated"):
        unpack(tmp_path, data[: len(data) // 2])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.tar.gz"]


def test_something_else_is_told(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="unknown kind"):
        unpack(tmp_path, b"<html>404</html>")


def test_a_source_without_a_folder_at_the_top_is_told(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="does not look like the archive of a source"):
        unpack(tmp_path, tar_of(member("a"), member("b")))


def test_a_folder_that_was_there_is_replaced_as_a_whole(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "stale").touch()
    assert [path.name for path in unpack(tmp_path, tar_of(member("x-1/a"))).iterdir()] == ["a"]


def test_a_bad_archive_leaves_the_folder_that_was_there(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "good").touch()
    with pytest.raises(ArchiveError):
        unpack(tmp_path, b"no archive")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["good"]


def test_what_a_killed_run_left_is_cleared_away(tmp_path: Path) -> None:
    (tmp_path / "out.part" / "x-1").mkdir(parents=True)
    (tmp_path / "out.part" / "x-1" / "stale").touch()
    assert [path.name for path in unpack(tmp_path, tar_of(member("x-1/a"))).iterdir()] == ["a"]
    assert not (tmp_path / "out.part").exists()


def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(members.shutil, "copyfileobj", fail)
    with pytest.raises(ArchiveError, match="the disk is full") as caught:
        unpack(tmp_path, tar_of(member("x-1/a")))
    assert f"free in {tmp_path}" in str(caught.value)


def test_an_archive_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="cannot be unpacked"):
        unpack_archive(tmp_path / "nowhere.tar", tmp_path / "out")


def test_an_sdk_may_keep_its_absolute_links(tmp_path: Path) -> None:
    (tmp_path / "sdk.tar").write_bytes(tar_of(member("etc/mtab", tarfile.SYMTYPE, "/proc/mounts"), mode="w:"))
    unpack_archive(tmp_path / "sdk.tar", tmp_path / "sdk", keep_absolute_links=True)
    assert (tmp_path / "sdk/etc/mtab").is_symlink()


def test_what_no_step_reads_is_not_unpacked(tmp_path: Path) -> None:
    names = ["./x-1/test/a", "x-1/test/deep/b", "x-1/src/test/c", "x-1/po/de.po", "x-1/po/Makefile.in.in", "x-1/test.c"]
    (tmp_path / "x.tar.gz").write_bytes(tar_of(*map(member, names)))
    unpack_archive(tmp_path / "x.tar.gz", tmp_path / "out", strip=1, leave_out=["test/*", "po/*.po"])
    left = sorted(str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*") if path.is_file())
    assert left == ["po/Makefile.in.in", "src/test/c", "test.c"]
