"""The effects of an archive's members on the folder into which they are unpacked, and on other folders."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from crosspython.store.members import FILE, FOLDER, HARDLINK, SYMLINK, Member, Refused, Unpacker


def a_file(name: str, data: bytes = b"text", mode: int = 0o644) -> Member:
    return Member(name, FILE, mode=mode, mtime=1000000000, open=lambda: io.BytesIO(data))


def link(name: str, target: str) -> Member:
    return Member(name, SYMLINK, target=target)


def unpack(folder: Path, *members: Member, **options: bool) -> Path:
    (folder / "out").mkdir(exist_ok=True)
    unpacker = Unpacker(folder / "out", **options)
    for member in members:
        unpacker.add(member)
    unpacker.close()
    return folder / "out"


@pytest.mark.parametrize(
    "members",
    [
        [a_file("../evil")],
        [a_file("a/../../evil")],
        [Member("../evil", FOLDER)],
        [link("evil", "/etc")],
        [link("evil", "..")],
        [link("a/evil", "../../x")],
        [link("here", "."), link("evil", "here/here/../../..")],
        [link("evil", "here/here/../../.."), link("here", ".")],
        [link("evil", "a/" * 600 + "x")],
        [link("out", "a"), Member("a", FOLDER), a_file("out/evil")],
        [link("out", "a"), link("out/evil", "b")],
        [link("dangling", "x"), Member("dangling/evil", FOLDER)],
        [a_file("a"), a_file("a/evil")],
        [Member("a", FOLDER), a_file("a")],
        [Member("evil", HARDLINK, target="../x")],
        [Member("evil", HARDLINK, target="/etc/passwd")],
        [Member("evil", HARDLINK, target="later"), a_file("later")],
        [Member("a", FOLDER), a_file("a/b"), link("l", "a"), Member("evil", HARDLINK, target="l/b")],
        [link("a/b/up", "../../x"), Member("evil", HARDLINK, target="a/b/up")],
        [Member("evil", "device")],
    ],
    ids=lambda members: " ".join(f"{m.name}-{m.kind[:4]}-{m.target[:20]}" for m in members),
)
def test_what_leaves_the_folder_or_goes_through_a_link_is_refused_by_name(
    tmp_path: Path, members: list[Member]
) -> None:
    with pytest.raises(Refused, match=r"evil|'a' is a folder"):
        unpack(tmp_path, *members)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("target", ["lib", "./lib", "usr/../lib", "usr/lib/../../lib", "nowhere"])
def test_a_link_that_stays_inside_is_made(tmp_path: Path, target: str) -> None:
    members = (Member("lib", FOLDER), Member("usr/lib", FOLDER), link("lib64", target))
    assert os.readlink(unpack(tmp_path, *members) / "lib64") == target


def test_a_link_may_climb_as_far_as_it_lies_deep(tmp_path: Path) -> None:
    assert (unpack(tmp_path, a_file("lib/x"), link("usr/lib/x", "../../lib/x")) / "usr/lib/x").read_text() == "text"


def test_absolute_links_are_kept_where_that_is_asked_for(tmp_path: Path) -> None:
    folder = unpack(tmp_path, link("etc/mtab", "/proc/mounts"), keep_absolute_links=True)
    assert os.readlink(folder / "etc/mtab") == "/proc/mounts"


def test_nothing_is_written_through_a_link_that_was_kept(tmp_path: Path) -> None:
    (tmp_path / "victim").mkdir()
    with pytest.raises(Refused):
        unpack(tmp_path, link("out", str(tmp_path / "victim")), a_file("out/evil"), keep_absolute_links=True)
    assert not list((tmp_path / "victim").iterdir())


def test_a_file_replaces_a_link_of_its_name_and_not_what_it_points_to(tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("before")
    folder = unpack(tmp_path, link("a", str(tmp_path / "victim")), a_file("a"), keep_absolute_links=True)
    assert (folder / "a").read_text() == "text"
    assert (tmp_path / "victim").read_text() == "before"


def test_the_second_of_two_members_of_one_name_counts(tmp_path: Path) -> None:
    assert (unpack(tmp_path, a_file("a", b"1"), a_file("./a", b"2")) / "a").read_text() == "2"


def test_a_hard_link_is_one_with_its_file(tmp_path: Path) -> None:
    folder = unpack(tmp_path, a_file("bin/a"), Member("bin/b", HARDLINK, target="bin/a"))
    assert (folder / "bin/a").samefile(folder / "bin/b")


def test_a_hard_link_to_a_link_becomes_that_link(tmp_path: Path) -> None:
    folder = unpack(tmp_path, link("a", "x"), Member("b", HARDLINK, target="a"))
    assert os.readlink(folder / "b") == "x"


@pytest.mark.parametrize(
    ("given", "made"), [(0o4755, 0o755), (0o777, 0o755), (0o444, 0o644), (0o600, 0o644), (0, 0o644)]
)
def test_of_a_mode_only_the_right_to_run_is_kept(tmp_path: Path, given: int, made: int) -> None:
    before = os.umask(0o077)
    try:
        folder = unpack(tmp_path, a_file("a", mode=given))
    finally:
        os.umask(before)
    assert (folder / "a").stat().st_mode & 0o7777 == made


def test_times_are_kept(tmp_path: Path) -> None:
    assert (unpack(tmp_path, a_file("a")) / "a").stat().st_mtime == 1000000000
