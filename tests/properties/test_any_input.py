"""Properties that hold for every input: hypothesis tries a hundred inputs of each kind. tests/unit has examples."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from crosspython.elf.file import read_elf_bytes
from crosspython.errors import AuditError, ConfigurationError, CrosspythonError
from crosspython.finish.pkgconfig import make_relocatable
from crosspython.store import compress
from crosspython.targets.triplet import parse_triplet
from crosspython.wheels.house.index import write_index
from crosspython.wheels.repairing.repair import finish_wheel, take_ready
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit import test_compress
from tests.unit.made_elf import make_elf
from tests.unit.made_wheel import make_repair, read_member
from tests.unit.test_leaks import PATHS
from tests.unit.test_stage_archive import SUFFIXES, Tree, require_same_bytes, require_whole
from tests.unit.test_wheel_damage import INFO, NAME, change, made

BLOCK = test_compress.BLOCK


@given(st.text(max_size=40))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        assert parse_triplet(text).text == text
    except ConfigurationError as error:
        assert "not a triplet" in str(error)


@given(data=st.data())
def test_a_damaged_file_is_an_audit_error_or_is_read(data: st.DataObject) -> None:
    whole = bytearray(make_elf(needed=["libz.so.1"], interpreter="/lib/ld.so", runpath="$ORIGIN"))
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(4, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        read_elf_bytes(bytes(whole[: data.draw(st.integers(4, len(whole)))]), Path("made"))
    except AuditError as error:
        assert "damaged" in error.what


@given(st.lists(st.sampled_from([b"/home/me/work", b"/zlib", b"-2", b" ", b"x", b"\n", b"/home/me"]), max_size=15))
def test_nothing_is_found_after_replacing(parts: list[bytes]) -> None:
    assert PATHS.find(PATHS.replace(b"".join(parts))[0]) is None


WORDS = st.sampled_from(
    ["prefix=", "prefix = ", "libdir=", "Libs: ", "-L", "-I", "/opt/python", "/opt/python/", "/lib", "${prefix}"]
) | st.sampled_from("3 :\n" + '"')


@given(st.lists(WORDS, max_size=25).map("".join), st.integers(1, 4))
def test_doing_it_twice_changes_nothing_more(text: str, depth: int) -> None:
    once = make_relocatable(text, "/opt/python", depth)
    assert make_relocatable(once, "/opt/python", depth) == once


@given(st.lists(WORDS, max_size=25).map("".join))
def test_no_definition_but_that_of_the_prefix_goes_or_comes(text: str) -> None:
    def others(lines: str) -> list[str]:
        return [line.partition("=")[0] for line in lines.split("\n") if not line.startswith("prefix")]

    assert len(others(make_relocatable(text, "/opt/python", 2))) == len(others(text))


@given(st.lists(st.text("aZ09_.-", min_size=1, max_size=8), min_size=1, max_size=4).map("/".join))
def test_every_path_below_the_prefix_is_found(below: str) -> None:
    text = make_relocatable(f"Libs: -L/usr/{below} -lz\n", "/usr", 2)
    assert text.endswith(f"Libs: -L${{prefix}}/{below} -lz\n")


NAMES = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=40).filter(
    lambda name: name not in (".", "..") and len(name.encode()) < 200
)
CONTENTS = st.tuples(st.sampled_from(["file", "program", "link"]), st.binary(min_size=1, max_size=50)) | st.tuples(
    st.just("file"), st.just(b"")
)
TREES = st.dictionaries(st.lists(NAMES, min_size=1, max_size=4).map("/".join), CONTENTS, max_size=8)


@settings(deadline=None)
@given(TREES)
def test_a_tree_comes_back_as_it_was(tree: Tree) -> None:
    require_whole(tree)


@settings(deadline=None)
@given(TREES, st.sampled_from(SUFFIXES))
def test_the_same_tree_gives_the_same_bytes(tree: Tree, suffix: str) -> None:
    require_same_bytes(tree, suffix)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 3 * BLOCK), min_size=1, max_size=4), st.integers(1, 5))
def test_neither_pieces_nor_cores_show(sizes: list[int], jobs: int) -> None:
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setattr(compress, "_BLOCK", BLOCK)
        test_compress.require_same_bytes(Path(folder), sizes, jobs)


TEXTS = st.text(max_size=40).map(str.encode) | st.binary(max_size=40)
LINES = st.sampled_from([b",", b'"', b"\n", b"=", b"sha256=", b"toy.py", b"[", b"]", b":", b"1.0", b"\0", b"\xff"])
PIECES = st.lists(TEXTS | LINES, max_size=6).map(b"".join)
MEMBERS = [f"{INFO}/{name}" for name in ("RECORD", "WHEEL", "METADATA", "entry_points.txt")] + ["toy.py"]


@st.composite
def edits(draw: st.DrawFn) -> Callable[[Path], object]:
    """A change of a wheel: of one member's bytes or name, or of the archive's own bytes."""
    if draw(st.booleans()):
        member, piece, start = draw(st.sampled_from(MEMBERS)), draw(PIECES), draw(st.integers(0, 200))
        length = draw(st.sampled_from([0, 1, 20, 1000]))
        called = draw(
            st.none() | st.sampled_from(["x", "toy/", "a.dist-info/METADATA", "b.data/data/x", "toy.py/x", "é"])
        )
        return lambda wheel: change(wheel, member, lambda data: data[:start] + piece + data[start + length :], called)
    start, piece, cut = draw(st.integers(0, 2000)), draw(st.binary(max_size=4)), draw(st.booleans())

    def damage(wheel: Path) -> None:
        data = wheel.read_bytes()
        wheel.write_bytes(data[:start] + piece + (b"" if cut else data[start + len(piece) :]))

    return damage


@settings(deadline=None)
@given(edit=edits(), ready=st.booleans())
def test_whatever_is_changed_it_is_right_or_refused(edit: Callable[[Path], object], ready: bool) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wheel = made(folder)
        edit(wheel)
        house = folder / "house"
        try:
            if ready:
                take_ready(wheel, NAME, house / NAME, make_repair(folder))
            else:
                finish_wheel(wheel, house / NAME, make_repair(folder))
        except CrosspythonError as error:
            assert "toy" in str(error)
            return
        write_index(house)
        assert "Name: toy" in read_member(house / NAME, f"{INFO}/METADATA")
