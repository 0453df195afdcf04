"""The cache's folder: verified at each use, never half written, never larger than its limit."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from crosspython.store.artifacts import CacheTrouble
from crosspython.store.cache_folder import CacheFolder

KEY, OTHER = "ab" * 32, "cd" * 32


@pytest.fixture
def folder(tmp_path: Path) -> CacheFolder:
    return CacheFolder(tmp_path / "cache", limit=10**6)


def keep(folder: CacheFolder, key: str, data: bytes) -> None:
    path = folder.folder.parent / "product"
    path.write_bytes(data)
    folder.keep(key, path)


def objects(folder: CacheFolder) -> list[Path]:
    return [path for path in (folder.folder / "cas").rglob("*") if path.is_file()]


def test_bytes_come_back(folder: CacheFolder, tmp_path: Path) -> None:
    keep(folder, KEY, b"product")
    assert folder.take(KEY, tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == b"product"


def test_a_folder_that_is_not_there_is_a_miss(folder: CacheFolder, tmp_path: Path) -> None:
    assert not folder.take(KEY, tmp_path / "part")


def test_the_same_bytes_are_kept_once(folder: CacheFolder) -> None:
    keep(folder, KEY, b"product")
    keep(folder, OTHER, b"product")
    assert len(objects(folder)) == 1


@pytest.mark.parametrize("damage", [b"prodUct", b"prod", b"product and more", b""])
def test_a_damaged_object_is_told_and_removed(folder: CacheFolder, tmp_path: Path, damage: bytes) -> None:
    keep(folder, KEY, b"product")
    objects(folder)[0].write_bytes(damage)
    with pytest.raises(CacheTrouble, match="damaged"):
        folder.take(KEY, tmp_path / "part")
    assert not folder.take(KEY, tmp_path / "part")
    keep(folder, KEY, b"product")
    assert folder.take(KEY, tmp_path / "part")


def test_a_damaged_record_is_told_and_removed(folder: CacheFolder, tmp_path: Path) -> None:
    keep(folder, KEY, b"product")
    (folder.folder / "ac" / KEY[:2] / KEY).write_text("{")
    with pytest.raises(CacheTrouble, match="damaged"):
        folder.take(KEY, tmp_path / "part")
    assert not folder.take(KEY, tmp_path / "part")


def test_a_record_without_its_object_is_a_miss(folder: CacheFolder, tmp_path: Path) -> None:
    keep(folder, KEY, b"product")
    objects(folder)[0].unlink()
    assert not folder.take(KEY, tmp_path / "part")


def test_what_was_used_last_stays_when_room_is_made(tmp_path: Path) -> None:
    folder = CacheFolder(tmp_path / "cache", limit=10_000)
    for number in range(20):
        keep(folder, f"{number:064x}", bytes([number]) * 1000)
        for path in folder.folder.rglob("*"):
            if path.is_file() and path.stat().st_mtime > 1e9:
                os.utime(path, (1000 + number, 1000 + number))
    assert folder.take(f"{0:064x}", tmp_path / "part")
    folder.tidy()
    assert sum(path.stat().st_size for path in folder.folder.rglob("*") if path.is_file()) <= 10_000
    assert folder.take(f"{0:064x}", tmp_path / "part")
    assert folder.take(f"{19:064x}", tmp_path / "part")
    assert not folder.take(f"{1:064x}", tmp_path / "part")


def test_a_product_larger_than_the_limit_is_not_kept(tmp_path: Path) -> None:
    folder = CacheFolder(tmp_path / "cache", limit=3)
    keep(folder, KEY, b"product")
    assert not folder.folder.exists()


def test_no_part_is_left_when_the_disk_refuses(
    folder: CacheFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(CacheTrouble, match="No space left"):
        keep(folder, KEY, b"product")
    assert [path for path in folder.folder.rglob("*") if path.is_file()] == []


def test_many_writers_of_one_product_are_no_trouble(folder: CacheFolder, tmp_path: Path) -> None:
    product = tmp_path / "product"
    product.write_bytes(b"x" * 300_000)
    errors: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for _ in range(10):
                folder.keep(KEY, product)
                assert folder.take(KEY, tmp_path / f"part{number}")
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
