"""The example's images: the archive has the owners, modes and devices of the list, whoever makes it."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile
from pathlib import Path

from examples.firmware import image


def read(path: Path) -> dict[str, tuple[int, int, int, int, int, bytes]]:
    """Mode, owner, group, device and content by name, read as the kernel reads it."""
    data, found, at = path.read_bytes(), {}, 0
    while True:
        assert data[at : at + 6] == b"070701"
        field = [int(data[at + 6 + 8 * n : at + 14 + 8 * n], 16) for n in range(13)]
        name = data[at + 110 : at + 110 + field[11] - 1].decode()
        begin = (at + 110 + field[11] + 3) // 4 * 4
        if name == "TRAILER!!!":
            return found
        found[name] = (field[1], field[2], field[3], field[9], field[10], data[begin : begin + field[6]])
        at = (begin + field[6] + 3) // 4 * 4


def test_what_the_list_says_is_in_the_archive(tmp_path: Path) -> None:
    entries = [
        image.file("/usr/bin/tool", b"#!/bin/sh\n", 0o4755),
        image.folder("/var/lib/app", 0o750, 200, 201),
        image.link("/bin", "usr/bin"),
        image.device("/dev/console", 5, 1),
    ]
    image.write_image(entries, tmp_path / "rootfs.cpio")
    found = read(tmp_path / "rootfs.cpio")
    assert found["usr/bin/tool"] == (stat.S_IFREG | 0o4755, 0, 0, 0, 0, b"#!/bin/sh\n")
    assert found["var/lib/app"][:3] == (stat.S_IFDIR | 0o750, 200, 201)
    assert found["bin"][5] == b"usr/bin"
    assert found["dev/console"][:5] == (stat.S_IFCHR | 0o600, 0, 0, 5, 1)
    assert found["usr"][0] == stat.S_IFDIR | 0o755


def test_the_same_list_is_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        image.write_image([image.file("/a", b"1"), image.file("/b/c", b"2")], tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_bundle_and_a_wheel_become_entries(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "b.tar.gz", "w:gz") as archive:
        info = tarfile.TarInfo("python/bin/python3.13")
        info.size, info.mode = 3, 0o755
        archive.addfile(info, io.BytesIO(b"ELF"))
        info = tarfile.TarInfo("python/bin/python3")
        info.type, info.linkname = tarfile.SYMTYPE, "python3.13"
        archive.addfile(info)
    with zipfile.ZipFile(tmp_path / "w.whl", "w") as wheel:
        wheel.writestr("tiny/__init__.py", "answer = 42\n")
    python = image.unpacked(tmp_path / "b.tar.gz", "/opt")
    assert [entry.line() for entry in python] == [
        "-0755 0:0 /opt/python/bin/python3.13",
        "l0777 0:0 /opt/python/bin/python3 -> python3.13",
    ]
    [module] = image.installed(tmp_path / "w.whl", "/site")
    assert (module.path, module.data) == ("/site/tiny/__init__.py", b"answer = 42\n")


def test_sizes_are_told_by_package_largest_first() -> None:
    table = image.sizes({"app": [image.file("/a", b"x" * 10_000)], "python": [image.file("/p", b"x" * 2_000_000)]})
    assert [line.split()[-1] for line in table.splitlines()] == ["python", "app", "all"]
