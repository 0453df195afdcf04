"""Which RUNPATH a file gets."""

from __future__ import annotations

from pathlib import Path

import pytest
from crosspython.elf.file import find_elf_files
from crosspython.stages.runpath import choose_runpath, find_providers
from made_elf import make_elf

PROVIDERS = {"libz.so.1": "lib", "libdeep.so": "lib/deep"}


@pytest.mark.parametrize(
    ("folder", "needed", "runpath"),
    [
        ("bin", ["libz.so.1", "libc.so.6"], "$ORIGIN/../lib"),
        ("lib", ["libz.so.1"], "$ORIGIN"),
        ("lib/python3.13/lib-dynload", ["libz.so.1"], "$ORIGIN/../.."),
        ("bin", ["libz.so.1", "libdeep.so"], "$ORIGIN/../lib:$ORIGIN/../lib/deep"),
        ("bin", ["libc.so.6"], None),
        ("bin", [], None),
    ],
)
def test_the_way_leads_from_the_file_to_what_it_needs(folder: str, needed: list[str], runpath: str | None) -> None:
    assert choose_runpath(folder, needed, PROVIDERS) == runpath


def test_libraries_of_the_stage_are_found_where_they_lie(tmp_path: Path) -> None:
    for name, soname in (("lib/libz.so.1.3", "libz.so.1"), ("lib/deep/libdeep.so", None)):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(make_elf(soname=soname))
    providers = find_providers(tmp_path, find_elf_files(tmp_path), ["libssl.so.3"])
    assert providers == {"libssl.so.3": "lib", "libz.so.1": "lib", "libdeep.so": "lib/deep"}


def test_the_folder_lib_wins_over_a_copy_elsewhere(tmp_path: Path) -> None:
    for name in ("lib/libz.so.1", "lib/vendored/libz.so.1"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(make_elf(soname="libz.so.1"))
    assert find_providers(tmp_path, find_elf_files(tmp_path), [])["libz.so.1"] == "lib"
