"""The problems of a single ELF file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from crosspython.elf.file import ElfFile
from crosspython.errors import ConfigurationError
from crosspython.finish.elf_rules import ElfWanted, Problem, judge_elf, judge_identity, wanted_elf
from crosspython.targets.libc import Libc

STAGE = Path("/stage")
ARM = ElfWanted("EM_ARM", 32, True, "hard")


class KnownSymbols(ElfFile):
    """An ELF file whose symbols are known without a file."""

    def symbols_needing(self, version: str) -> tuple[str, ...]:
        return {"GLIBC_2.34": ("dlopen", "pthread_create"), "GLIBC_PRIVATE": tuple("abcdefg")}.get(version, ())

    def time_functions(self) -> dict[int, tuple[str, ...]]:
        return {"old": {32: ("mktime",)}, "new": {64: ("__time64",)}}.get(self.path.name.partition(".")[0], {})


def make(name: str = "bin/tool", **facts: Any) -> KnownSymbols:
    usual: dict[str, Any] = {
        "path": STAGE / name,
        "kind": "executable",
        "machine": "EM_ARM",
        "bits": 32,
        "little_endian": True,
        "flags": 0,
        "float_abi": "hard",
        "is_dynamic": True,
    }
    return KnownSymbols(**usual | facts)


def judge(elf: ElfFile, **context: Any) -> list[str]:
    usual: dict[str, Any] = {
        "wanted": ARM,
        "libc": Libc("glibc", "2.31"),
        "providers": {"libz.so.1": ("lib",)},
        "patterns": ("libc.so.6", "ld-linux*.so.*"),
        "kernel": "4.19",
    }
    return [str(problem) for problem in judge_elf(elf, STAGE, **usual | context)]


def test_a_good_file_has_no_problem() -> None:
    elf = make(
        needed=("libz.so.1", "libc.so.6"),
        rpath="$ORIGIN/../lib",
        interpreter="/lib/ld-linux-armhf.so.3",
        version_needs={"libc.so.6": ("GLIBC_2.31", "GLIBC_2.4")},
        kernel="3.2.0",
    )
    assert judge(elf) == []


def test_another_machine_is_the_only_problem_told() -> None:
    elf = make(machine="EM_X86_64", bits=64, has_text_relocations=True)
    assert judge(elf) == [
        "bin/tool is for another machine: expected ARM, 32 bit, little endian, found X86_64, 64 bit, little endian"
    ]


def test_the_other_byte_order_is_another_machine() -> None:
    assert "big endian" in judge(make(little_endian=False))[0]


def test_soft_float_is_wrong_on_a_hard_float_board() -> None:
    assert judge(make(float_abi="soft")) == ["bin/tool has the wrong float ABI: expected hard, found soft"]


def test_a_file_that_states_no_float_abi_fits() -> None:
    assert judge_identity(make(float_abi=None), "a", ARM) == []


def test_a_newer_libc_is_told_with_its_symbols() -> None:
    elf = make(version_needs={"libc.so.6": ("GLIBC_2.34",)})
    assert judge(elf) == ["bin/tool needs GLIBC_2.34 (dlopen, pthread_create): expected glibc 2.31 at most"]


def test_versions_are_compared_as_numbers() -> None:
    assert judge(make(version_needs={"libc.so.6": ("GLIBC_2.4",)})) == []


def test_private_symbols_are_told_and_long_lists_cut() -> None:
    elf = make(version_needs={"libc.so.6": ("GLIBC_PRIVATE",)})
    assert judge(elf) == [
        "bin/tool needs GLIBC_PRIVATE (a, b, c, d, e and 2 more), which is not the version of a release"
    ]


def test_a_feature_of_the_loader_counts_as_its_release() -> None:
    elf = make(version_needs={"libc.so.6": ("GLIBC_ABI_DT_RELR",)})
    assert judge(elf) == ["bin/tool needs GLIBC_ABI_DT_RELR (the loader itself): expected glibc 2.31 at most"]
    assert judge(elf, libc=Libc("glibc", "2.36")) == []


def test_a_library_that_nobody_has_is_told() -> None:
    assert judge(make(needed=("libssl.so.3",))) == [
        "bin/tool needs libssl.so.3, which neither the prefix nor the board has"
    ]


def test_a_library_of_the_prefix_must_be_found_by_rpath() -> None:
    problems = judge(make(needed=("libz.so.1",)))
    assert problems == ["bin/tool will not find libz.so.1: expected lib below the prefix, found no RPATH"]


def test_a_file_at_the_top_of_the_prefix_finds_lib() -> None:
    assert judge(make("tool", needed=("libz.so.1",), rpath="$ORIGIN/lib")) == []


@pytest.mark.parametrize(
    "rpath", ["/opt/python/lib", "$ORIGIN/../../lib", "lib", "$ORIGIN/../lib:/srv/build", "$ORIGINS"]
)
def test_an_rpath_must_stay_in_the_prefix(rpath: str) -> None:
    assert any("RPATH that leaves the prefix" in problem for problem in judge(make(rpath=rpath)))


def test_a_runpath_is_wrong_wherever_it_leads() -> None:
    elf = make(rpath="$ORIGIN", has_runpath=True)
    assert judge(elf) == ["bin/tool has a RUNPATH, which LD_LIBRARY_PATH overrides: expected an RPATH, found $ORIGIN"]
    assert judge(elf, allows_runpath=True) == []


def test_any_copy_of_a_library_will_do_that_the_rpath_reaches() -> None:
    elf = make("a/_one.so", kind="shared", needed=("libx.so.1",), rpath="$ORIGIN/libs")
    assert judge(elf, providers={"libx.so.1": ("a/libs", "b/libs")}) == []
    assert judge(elf, providers={"libx.so.1": ("b/libs", "c")}) == [
        "a/_one.so will not find libx.so.1: expected b/libs or c below the prefix, found $ORIGIN/libs"
    ]


@pytest.mark.parametrize(
    ("facts", "word"),
    [
        ({"has_text_relocations": True}, "text relocations"),
        ({"has_executable_stack": True}, "stack executable"),
        ({"kernel": "5.10.0"}, "newer kernel"),
        ({"interpreter": "/lib/ld-musl-armhf.so.1"}, "loader"),
    ],
)
def test_what_the_board_refuses_is_told(facts: dict[str, Any], word: str) -> None:
    assert [word in problem for problem in judge(make(**facts))] == [True]


def test_an_object_is_judged_by_its_machine_only() -> None:
    assert judge(make(kind="relocatable", needed=("libssl.so.3",))) == []


def test_a_known_machine_becomes_elf_facts() -> None:
    assert wanted_elf("armv7l", "hard") == ARM


def test_an_unknown_machine_is_refused() -> None:
    with pytest.raises(ConfigurationError):
        wanted_elf("pdp11", None)


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (Problem("a", "is odd"), "a is odd"),
        (Problem("a", "is odd", expected="x"), "a is odd: expected x"),
        (Problem("a", "is odd", found="y"), "a is odd: y"),
        (Problem("a", "is odd", "x", "y"), "a is odd: expected x, found y"),
    ],
)
def test_a_problem_is_one_line(problem: Problem, text: str) -> None:
    assert str(problem) == text


@pytest.mark.parametrize(
    ("name", "wanted", "found"),
    [
        (
            "old",
            64,
            ["lib/old.so was compiled with a 32-bit time_t: expected 64-bit time_t, as in other files, found mktime"],
        ),
        (
            "new",
            32,
            ["lib/new.so was compiled with a 64-bit time_t: expected 32-bit time_t, as in other files, found __time64"],
        ),
        ("new", 64, []),
        ("old", None, []),
        ("neither", 64, []),
    ],
)
def test_two_sizes_of_time_are_not_mixed(name: str, wanted: int | None, found: list[str]) -> None:
    elf = make(f"lib/{name}.so", kind="shared")
    assert judge(elf, wanted=wanted_elf("armv7l", "hard", wanted)) == found


def test_on_64_bit_machines_there_is_one_time() -> None:
    assert wanted_elf("aarch64", None, 64).time_bits is None


def test_the_compilers_own_libraries_are_not_judged_by_their_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(KnownSymbols, "time_functions", lambda self: {32: ("time",)})
    wanted = wanted_elf("armv7l", "hard", 64)
    assert judge(make("lib/libgfortran-1b2c3d4e.so.5.0.0", kind="shared"), wanted=wanted) == []
