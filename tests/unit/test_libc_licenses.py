"""The papers for the libc in a bundle: texts of licences, the place of the source, and the SBOM's parts."""

from __future__ import annotations

from pathlib import Path

from crosspython.papers.forbidden import find_forbidden
from crosspython.papers.private_libc import brought_licenses, read_brought
from crosspython.stages.libc_licenses import gather_licenses
from crosspython.store.tree import pack_tree

from tests.unit.made_toolchain import VENDORS
from tests.unit.test_package import DPKG, put_program

LIBRARIES = ("ld-linux-armhf.so.3", "libc.so.6", "libgcc_s.so.1", "libnss_dns.so.2", "libstdc++.so.6")


def gather(folder: Path) -> dict[str, Path]:
    files = {name: folder / name for name in LIBRARIES}
    for path in files.values():
        path.write_text("")
    return gather_licenses(VENDORS, files, folder / "licenses", str(folder / "bin"))


def test_the_texts_of_both_licences_go_along(tmp_path: Path) -> None:
    placed = gather(tmp_path)
    assert set(placed) == {
        *("share/licenses/glibc/COPYING.LIB", "share/licenses/glibc/SOURCE"),
        *("share/licenses/gcc/COPYING3", "share/licenses/gcc/COPYING.RUNTIME", "share/licenses/gcc/SOURCE"),
    }
    lesser = placed["share/licenses/glibc/COPYING.LIB"].read_text()
    assert "GNU LESSER GENERAL PUBLIC LICENSE" in lesser and "Version 2.1, February 1999" in lesser
    assert "GCC RUNTIME LIBRARY EXCEPTION" in placed["share/licenses/gcc/COPYING.RUNTIME"].read_text()


def test_it_is_said_whose_the_files_are_and_where_their_source_is(tmp_path: Path) -> None:
    placed = gather(tmp_path)
    glibc, gcc = (placed[f"share/licenses/{name}/SOURCE"].read_text() for name in ("glibc", "gcc"))
    assert glibc.startswith("glibc 2.36: these files in lib/private are copies")
    assert "    ld-linux-armhf.so.3\n    libc.so.6\n    libnss_dns.so.2\n" in glibc and "libgcc_s" not in glibc
    assert gcc.startswith("gcc 12.2.0: ") and "    libgcc_s.so.1\n    libstdc++.so.6\n" in gcc
    assert "On the build machine they do not belong to a package" in glibc


def test_the_distributions_package_names_the_sources(tmp_path: Path) -> None:
    put_program(tmp_path / "bin/dpkg-query", DPKG.format(file=tmp_path / "libc.so.6"))
    glibc = gather(tmp_path)["share/licenses/glibc/SOURCE"].read_text()
    assert "the package libc6-armhf-cross 2.36-8cross1, which was built from these sources:\n" in glibc
    assert "\n    glibc 2.36-8\n" in glibc


def test_a_bundle_tells_what_it_brings(tmp_path: Path) -> None:
    for name, text in {
        **{f"lib/private/{name}": "" for name in (*LIBRARIES, "python3.13", "locale/C.utf8/LC_CTYPE")},
        "lib/libz.so.1": "",
        "share/licenses/glibc/COPYING.LIB": "lesser",
        "share/licenses/gcc/COPYING3": "general",
        "share/licenses/zlib/LICENSE": "zlib's",
    }.items():
        (tmp_path / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tree" / name).write_text(text)
    pack_tree(tmp_path / "tree", tmp_path / "bundle.tar.gz", epoch=0, root="python")
    brought = read_brought(tmp_path / "bundle.tar.gz", VENDORS.libc, VENDORS.compiler)
    assert {part.title: part.license for part in brought.parts} == {
        "glibc 2.36": "LGPL-2.1-or-later",
        "libgcc_s 12.2.0": "GPL-3.0-or-later WITH GCC-exception-3.1",
        "libstdc++ 12.2.0": "GPL-3.0-or-later WITH GCC-exception-3.1",
    }
    assert brought.parts[0].cpe == "cpe:2.3:a:gnu:glibc:2.36:*:*:*:*:*:*:*"
    assert brought.texts == {
        "glibc 2.36": {"COPYING.LIB": b"lesser"},
        "libgcc_s 12.2.0": {"COPYING3": b"general"},
        "libstdc++ 12.2.0": {"COPYING3": b"general"},
    }


def test_who_forbids_these_licences_gets_no_such_bundle() -> None:
    licenses = [license for _, license in brought_licenses()]
    assert [bool(find_forbidden(each, ("LGPL-2.1*",))) for each in licenses] == [True, False]
    assert not any(find_forbidden(each, ("GPL-3.0-only", "GPL-3.0-or-later")) for each in licenses)
