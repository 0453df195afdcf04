"""The rewriting of .pc files."""

from __future__ import annotations

from crosspython.finish.pkgconfig import make_relocatable

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
