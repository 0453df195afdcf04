"""Finding and replacing paths of the build machine."""

from __future__ import annotations

from pathlib import Path

import pytest
from crosspython.errors import ConfigurationError
from crosspython.finish.leaks import BuildPaths, is_text
from crosspython.store import pieces
from crosspython.store.pieces import read_pieces

PATHS = BuildPaths({"/home/me/work": "/usr/src", "/home/me/work/zlib/dest/opt/python": "/opt/python"})


@pytest.mark.parametrize(
    ("text", "new"),
    [
        (b"-I/home/me/work/zlib/x.h", b"-I/usr/src/zlib/x.h"),
        (b"cd /home/me/work", b"cd /usr/src"),
        (b"/home/me/work/zlib/dest/opt/python/lib", b"/opt/python/lib"),
        (b"/home/me/workshop", b"/home/me/workshop"),
        (b"/home/me/work-2/x", b"/usr/src-2/x"),
        (b"/home/me", b"/home/me"),
    ],
)
def test_the_longest_path_that_fits_is_replaced(text: bytes, new: bytes) -> None:
    assert PATHS.replace(text)[0] == new


def test_replacements_are_counted() -> None:
    assert PATHS.replace(b"/home/me/work:/home/me/work")[1] == 2


def test_a_path_in_a_binary_is_found_and_shown_to_its_end() -> None:
    assert PATHS.find(b"\0\1/home/me/work/zlib/a.c\0rest") == "/home/me/work/zlib/a.c"


def test_a_clean_file_has_none() -> None:
    assert PATHS.find(b"/home/you/work") is None


@pytest.mark.parametrize("text", [b"/srv/my build/x", b"/srv/my\\ build/x", b"file:///srv/my%20build/x"])
def test_blanks_are_found_in_every_spelling(text: bytes) -> None:
    assert BuildPaths.without_neutral(["/srv/my build"]).find(text) is not None


def test_a_name_that_is_not_ascii_is_found() -> None:
    assert BuildPaths.without_neutral(["/srv/mühle"]).find("CC=/srv/mühle/gcc".encode()) is not None


def test_without_paths_nothing_is_found() -> None:
    assert BuildPaths({}).replace(b"/home") == (b"/home", 0)


@pytest.mark.parametrize("path", ["", "/", "work/zlib"])
def test_a_path_that_would_match_everything_is_refused(path: str) -> None:
    with pytest.raises(ConfigurationError):
        BuildPaths({path: "/usr/src"})


def test_a_nul_byte_makes_a_file_binary() -> None:
    assert is_text(b"caf\xe9") and not is_text(b"a\0b")


@pytest.mark.parametrize("start", [0, 5, 90, 92, 100, 199, 250])
def test_a_path_is_found_wherever_pieces_of_a_file_meet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: int
) -> None:
    monkeypatch.setattr(pieces, "_PIECE", 100)
    file = tmp_path / "x"
    file.write_bytes(b"\0" * start + b"/home/me/work/zlib/a.c\0" + b"\0" * 300)
    assert PATHS.find_in(file) == "/home/me/work/zlib/a.c"
    file.write_bytes(b"\0" * start + b"/home/me/workshop\0" + b"\0" * 300)
    assert PATHS.find_in(file) is None


@pytest.mark.parametrize("size", [0, 1, 99, 100, 101, 200, 1000])
def test_pieces_of_a_file_are_the_whole_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(pieces, "_PIECE", 100)
    file = tmp_path / "x"
    file.write_bytes(bytes(number % 251 for number in range(size)))
    found = list(read_pieces(file, 0))
    assert b"".join(piece for piece, _ in found) == file.read_bytes()
    assert [is_last for _, is_last in found] == [False] * (len(found) - 1) + [True]
