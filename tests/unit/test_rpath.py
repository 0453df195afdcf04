"""The folders in which a file searches libraries, and the names under which libraries are found."""

from __future__ import annotations

from pathlib import Path

import pytest
from crosspython.elf.file import find_elf_files
from crosspython.finish.rpath import Providers, choose_rpath, find_providers, find_sonames

from tests.unit.made_elf import make_elf

PROVIDERS = {"libz.so.1": ("lib",), "libdeep.so": ("lib/deep",), "libtwice.so": ("a/libs", "b/libs")}


def providers(tree: Path, *provided: str) -> Providers:
    return find_providers(tree, find_elf_files(tree), provided)


@pytest.mark.parametrize(
    ("folder", "needed", "rpath"),
    [
        ("bin", ["libz.so.1", "libc.so.6"], "$ORIGIN/../lib"),
        ("lib", ["libz.so.1"], "$ORIGIN"),
        ("lib/python3.13/lib-dynload", ["libz.so.1"], "$ORIGIN/../.."),
        ("bin", ["libz.so.1", "libdeep.so"], "$ORIGIN/../lib:$ORIGIN/../lib/deep"),
        ("b/libs", ["libtwice.so"], "$ORIGIN"),
        ("b", ["libtwice.so"], "$ORIGIN/../a/libs"),
        ("bin", ["libc.so.6"], None),
        ("bin", [], None),
    ],
)
def test_the_way_leads_from_the_file_to_what_it_needs(folder: str, needed: list[str], rpath: str | None) -> None:
    assert choose_rpath(folder, needed, PROVIDERS) == rpath


def test_libraries_are_found_under_the_names_of_their_files_and_links(tmp_path: Path) -> None:
    for name, soname in (("lib/libz.so.1.3", "libz.so.1"), ("lib/deep/libdeep.so", None)):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(make_elf(soname=soname))
    found = {"libssl.so.3": ("lib",), "libz.so.1.3": ("lib",), "libdeep.so": ("lib/deep",)}
    assert providers(tmp_path, "libssl.so.3") == found
    (tmp_path / "lib/libz.so.1").symlink_to("libz.so.1.3")
    assert providers(tmp_path, "libssl.so.3") == found | {"libz.so.1": ("lib",)}


def test_the_folder_lib_comes_before_copies_elsewhere(tmp_path: Path) -> None:
    for name in ("lib/libz.so.1", "alib/libz.so.1"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(make_elf(soname="libz.so.1"))
    assert providers(tmp_path)["libz.so.1"] == ("lib", "alib")


def test_a_link_for_the_linker_is_no_name_by_which_others_need_a_library(tmp_path: Path) -> None:
    (tmp_path / "libz.so.1.3").write_bytes(make_elf(soname="libz.so.1"))
    (tmp_path / "libz.so.1").symlink_to("libz.so.1.3")
    (tmp_path / "libz.so").symlink_to("libz.so.1")
    (tmp_path / "libplain.so").write_bytes(make_elf(soname="libplain.so"))
    (tmp_path / "libnameless.so").write_bytes(make_elf())
    (tmp_path / "libscript.so").write_text("INPUT(libz.so.1)\n")
    assert find_sonames(tmp_path) == {"libz.so.1", "libplain.so"}
