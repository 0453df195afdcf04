"""Looking at a compiler: what it makes is judged, what it says is understood."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest
from crosspython.errors import ToolchainError
from crosspython.targets import load_target
from crosspython.targets.libc import Libc
from crosspython.toolchain.facts import Toolchain
from crosspython.toolchain.find import find_compiler
from crosspython.toolchain.load import load_toolchain
from crosspython.toolchain.probe import probe_toolchain

from tests.unit.fake_compiler import GLIBC, make_clang, make_compiler
from tests.unit.made_elf import ARM_SOFT, EM_AARCH64, EM_RISCV, make_elf

RV1126_OF_OLD = load_target("rv1126", Path())
RV1126 = replace(RV1126_OF_OLD, libc=None)  # as with toolchain=
GCC = GLIBC[:3]
UCLIBC = ("__UCLIBC__ 1", "__UCLIBC_MAJOR__ 1", "__UCLIBC_MINOR__ 0", "__UCLIBC_SUBLEVEL__ 31")


def load(tmp_path: Path, toolchain: Path | None = None) -> Toolchain:
    return load_toolchain(
        RV1126,
        str(toolchain) if toolchain else None,
        path=str(tmp_path / "bin"),
        unpack_into=tmp_path / "unpacked",
        make_in=tmp_path / "made",
    )


def test_a_fitting_compiler_is_described(tmp_path: Path) -> None:
    toolchain = probe_toolchain(make_compiler(tmp_path / "bin"), RV1126)
    assert toolchain.prefix == f"{tmp_path}/bin/arm-linux-gnueabihf-"
    assert (toolchain.triplet, toolchain.compiler) == ("arm-linux-gnueabihf", "gcc 12.2.0")
    assert toolchain.libc == Libc("glibc", "2.31")
    assert (toolchain.kernel_headers, toolchain.sysroot, toolchain.fortran) == ("4.19.0", None, False)


def test_a_sysroot_of_its_own_is_noted(tmp_path: Path) -> None:
    cc = make_compiler(tmp_path / "bin", sysroot=str(tmp_path))
    assert probe_toolchain(cc, RV1126).sysroot == tmp_path


def test_an_empty_sysroot_is_none(tmp_path: Path) -> None:
    assert probe_toolchain(make_compiler(tmp_path / "bin", sysroot=""), RV1126).sysroot is None


def test_a_fortran_compiler_beside_is_noted(tmp_path: Path) -> None:
    cc = make_compiler(tmp_path / "bin")
    cc.with_name("arm-linux-gnueabihf-gfortran").symlink_to(cc.name)
    assert probe_toolchain(cc, RV1126).fortran


def test_the_time_of_a_32_bit_machine_is_a_fact_of_its_toolchain(tmp_path: Path) -> None:
    toolchain = probe_toolchain(make_compiler(tmp_path / "bin"), RV1126)
    assert (toolchain.time_bits, toolchain.time_flags) == (32, ())
    assert "32-bit time" in toolchain.identity.splitlines()
    assert toolchain.describe_time() == "32-bit time: dates end in January 2038, because glibc 2.31 is older than 2.34"


def test_uclibc_is_known_though_it_claims_to_be_glibc(tmp_path: Path) -> None:
    toolchain = probe_toolchain(make_compiler(tmp_path / "bin", macros=(*GLIBC, *UCLIBC)), RV1126)
    assert (toolchain.libc, toolchain.kernel_headers) == (Libc("uclibc", "1.0.31"), None)


@pytest.mark.parametrize(("content", "version"), [(b"x\x001.2.3\x00y", "1.2.3"), (b"", "unknown")])
def test_musl_is_known_by_its_loader(tmp_path: Path, content: bytes, version: str) -> None:
    elf = make_elf(interpreter="/lib/ld-musl-armhf.so.1")
    cc = make_compiler(tmp_path / "bin", macros=GCC, elf=elf)
    (tmp_path / "bin" / "libc.so").write_bytes(content)
    toolchain = probe_toolchain(cc, RV1126)
    assert toolchain.libc == Libc("musl", version)


def test_a_libc_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    cc = make_compiler(tmp_path / "bin", macros=GCC, elf=make_elf(interpreter="/lib/ld-bionic.so"))
    with pytest.raises(ToolchainError, match="libc is not known"):
        probe_toolchain(cc, RV1126)


def test_clang_is_asked_what_it_knows(tmp_path: Path) -> None:
    cc = find_compiler(
        RV1126, str(make_clang(tmp_path / "sdk", sysroot="/my board")), path=os.defpath, unpack_into=tmp_path
    )
    toolchain = probe_toolchain(cc, RV1126)
    assert (toolchain.compiler, toolchain.is_clang, toolchain.sysroot) == ("clang 18.1.3", True, Path("/my board"))
    assert {str(tmp_path / "sdk/arm-linux-gnueabihf-clang"), str(tmp_path / "sdk/elf")} < set(toolchain.parts)
    assert "-print-sysroot" not in (tmp_path / "sdk/calls").read_text()


def test_a_clang_that_would_see_the_build_machines_headers_is_refused(tmp_path: Path) -> None:
    cc = find_compiler(RV1126, str(make_clang(tmp_path / "sdk", sysroot="")), path=os.defpath, unpack_into=tmp_path)
    with pytest.raises(ToolchainError, match="Clang has no sysroot") as caught:
        probe_toolchain(cc, RV1126)
    assert "--sysroot=" in str(caught.value.next)


@pytest.mark.parametrize(
    ("refused", "linking"), [("nothing", ()), ("-fPIC -Wl,--version-script=*", ("-Wl,--undefined-version",))]
)
def test_a_linker_that_refuses_missing_exports_is_told_to_allow_them(
    tmp_path: Path, refused: str, linking: tuple[str, ...]
) -> None:
    first = f'case $* in *--undefined-version*) ;; *"{refused.removesuffix("*")}"*) exit 1 ;; esac'
    cc = find_compiler(RV1126, str(make_clang(tmp_path / "sdk", first=first)), path=os.defpath, unpack_into=tmp_path)
    assert probe_toolchain(cc, RV1126).linking == linking


def test_clang_does_not_link_for_an_older_glibc(tmp_path: Path) -> None:
    cc = make_clang(tmp_path / "sdk")
    with pytest.raises(ToolchainError, match=r"cannot link for glibc 2.28: it is clang 18.1.3") as caught:
        load_toolchain(
            RV1126_OF_OLD, str(cc), path=os.defpath, unpack_into=tmp_path / "unpacked", make_in=tmp_path / "made"
        )
    assert "libc=board" in str(caught.value.next)


@pytest.mark.parametrize(
    ("elf", "what", "found"),
    [
        (make_elf(flags=ARM_SOFT), "soft-float code", "soft-float"),
        (make_elf(machine=EM_AARCH64, bits=64, flags=0), "aarch64 code", "EM_AARCH64, 64-bit, little-endian"),
        (make_elf(machine=EM_RISCV, bits=64, flags=5), "riscv64 code", "EM_RISCV, 64-bit, little-endian"),
        (make_elf(little_endian=False), "arm code", "EM_ARM, 32-bit, big-endian"),
    ],
)
def test_wrong_code_is_refused_with_what_was_found(tmp_path: Path, elf: bytes, what: str, found: str) -> None:
    cc = make_compiler(tmp_path / "bin", elf=elf)
    with pytest.raises(ToolchainError, match=f"makes {what}") as caught:
        probe_toolchain(cc, RV1126)
    assert caught.value.found == found
    assert caught.value.expected


def test_what_is_no_elf_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match="does not compile for Linux"):
        probe_toolchain(make_compiler(tmp_path / "bin", elf=b"MZ"), RV1126)


def test_flags_that_choke_the_compiler_of_another_machine_do_not_hide_that(tmp_path: Path) -> None:
    first = 'case $* in *-mfpu=*) echo "unrecognized -mfpu" >&2; exit 1 ;; esac'
    elf = make_elf(machine=EM_AARCH64, bits=64, flags=0)
    with pytest.raises(ToolchainError, match="makes aarch64 code"):
        probe_toolchain(make_compiler(tmp_path / "bin", elf=elf, first=first), RV1126)


def test_a_compiler_too_old_for_the_flags_is_told_with_its_words(tmp_path: Path) -> None:
    first = 'case $* in *-mfpu=*) echo "unrecognized -mfpu" >&2; exit 1 ;; esac'
    with pytest.raises(ToolchainError, match="does not know the flags of rv1126") as caught:
        probe_toolchain(make_compiler(tmp_path / "bin", first=first), RV1126)
    assert caught.value.evidence == ("unrecognized -mfpu",)


def test_a_compiler_without_a_libc_is_told(tmp_path: Path) -> None:
    first = 'case $* in *" -c "*) ;; *) echo "stdio.h: No such file" >&2; exit 1 ;; esac'
    with pytest.raises(ToolchainError, match="cannot make a program") as caught:
        probe_toolchain(make_compiler(tmp_path / "bin", first=first), RV1126)
    assert caught.value.evidence == ("stdio.h: No such file",)


def test_a_toolchain_without_a_cxx_compiler_will_do(tmp_path: Path) -> None:
    cc = make_compiler(tmp_path / "bin")
    whole = probe_toolchain(cc, RV1126)
    cc.with_name("arm-linux-gnueabihf-g++").unlink()
    toolchain = probe_toolchain(cc, RV1126)
    assert (whole.no_cxx, toolchain.no_cxx) == ("", "there is no arm-linux-gnueabihf-g++")
    assert toolchain.identity != whole.identity
    assert toolchain.describe().endswith(", no C++)")


def test_a_cxx_compiler_without_its_library_is_none(tmp_path: Path) -> None:
    first = 'case $0 in *g++) echo "<stdin>:1:10: fatal error: string: No such file" >&2; exit 1 ;; esac'
    toolchain = probe_toolchain(make_compiler(tmp_path / "bin", first=first), RV1126)
    assert toolchain.no_cxx.endswith("g++ cannot make a program: <stdin>:1:10: fatal error: string: No such file")


def test_a_cxx_compiler_that_cannot_be_started_is_told(tmp_path: Path) -> None:
    first = "case $0 in *g++) echo \"cannot execute 'cc1plus'\" >&2; exit 1 ;; esac"
    with pytest.raises(ToolchainError, match="one of its own programs cannot be started"):
        probe_toolchain(make_compiler(tmp_path / "bin", first=first), RV1126)


def test_a_compiler_that_hangs_is_told_in_time(tmp_path: Path) -> None:
    cc = make_compiler(tmp_path / "bin", first="exec sleep 30")
    begin = time.monotonic()
    with pytest.raises(ToolchainError, match="hangs"):
        probe_toolchain(cc, RV1126, patience=0.2)
    assert time.monotonic() - begin < 5


@pytest.mark.parametrize(
    ("content", "mode", "reason"),
    [
        (b"\x7fELF\x02\x01\x01" + bytes(57), 0o755, "not a program for this machine"),
        (b"#!/nonexistent/sh\n", 0o755, "its loader is not there"),
        (b"#!/bin/sh\n", 0o644, "may not be executed"),
    ],
)
def test_a_compiler_that_cannot_run_is_one_sentence(tmp_path: Path, content: bytes, mode: int, reason: str) -> None:
    cc = tmp_path / "arm-linux-gnueabihf-gcc"
    cc.write_bytes(content)
    cc.chmod(mode)
    with pytest.raises(ToolchainError, match=reason) as caught:
        probe_toolchain(cc, RV1126)
    assert "\n" not in str(caught.value)


def test_a_compiler_that_crashes_is_told(tmp_path: Path) -> None:
    cc = tmp_path / "arm-linux-gnueabihf-gcc"
    cc.write_text("#!/bin/sh\nkill -SEGV $$\n")
    cc.chmod(0o755)
    with pytest.raises(ToolchainError, match="ended by signal 11"):
        probe_toolchain(cc, RV1126)


def test_a_better_prefix_on_path_is_taken_first(tmp_path: Path) -> None:
    make_compiler(tmp_path / "bin")
    make_compiler(tmp_path / "bin", "arm-buildroot-linux-gnueabihf")
    assert load(tmp_path).triplet == "arm-buildroot-linux-gnueabihf"


def test_a_libc_of_another_kind_than_the_boards_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match="do not load on rv1126") as caught:
        probe_toolchain(make_compiler(tmp_path / "bin"), replace(RV1126, libc_baseline=Libc("musl", "1.2")))
    assert (caught.value.expected, caught.value.found) == (
        "musl 1.2 at most, the board's libc (libc_baseline)",
        "glibc 2.31",
    )


def test_a_program_without_newer_versions_loads_on_an_older_libc(tmp_path: Path) -> None:
    cc = make_compiler(tmp_path / "bin")
    assert probe_toolchain(cc, replace(RV1126, libc_baseline=Libc("glibc", "2.17"))).libc.version == "2.31"


@pytest.mark.parametrize("damage", ["", "{", "[]", "null", '{"prefix": 1}', "\udcff", None])
def test_a_damaged_or_missing_description_is_told(tmp_path: Path, damage: str | None) -> None:
    if damage is not None:
        (tmp_path / "toolchain.json").write_bytes(damage.encode(errors="surrogateescape"))
    with pytest.raises(ToolchainError, match="it does not describe a toolchain"):
        Toolchain.read(tmp_path / "toolchain.json")


def test_what_was_written_down_is_read(tmp_path: Path) -> None:
    toolchain = probe_toolchain(make_compiler(tmp_path / "bin", sysroot=str(tmp_path)), RV1126)
    toolchain.write(tmp_path / "toolchain.json")
    assert Toolchain.read(tmp_path / "toolchain.json") == toolchain


def test_the_same_compiler_in_another_place_has_the_same_identity(tmp_path: Path) -> None:
    one, two = (probe_toolchain(make_compiler(tmp_path / name), RV1126) for name in ("one", "two"))
    assert one.prefix != two.prefix
    assert one.identity == two.identity


@pytest.mark.parametrize("part", ["cc1", "ld", "libc.so.6"])
def test_another_part_is_another_identity(tmp_path: Path, part: str) -> None:
    cc = make_compiler(tmp_path / "bin")
    before = probe_toolchain(cc, RV1126).identity
    (tmp_path / "bin" / part).write_text("patched")
    assert probe_toolchain(cc, RV1126).identity != before


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ("fatal error: error writing to /tmp/ccK.s: No space left on device", "a disk is full"),
        (
            "gcc: fatal error: cannot execute 'as': execvp: No such file or directory",
            "its own programs cannot be started",
        ),
        ("as: error while loading shared libraries: libbfd.so: cannot open", "its own programs cannot be started"),
        ("Cannot create temporary file in /tmp/: Permission denied", "may not write its temporary files"),
        ("cc1: out of memory allocating 65536 bytes", "not enough memory"),
    ],
)
def test_what_the_machine_lacks_is_not_blamed_on_flags(tmp_path: Path, said: str, what: str) -> None:
    cc = make_compiler(tmp_path / "bin", first=f'echo "{said}" >&2; exit 1')
    with pytest.raises(ToolchainError, match=what) as caught:
        probe_toolchain(cc, RV1126)
    assert caught.value.found == said
    assert caught.value.next
    assert "flags" not in str(caught.value)


def test_a_folder_for_temporary_files_that_cannot_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cc = make_compiler(tmp_path / "bin")
    monkeypatch.setenv("TMPDIR", "/nowhere")
    monkeypatch.setattr("tempfile.tempdir", "/nowhere")
    with pytest.raises(ToolchainError, match="no folder for temporary files") as caught:
        probe_toolchain(cc, RV1126)
    assert "TMPDIR=" in (caught.value.next or "")
