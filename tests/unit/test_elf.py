"""Reading ELF files, with files made by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from crosspython.elf.file import ElfFile, find_elf_files, read_elf, read_elf_bytes

from tests.unit.made_elf import ARM_SOFT, EM_AARCH64, EM_RISCV, ET_EXEC, ET_REL, make_archive, make_elf


def read(**facts: Any) -> ElfFile:
    elf = read_elf_bytes(make_elf(**facts), Path("made"))
    assert elf is not None
    return elf


def test_a_text_is_no_elf_file(tmp_path: Path) -> None:
    path = tmp_path / "notes"
    path.write_text("ELF")
    assert read_elf(path) is None


def test_machine_class_and_byte_order_are_read() -> None:
    elf = read(machine=EM_AARCH64, bits=64, flags=0)
    assert (elf.machine, elf.bits, elf.little_endian) == ("EM_AARCH64", 64, True)


def test_big_endian_is_seen() -> None:
    assert not read(little_endian=False).little_endian


def test_arm_float_abi_comes_from_the_flags_of_what_was_linked() -> None:
    assert (read().float_abi, read(flags=ARM_SOFT).float_abi) == ("hard", "soft")


@pytest.mark.parametrize(("flags", "name"), [(0x5, "hard"), (0x1, "soft"), (0x3, "single"), (0x7, "quad")])
def test_riscv_float_abi_comes_from_the_flags(flags: int, name: str) -> None:
    assert read(machine=EM_RISCV, bits=64, flags=flags).float_abi == name


def test_aarch64_has_no_choice_of_float_abi() -> None:
    assert read(machine=EM_AARCH64, bits=64, flags=0).float_abi is None


def test_an_arm_object_without_attributes_states_no_float_abi() -> None:
    assert read(kind=ET_REL, flags=0x05000000).float_abi is None


def test_needed_soname_and_rpath_are_read() -> None:
    elf = read(needed=["libz.so.1", "libc.so.6"], soname="libssl.so.3", rpath="$ORIGIN")
    assert (elf.needed, elf.soname, elf.rpath) == (("libz.so.1", "libc.so.6"), "libssl.so.3", "$ORIGIN")


def test_a_runpath_is_told_from_an_rpath() -> None:
    assert read(runpath="/a").has_runpath and not read(rpath="/a").has_runpath
    assert read(runpath="/a", rpath="/b").has_runpath  # the loader then ignores the other


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        ({"kind": ET_EXEC}, "executable"),
        ({"interpreter": "/lib/ld.so"}, "executable"),
        ({"interpreter": "/lib/ld.so", "soname": "libc.so.6"}, "shared"),
        ({}, "shared"),
        ({"kind": ET_REL}, "relocatable"),
    ],
)
def test_kinds_are_told_apart(facts: dict[str, Any], kind: str) -> None:
    assert read(**facts).kind == kind


def test_the_interpreter_is_read() -> None:
    assert read(interpreter="/lib/ld-linux-armhf.so.3").interpreter == "/lib/ld-linux-armhf.so.3"


def test_text_relocations_are_seen() -> None:
    assert read(text_relocations=True).has_text_relocations and not read().has_text_relocations


@pytest.mark.parametrize(
    ("facts", "executable"),
    [({"stack": 7}, True), ({"stack": 6}, False), ({"stack": None}, True), ({"kind": ET_REL}, False)],
)
def test_executable_stack_follows_the_header_or_the_default(facts: dict[str, Any], executable: bool) -> None:
    assert read(**facts).has_executable_stack is executable


def test_no_stack_header_is_harmless_on_aarch64() -> None:
    assert not read(machine=EM_AARCH64, bits=64, flags=0, stack=None).has_executable_stack


def test_elf_files_are_found_sorted_without_links(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    for name in ("lib/b.so", "lib/a.so", "tool"):
        (tmp_path / name).write_bytes(make_elf())
    (tmp_path / "lib/c.so").symlink_to("b.so")
    (tmp_path / "lib/libx.a").write_bytes(make_archive({}))
    names = [elf.path.relative_to(tmp_path).as_posix() for elf in find_elf_files(tmp_path)]
    assert names == ["lib/a.so", "lib/b.so", "tool"]
