"""Which tags a board's pip takes, and which a wheel should have."""

from __future__ import annotations

import packaging.tags
import pytest
from crosspython.errors import AuditError
from crosspython.targets.libc import Libc
from crosspython.wheels.tags import BoardTags, MachineCode, board_platforms, compress_tags, predict_tags
from packaging import _manylinux, _musllinux
from packaging.tags import parse_tag

BOARD = BoardTags("armv7l", "3.13", "hard", Libc("glibc", "2.36"))
OWN = MachineCode((".cpython-313-arm-linux-gnueabihf.so",))
STABLE = MachineCode(("_x.abi3.so",))
PLAIN = MachineCode(("_x.so",))
LIBRARY = MachineCode((), others=True)
NONE = MachineCode()


@pytest.mark.parametrize(
    ("stated", "code", "right"),
    [
        ("cp313-cp313-linux_armv7l", OWN, "cp313-cp313-linux_armv7l"),
        ("cp313-cp313-linux_arm", OWN, "cp313-cp313-linux_armv7l"),
        ("cp313-cp313-linux_armv6l", OWN, "cp313-cp313-linux_armv7l"),
        ("cp313-cp313-linux_x86_64", OWN, "cp313-cp313-linux_armv7l"),
        ("cp313-cp313-manylinux_2_17_armv7l.manylinux2014_armv7l", OWN, "cp313-cp313-linux_armv7l"),
        ("cp39-abi3-linux_arm", STABLE, "cp39-abi3-linux_armv7l"),
        ("cp39-abi3-linux_armv7l", PLAIN, "cp39-abi3-linux_armv7l"),
        ("cp39-abi3-linux_armv7l", OWN, "cp313-cp313-linux_armv7l"),
        ("cp313-cp313-linux_armv7l", STABLE, "cp313-cp313-linux_armv7l"),
        ("py3-none-any", OWN, "cp313-cp313-linux_armv7l"),
        ("py3-none-any", STABLE, "cp313-abi3-linux_armv7l"),
        ("py3-none-any", LIBRARY, "py3-none-linux_armv7l"),
        ("py2.py3-none-linux_x86_64", LIBRARY, "py2.py3-none-linux_armv7l"),
        ("py3-none-any", NONE, "py3-none-any"),
        ("py2.py3-none-any", NONE, "py2.py3-none-any"),
        ("py3-none-linux_armv7l", NONE, "py3-none-any"),
        ("cp313-cp313-linux_armv7l", NONE, "cp313-none-any"),
        ("cp39-abi3-linux_armv7l", NONE, "py39-none-any"),
        ("cp311-cp311-linux_x86_64", OWN, "cp311-cp311-linux_armv7l"),
    ],
)
def test_the_tag_follows_the_content(stated: str, code: MachineCode, right: str) -> None:
    assert compress_tags(predict_tags(parse_tag(stated), code, BOARD)) == right


@pytest.mark.parametrize(
    "tag",
    ["cp313-cp313-linux_armv7l", "cp39-abi3-manylinux_2_28_armv7l", "cp313-none-any", "py39-none-any", "py3-none-any"],
)
def test_pip_takes_it(tag: str) -> None:
    assert BOARD.accepts(parse_tag(tag))


@pytest.mark.parametrize(
    "tag",
    [
        "cp313-cp313-linux_arm",
        "cp313-cp313-manylinux_2_37_armv7l",
        "cp313-cp313-musllinux_1_2_armv7l",
        "cp311-cp311-linux_armv7l",
        "cp314-abi3-linux_armv7l",
        "cp313-cp313t-linux_armv7l",
    ],
)
def test_pip_does_not_take_it(tag: str) -> None:
    assert not BOARD.accepts(parse_tag(tag))


def test_a_musl_board_takes_musllinux_of_its_version_and_older() -> None:
    board = BoardTags("aarch64", "3.13", None, Libc("musl", "1.2.3"))
    assert board_platforms(board) == ["linux_aarch64"] + [f"musllinux_1_{n}_aarch64" for n in (2, 1, 0)]


def test_manylinux_on_armv7_is_for_hard_float() -> None:
    assert board_platforms(BoardTags("armv7l", "3.13", "soft", Libc("glibc", "2.36"))) == ["linux_armv7l"]


def test_a_libc_that_tells_no_version_takes_linux_alone() -> None:
    assert board_platforms(BoardTags("armv7l", "3.13", "hard", Libc("uclibc", "unknown"))) == ["linux_armv7l"]


def test_old_names_of_manylinux_stand_beside_the_new() -> None:
    platforms = board_platforms(BoardTags("x86_64", "3.13", None, Libc("glibc", "2.17")))
    assert platforms[:3] == ["linux_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64"]
    assert platforms[-1] == "manylinux1_x86_64"


@pytest.mark.parametrize(
    ("board", "suffix"),
    [
        (BOARD, ".cpython-313-arm-linux-gnueabihf.so"),
        (BoardTags("armv5tejl", "3.11", "soft", Libc("glibc", "2.31")), ".cpython-311-arm-linux-gnueabi.so"),
        (BoardTags("aarch64", "3.14", None, Libc("glibc", "2.36")), ".cpython-314-aarch64-linux-gnu.so"),
        (BoardTags("i686", "3.13", None, Libc("glibc", "2.36")), ".cpython-313-i386-linux-gnu.so"),
        (BoardTags("riscv64", "3.13", "hard", Libc("musl", "1.2")), ".cpython-313-riscv64-linux-musl.so"),
        (BoardTags("armv7l", "3.5", "hard", Libc("glibc", "2.31"), "m"), ".cpython-35m-arm-linux-gnueabihf.so"),
        (BoardTags("armv7l", "3.13", "hard", Libc("uclibc", "1.0.48")), ".cpython-313.so"),
        (BoardTags("armv7l", "3.13", "hard", Libc("glibc", "2.31"), suffix=".cpython-313.so"), ".cpython-313.so"),
    ],
)
def test_extension_modules_end_as_cpython_calls_them(board: BoardTags, suffix: str) -> None:
    assert board.suffixes[0] == suffix


def test_a_python_with_letters_behind_its_number_takes_wheels_of_its_abi() -> None:
    board = BoardTags("armv7l", "3.5", "hard", Libc("glibc", "2.31"), "m")
    assert str(board.accepted[0]) == "cp35-cp35m-linux_armv7l"
    code = MachineCode((".cpython-35m-arm-linux-gnueabihf.so",))
    assert predict_tags(parse_tag("cp35-none-linux_arm"), code, board) == parse_tag("cp35-cp35m-linux_armv7l")


def test_a_python_without_the_gil_takes_no_wheels_of_the_stable_abi() -> None:
    board = BoardTags("armv7l", "3.13", "hard", Libc("glibc", "2.31"), "t")
    assert str(board.accepted[0]) == "cp313-cp313t-linux_armv7l"
    assert board.suffixes[0] == ".cpython-313t-arm-linux-gnueabihf.so"
    assert not board.accepts(parse_tag("cp310-abi3-linux_armv7l"))
    assert board.accepts(parse_tag("py3-none-any"))


def test_tags_that_no_file_name_can_say_are_refused() -> None:
    with pytest.raises(AuditError, match="no file name can have exactly"):
        compress_tags(parse_tag("cp39-abi3-linux_armv7l") | parse_tag("py3-none-any"))


@pytest.mark.parametrize(
    ("machine", "float_abi", "libc", "version"),
    [
        ("armv7l", "hard", "glibc", "2.36"),
        ("armv7l", "soft", "glibc", "2.36"),
        ("aarch64", None, "glibc", "2.31"),
        ("i686", None, "glibc", "2.12"),
        ("riscv64", None, "glibc", "2.39"),
        ("armv7l", "hard", "musl", "1.2"),
        ("aarch64", None, "musl", "1.2"),
    ],
)
def test_tags_rank_as_in_packaging_itself(
    machine: str, float_abi: str | None, libc: str, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    glibc = tuple(map(int, version.split("."))) if libc == "glibc" else (-1, -1)
    musl = _musllinux._MuslVersion(*map(int, version.split("."))) if libc == "musl" else None
    monkeypatch.setattr("sysconfig.get_platform", lambda: f"linux-{machine}")
    monkeypatch.setattr(_manylinux, "_get_glibc_version", lambda: _manylinux._GLibCVersion(*glibc))
    monkeypatch.setattr(_manylinux, "_have_compatible_abi", lambda *_: libc == "glibc" and float_abi != "soft")
    monkeypatch.setattr(_musllinux, "_get_musl_version", lambda _: musl)
    board = BoardTags(machine, "3.13", float_abi, Libc(libc, version))
    platforms = list(packaging.tags._linux_platforms(is_32bit=False))
    assert board_platforms(board) == platforms
    assert board.accepted == (
        *packaging.tags.cpython_tags((3, 13), abis=["cp313"], platforms=platforms),
        *packaging.tags.compatible_tags((3, 13), interpreter="cp313", platforms=platforms),
    )
