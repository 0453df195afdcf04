"""The rewriting of .pc files."""

from __future__ import annotations

from crosspython.finish.pkgconfig import make_relocatable
from hypothesis import given
from hypothesis import strategies as st

ZLIB = """prefix=/opt/python
exec_prefix=/opt/python
libdir=/opt/python/lib
includedir=${prefix}/include

Libs: -L/opt/python/lib -lz -Wl,-rpath,/opt/python/lib
Cflags: -I/opt/python/include -I/opt/python3/include -I/srv/opt/python
"""


def test_prefix_and_literal_paths_follow_the_files_own_place() -> None:
    assert make_relocatable(ZLIB, "/opt/python", 2) == (
        "prefix=${pcfiledir}/../..\n"
        "exec_prefix=${prefix}\n"
        "libdir=${prefix}/lib\n"
        "includedir=${prefix}/include\n\n"
        "Libs: -L${prefix}/lib -lz -Wl,-rpath,${prefix}/lib\n"
        "Cflags: -I${prefix}/include -I/opt/python3/include -I/srv/opt/python\n"
    )


def test_a_file_without_a_prefix_gets_one() -> None:
    text = make_relocatable("Name: z\nLibs: -L/opt/python/lib\n", "/opt/python", 3)
    assert text == "prefix=${pcfiledir}/../../..\nName: z\nLibs: -L${prefix}/lib\n"


WORDS = st.sampled_from(
    [
        "prefix=",
        "prefix = ",
        "libdir=",
        "Libs: ",
        "-L",
        "-I",
        "/opt/python",
        "/opt/python/",
        "/lib",
        "3",
        " ",
        "\n",
        "${prefix}",
        '"',
        ":",
    ]
)


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
