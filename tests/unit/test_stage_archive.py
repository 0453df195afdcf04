"""Stage archives: the same tree gives the same bytes, comes back as it was, and never covers another's files."""

from __future__ import annotations

import hashlib
import os
import random
import socket
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import pytest
from crosspython.errors import ArchiveError, Interrupted
from crosspython.run.signals import Stop
from crosspython.store import formats, walk
from crosspython.store import tree as module
from crosspython.store.tree import pack_tree, unpack_tree

EPOCH = 1577836800
SUFFIXES = (".tar.zst", ".tar.gz")

Tree = dict[str, tuple[str, bytes]]
TREE: Tree = {
    "bin/run": ("program", b"#!"),
    "lib/a/b.so": ("file", b"b"),
    "lib/empty": ("file", b""),
    "lib/link": ("link", b"x"),
    "\xe9 \n/" + "long" * 40: ("file", b"1"),
}


def make(folder: Path, tree: Tree, order: int = 0) -> Path:
    """Write a tree; names below a name that is a file already are left out."""
    folder.mkdir(parents=True)
    chosen = [name for name in tree if not any(other.startswith(name + "/") for other in tree)]
    random.Random(order).shuffle(chosen)
    for name in chosen:
        kind, data = tree[name]
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if kind == "link":
            path.symlink_to(data.hex())
        else:
            path.write_bytes(data)
            path.chmod(0o755 if kind == "program" else 0o644)
    return folder


def look(folder: Path) -> dict[str, object]:
    """Everything about a tree that shall come back."""
    return {
        str(path.relative_to(folder)): os.readlink(path)
        if path.is_symlink()
        else (path.stat().st_mode & 0o7777, path.read_bytes() if path.is_file() else None)
        for path in folder.rglob("*")
    }


def require_whole(tree: Tree) -> None:
    """A tree comes back as it was."""
    with tempfile.TemporaryDirectory() as temporary:
        base = Path(temporary)
        source = make(base / "in", tree)
        pack_tree(source, base / "x.tar.zst", epoch=EPOCH)
        unpack_tree(base / "x.tar.zst", base / "out")
        assert look(base / "out") == look(source)


def require_same_bytes(tree: Tree, suffix: str) -> None:
    """Neither the order nor the times of its files show, nor who made them."""
    with tempfile.TemporaryDirectory() as temporary:
        base = Path(temporary)
        before = os.umask(0o077)
        try:
            first = make(base / "first", tree, order=1)
        finally:
            os.umask(before)
        second = make(base / "somewhere/else", tree, order=2)
        for path in second.rglob("*"):
            os.utime(path, (5, 5), follow_symlinks=False)
        pack_tree(first, base / f"1{suffix}", epoch=EPOCH)
        pack_tree(second, base / f"2{suffix}", epoch=EPOCH)
        assert (base / f"1{suffix}").read_bytes() == (base / f"2{suffix}").read_bytes()


def pack(folder: Path, name: str = "a-1.tar.zst", **files: str) -> Path:
    make(folder / f"{name}.tree", {key.replace("__", "/"): ("file", value.encode()) for key, value in files.items()})
    pack_tree(folder / f"{name}.tree", folder / name, epoch=EPOCH)
    return folder / name


def test_a_tree_comes_back_as_it_was() -> None:
    require_whole(TREE)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_same_tree_gives_the_same_bytes(suffix: str) -> None:
    require_same_bytes(TREE, suffix)


@pytest.mark.slow
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_another_process_gives_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    source = make(tmp_path / "in", {f"d{n}/f{n}": ("file", b"x" * n) for n in range(50)})
    pack_tree(source, tmp_path / f"here{suffix}", epoch=EPOCH)
    program = (
        "import sys; from pathlib import Path; from crosspython.store.tree import pack_tree;"
        f"pack_tree(Path(sys.argv[1]), Path(sys.argv[2]), epoch={EPOCH})"
    )
    there = tmp_path / f"there{suffix}"
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "PYTHONHASHSEED": "7",
        "LC_ALL": "C",
    }
    subprocess.run([sys.executable, "-c", program, str(source), str(there)], env=environment, check=True)
    assert there.read_bytes() == (tmp_path / f"here{suffix}").read_bytes()


def test_no_trace_of_who_packed(tmp_path: Path) -> None:
    source = make(tmp_path / "in", {"bin/run": ("program", b"#!"), "lib/a": ("file", b"a"), "l": ("link", b"a")})
    pack_tree(source, tmp_path / "x.tar.gz", epoch=EPOCH)
    with tarfile.open(tmp_path / "x.tar.gz") as tar:
        facts = {(m.uid, m.gid, m.uname, m.gname, m.mtime) for m in tar}
        modes = {m.name: oct(m.mode) for m in tar}
    assert facts == {(0, 0, "root", "root", EPOCH)}
    assert modes == {"bin": "0o755", "bin/run": "0o755", "l": "0o777", "lib": "0o755", "lib/a": "0o644"}


def test_the_root_goes_before_every_name(tmp_path: Path) -> None:
    pack_tree(make(tmp_path / "in", {"a/b": ("file", b"")}), tmp_path / "x.tar.gz", epoch=EPOCH, root="opt/python")
    with tarfile.open(tmp_path / "x.tar.gz") as tar:
        assert tar.getnames() == ["opt", "opt/python", "opt/python/a", "opt/python/a/b"]


def test_a_long_name_needs_no_extended_header(tmp_path: Path) -> None:
    name = "/".join(["long" * 20] * 4)
    pack_tree(make(tmp_path / "in", {name: ("link", b"x" * 90)}), tmp_path / "x.tar.gz", epoch=EPOCH)
    with tarfile.open(tmp_path / "x.tar.gz") as tar:
        members = tar.getmembers()
    assert members[-1].name == name
    assert [member.pax_headers for member in members if member.pax_headers] == []


def test_two_names_of_one_file_become_two_files(tmp_path: Path) -> None:
    source = make(tmp_path / "in", {"a": ("file", b"a")})
    os.link(source / "a", source / "b")
    pack_tree(source, tmp_path / "x.tar.gz", epoch=EPOCH)
    with tarfile.open(tmp_path / "x.tar.gz") as tar:
        assert [member.isreg() for member in tar] == [True, True]


def test_a_socket_in_the_tree_is_named(tmp_path: Path) -> None:
    source = make(tmp_path / "in", {"a": ("file", b"a")})
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(source / "socket"))
        with pytest.raises(ArchiveError, match="socket: cannot be packed"):
            pack_tree(source, tmp_path / "x.tar.gz", epoch=EPOCH)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in"]


def test_a_full_disk_is_told_and_leaves_no_archive(tmp_path: Path) -> None:
    source = make(tmp_path / "in", {"a": ("file", random.Random(1).randbytes(1000000))})
    (tmp_path / "x.tar.zst.part").symlink_to("/dev/full")
    with pytest.raises(ArchiveError, match="the disk is full"):
        pack_tree(source, tmp_path / "x.tar.zst", epoch=EPOCH)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in"]


def test_files_get_the_time_of_the_archive(tmp_path: Path) -> None:
    unpack_tree(pack(tmp_path, bin__a="a"), tmp_path / "out")
    assert (tmp_path / "out/bin/a").stat().st_mtime == EPOCH


def test_another_file_of_the_same_name_names_the_file_and_both_archives(tmp_path: Path) -> None:
    origins: dict[str, str] = {}
    unpack_tree(pack(tmp_path, "one-1.tar.zst", lib__x="1", lib__one=""), tmp_path / "out", origins=origins)
    with pytest.raises(ArchiveError) as caught:
        unpack_tree(pack(tmp_path, "two-2.tar.zst", lib__x="2"), tmp_path / "out", origins=origins)
    assert [word for word in ("lib/x", "one-1.tar.zst", "two-2.tar.zst") if word not in str(caught.value)] == []
    assert (tmp_path / "out/lib/x").read_text() == "1"


def test_a_file_that_goes_on_longer_is_another_file(tmp_path: Path) -> None:
    unpack_tree(pack(tmp_path, "one.tar.zst", x="1"), tmp_path / "out")
    for name, text in (("two.tar.zst", "12"), ("three.tar.zst", "")):
        with pytest.raises(ArchiveError, match="different content"):
            unpack_tree(pack(tmp_path, name, x=text), tmp_path / "out")


def test_the_same_file_in_two_archives_is_fine(tmp_path: Path) -> None:
    unpack_tree(pack(tmp_path, "one.tar.zst", x="1", y="1"), tmp_path / "out")
    unpack_tree(pack(tmp_path, "two.tar.gz", x="1", z="1"), tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["x", "y", "z"]


@pytest.mark.parametrize(("first", "second"), [("link", "file"), ("file", "link"), ("link", "link")])
def test_a_link_and_something_else_of_its_name_are_refused(tmp_path: Path, first: str, second: str) -> None:
    for number, kind in enumerate((first, second)):
        make(tmp_path / f"in{number}", {"x": (kind, bytes([number]))})
        pack_tree(tmp_path / f"in{number}", tmp_path / f"{number}.tar.zst", epoch=EPOCH)
    unpack_tree(tmp_path / "0.tar.zst", tmp_path / "out")
    with pytest.raises(ArchiveError, match="different content"):
        unpack_tree(tmp_path / "1.tar.zst", tmp_path / "out")


def test_only_what_was_chosen_comes(tmp_path: Path) -> None:
    unpack_tree(pack(tmp_path, lib__a="1", include__b="1", share__c="1"), tmp_path / "out", only=lambda n: n == "lib/a")
    assert sorted(path.name for path in (tmp_path / "out").rglob("*")) == ["a", "lib"]


def test_a_damaged_archive_is_told(tmp_path: Path) -> None:
    archive = pack(tmp_path, x="text" * 1000)
    archive.write_bytes(archive.read_bytes()[:-1])
    with pytest.raises(ArchiveError, match="damaged"):
        unpack_tree(archive, tmp_path / "out")


def test_an_archive_is_never_seen_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = pack(tmp_path, x="1")
    before = hashlib.sha256(archive.read_bytes()).digest()
    monkeypatch.setattr(module.Packer, "add_path", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        pack_tree(tmp_path / "a-1.tar.zst.tree", archive, epoch=EPOCH)
    assert hashlib.sha256(archive.read_bytes()).digest() == before


def test_a_stop_ends_packing_and_unpacking_and_leaves_no_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "file").write_text("x")
    whole, archive = tmp_path / "whole.tar.zst", tmp_path / "x.tar.gz"
    pack_tree(tmp_path / "tree", whole, epoch=0)
    stop = Stop()
    for where in (walk, formats):
        monkeypatch.setattr(where, "STOP", stop)
    stop.request("Ctrl-C")
    with pytest.raises(Interrupted):
        pack_tree(tmp_path / "tree", archive, epoch=0)
    with pytest.raises(Interrupted):
        unpack_tree(whole, tmp_path / "out")
    assert not list(tmp_path.glob("x.tar.gz*"))
    assert not (tmp_path / "out/file").exists()
    stop.close()
