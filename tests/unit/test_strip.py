"""The calls of objcopy, with a stand-in that writes down its arguments."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from crosspython.elf.file import ElfFile, read_elf
from crosspython.errors import HostToolError, StepError
from crosspython.finish.strip import strip_archives, strip_files

from tests.unit.made_elf import make_elf


@pytest.fixture
def objcopy(tmp_path: Path) -> Path:
    path = tmp_path / "objcopy"
    path.write_text(f'#!/bin/sh\necho "$*" >>"{tmp_path}/calls"\ncase $1 in --only-keep-debug) : >"$3" ;; esac\n')
    path.chmod(0o755)
    return path


def calls(tmp_path: Path) -> list[str]:
    text = (tmp_path / "calls").read_text() if (tmp_path / "calls").exists() else ""
    return text.replace(f"{tmp_path}/", "").splitlines()


def make_file(tmp_path: Path, name: str, *, has_symbol_table: bool = True) -> ElfFile:
    path = tmp_path / "stage" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(make_elf())
    elf = read_elf(path)
    assert elf is not None
    return replace(elf, has_symbol_table=has_symbol_table)


def test_symbols_are_kept_apart_and_linked(tmp_path: Path, objcopy: Path) -> None:
    elf = make_file(tmp_path, "lib/libz.so.1")
    assert strip_files(tmp_path / "stage", [elf], objcopy, tmp_path / "debug") == 1
    assert calls(tmp_path) == [
        "--only-keep-debug stage/lib/libz.so.1 debug/lib/libz.so.1.debug",
        "--strip-unneeded --add-gnu-debuglink=debug/lib/libz.so.1.debug stage/lib/libz.so.1",
    ]


def test_without_a_debug_folder_symbols_are_dropped(tmp_path: Path, objcopy: Path) -> None:
    strip_files(tmp_path / "stage", [make_file(tmp_path, "lib/libz.so.1")], objcopy, None)
    assert calls(tmp_path) == ["--strip-unneeded stage/lib/libz.so.1"]


def test_an_object_keeps_the_symbols_that_linking_needs(tmp_path: Path, objcopy: Path) -> None:
    strip_files(tmp_path / "stage", [replace(make_file(tmp_path, "a.o"), kind="relocatable")], objcopy, None)
    assert calls(tmp_path) == ["--strip-debug stage/a.o"]


def test_what_is_stripped_is_left_alone(tmp_path: Path, objcopy: Path) -> None:
    assert strip_files(tmp_path / "stage", [make_file(tmp_path, "a", has_symbol_table=False)], objcopy, None) == 0
    assert calls(tmp_path) == []


def test_two_names_of_one_file_are_stripped_once(tmp_path: Path, objcopy: Path) -> None:
    elf = make_file(tmp_path, "bin/bzip2")
    (tmp_path / "stage/bin/bunzip2").hardlink_to(elf.path)
    other = replace(elf, path=tmp_path / "stage/bin/bunzip2")
    assert strip_files(tmp_path / "stage", [elf, other], objcopy, None) == 1


def test_static_libraries_lose_times_and_owners_too(tmp_path: Path, objcopy: Path) -> None:
    assert strip_archives([tmp_path / "libz.a"], objcopy) == 1
    assert calls(tmp_path) == ["--strip-debug --enable-deterministic-archives libz.a"]


def test_what_objcopy_complains_of_is_shown(tmp_path: Path, objcopy: Path) -> None:
    objcopy.write_text("#!/bin/sh\necho 'bad section' >&2\nexit 1\n")
    with pytest.raises(StepError, match="bad section"):
        strip_archives([tmp_path / "libz.a"], objcopy)


def test_an_objcopy_that_does_not_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(HostToolError, match="no-objcopy"):
        strip_archives([tmp_path / "libz.a"], tmp_path / "no-objcopy")
