"""Rust out of packages: which there are, and that they become one tree, once."""

from __future__ import annotations

import hashlib
import io
import lzma
import re
import tarfile
from pathlib import Path

import pytest
from crosspython.errors import SourceError
from crosspython.store.fetch import Store
from crosspython.toolchain import rust_packages
from crosspython.toolchain.rust_packages import packaged_release, packaged_sources, unpack_rust

from tests.unit.test_formats import deb_of

TRIPLE = "armv7-unknown-linux-gnueabihf"


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three small packages in a mirror instead of the real ones; the mirror's folder."""
    mirror = tmp_path / "mirror"
    mirror.mkdir()

    def package(name: str, files: dict[str, str]) -> dict[str, str]:
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w:") as tar:
            for path, text in files.items():
                info = tarfile.TarInfo(f"./{path}")
                info.size, info.mode = len(text), 0o755
                tar.addfile(info, io.BytesIO(text.encode()))
        content = deb_of(lzma.compress(stream.getvalue()))
        (mirror / f"{name}.deb").write_bytes(content)
        return {"pool": f"r/{name}.deb", "sha256": hashlib.sha256(content).hexdigest()}

    rows = {
        "release": "1.0.0",
        "host": "x86_64-unknown-linux-gnu",
        "compiler": [package("rustc", {"usr/bin/rustc": "rustc", "usr/share/doc/rustc": "a page"})],
        "std": {
            "x86_64-unknown-linux-gnu": package("own", {"usr/lib/rustlib/x86_64/libstd": "own"}),
            TRIPLE: package("arm", {"usr/lib/rustlib/armv7/libstd": "arm"}),
        },
    }
    monkeypatch.setattr(rust_packages, "_read_data", lambda: rows)
    monkeypatch.setattr(rust_packages.platform, "machine", lambda: "x86_64")
    return mirror


def test_packages_become_one_tree_without_their_documentation(tmp_path: Path, data: Path) -> None:
    sysroot = unpack_rust(TRIPLE, Store(tmp_path / "downloads", mirror=str(data)), tmp_path / "machine")
    files = {path.relative_to(sysroot).as_posix() for path in sysroot.rglob("*") if path.is_file()}
    assert files == {"bin/rustc", "lib/rustlib/x86_64/libstd", "lib/rustlib/armv7/libstd"}


def test_a_second_call_fetches_nothing(tmp_path: Path, data: Path) -> None:
    sysroot = unpack_rust(TRIPLE, Store(tmp_path / "downloads", mirror=str(data)), tmp_path / "machine")
    assert unpack_rust(TRIPLE, Store(tmp_path / "none", offline=True), tmp_path / "machine") == sysroot


@pytest.mark.parametrize("name", ["usr/lib/rustlib/armv7/libstd", "usr/bin/rustc", "usr/bin/stray"])
def test_a_tree_that_somebody_changed_is_made_again(tmp_path: Path, data: Path, name: str) -> None:
    store, told = Store(tmp_path / "downloads", mirror=str(data)), list[str]()
    root = unpack_rust(TRIPLE, store, tmp_path / "machine").parent
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    (root / name).write_text("changed")
    unpack_rust(TRIPLE, store, tmp_path / "machine", told.append)
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before
    assert told == [f"{root} was changed since it was unpacked, so it is unpacked again"]
    (root / "usr/bin/rustc").unlink()
    unpack_rust(TRIPLE, store, tmp_path / "machine", told.append)
    unpack_rust(TRIPLE, store, tmp_path / "machine", told.append)
    assert (root / "usr/bin/rustc").read_text() == "rustc"
    assert len(told) == 2


def test_what_was_broken_off_is_taken_up_again(tmp_path: Path, data: Path) -> None:
    arm = (data / "arm.deb").rename(tmp_path / "arm.deb")
    store = Store(tmp_path / "downloads", mirror=str(data), pools=lambda: ())
    with pytest.raises(SourceError, match=r"arm\.deb"):
        unpack_rust(TRIPLE, store, tmp_path / "machine")
    arm.rename(data / "arm.deb")
    assert (unpack_rust(TRIPLE, store, tmp_path / "machine") / "lib/rustlib/armv7/libstd").read_text() == "arm"


def test_a_build_machine_of_another_kind_has_no_packages(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert packaged_release(TRIPLE) == "1.0.0"
    monkeypatch.setattr(rust_packages.platform, "machine", lambda: "riscv64")
    assert packaged_release(TRIPLE) is None


@pytest.mark.parametrize("triple", [TRIPLE, "aarch64-unknown-linux-gnu"])
def test_the_real_packages_are_of_one_build_and_named_by_hash(triple: str) -> None:
    sources = packaged_sources(triple)
    assert all(re.fullmatch(r"[0-9a-f]{64}", source.sha256) for source in sources)
    builds = {source.filename.split("_")[1] for source in sources if "rustc-web" in (source.pool or "")}
    assert len(builds) == 1
    assert len({source.pool for source in sources}) == len(sources)
