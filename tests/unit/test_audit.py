"""The audit's findings in a stage, on trees made by hand."""

from __future__ import annotations

import os
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from crosspython.errors import AuditError
from crosspython.finish.audit import Audit, audit_stage, require_clean
from crosspython.finish.elf_rules import ElfWanted, Problem
from crosspython.targets import load_target
from crosspython.targets.libc import Libc
from crosspython.toolchain.facts import Toolchain

from tests.unit.made_elf import ARM_SOFT, EM_X86_64, ET_REL, make_archive, make_elf


@pytest.fixture
def stage(tmp_path: Path) -> Path:
    folder = tmp_path / "stage"
    for name in ("bin", "lib"):
        (folder / name).mkdir(parents=True)
    return folder


def audit(stage: Path, **context: Any) -> list[str]:
    usual: dict[str, Any] = {
        "wanted": ElfWanted("EM_ARM", 32, True, "hard"),
        "libc": Libc("glibc", "2.31"),
        "forbidden_paths": ["/srv/work"],
    }
    return [str(problem) for problem in audit_stage(stage, **usual | context)]


def test_a_good_stage_is_clean(stage: Path) -> None:
    (stage / "lib/libz.so.1").write_bytes(make_elf(soname="libz.so.1", needed=["libc.so.6"]))
    (stage / "lib/libz.so").symlink_to("libz.so.1")
    (stage / "bin/tool").write_bytes(make_elf(needed=["libz.so.1", "libssl.so.3"], rpath="$ORIGIN/../lib"))
    (stage / "lib/libz.a").write_bytes(make_archive({"a.o": make_elf(kind=ET_REL, flags=0x05000000)}))
    assert audit(stage, provided=frozenset({"libssl.so.3"})) == []


def test_a_library_that_another_component_has_is_not_enough_without_it(stage: Path) -> None:
    (stage / "bin/tool").write_bytes(make_elf(needed=["libssl.so.3"]))
    assert audit(stage) == ["bin/tool needs libssl.so.3, which neither the prefix nor the board has"]


def test_the_boards_libraries_can_be_named(stage: Path) -> None:
    (stage / "bin/tool").write_bytes(make_elf(needed=["librga.so.2"]))
    assert audit(stage, board_libraries=("librga.so.*",)) == []


@pytest.mark.parametrize(("file", "soname"), [("libz.so", "libz.so"), ("libz.so.1.2.11", "libz.so.1")])
def test_a_library_without_a_soname_is_refused_where_others_link_with_it(stage: Path, file: str, soname: str) -> None:
    (stage / "lib" / file).write_bytes(make_elf())
    assert audit(stage) == []
    assert audit(stage, is_linked_with=True) == [
        f"lib/{file} has no soname, so programs will look for this file name on the board: "
        f"expected -Wl,-soname,{soname} when it is linked"
    ]


def test_a_library_must_lie_there_under_its_soname(stage: Path) -> None:
    (stage / "lib/libz.so.1.3").write_bytes(make_elf(soname="libz.so.1"))
    assert audit(stage, is_linked_with=True) == [
        "lib/libz.so.1.3 will not be found by its soname: expected a file or link lib/libz.so.1"
    ]
    (stage / "lib/libz.so.1").symlink_to("libz.so.1.3")
    assert audit(stage, is_linked_with=True) == []


def test_a_module_in_a_folder_of_its_own_needs_no_soname(stage: Path) -> None:
    (stage / "lib/engines-3").mkdir()
    (stage / "lib/engines-3/padlock.so").write_bytes(make_elf())
    assert audit(stage, is_linked_with=True) == []


def test_a_name_that_the_prefix_has_for_linkers_alone_is_not_found(stage: Path) -> None:
    (stage / "bin/tool").write_bytes(make_elf(needed=["libz.so"], rpath="$ORIGIN/../lib"))
    assert audit(stage, provided=frozenset({"libz.so.1"})) == [
        "bin/tool needs libz.so, which neither the prefix nor the board has"
    ]


def test_musl_never_opens_a_library_that_bears_one_of_its_own_names(stage: Path) -> None:
    (stage / "lib/libutil.so.1").write_bytes(make_elf(soname="libutil.so.1"))
    assert audit(stage, is_linked_with=True) == []
    assert audit(stage, is_linked_with=True, libc=Libc("musl", "1.2")) == [
        "lib/libutil.so.1 has a name that musl's loader reserves for itself: libutil.so.1"
    ]


def test_a_wrong_object_in_a_static_library_is_named(stage: Path) -> None:
    wrong = make_elf(kind=ET_REL, machine=EM_X86_64, bits=64, flags=0)
    (stage / "lib/libz.a").write_bytes(make_archive({"a.o": make_elf(kind=ET_REL), "b.o": wrong, "c.o": wrong}))
    assert [problem.split(":")[0] for problem in audit(stage)] == ["lib/libz.a(b.o) is for another machine"]


@pytest.mark.parametrize("name", ["lib/Makefile", "lib/data.bin", "lib/__init__.pyc"])
def test_a_path_of_the_build_machine_is_found_in_any_file(stage: Path, name: str) -> None:
    (stage / name).write_bytes(b"\0\1CC=/srv/work/gcc\0")
    assert audit(stage) == [f"{name} contains a path of the build machine: /srv/work/gcc"]


def test_the_stages_own_place_is_a_path_of_the_build_machine(stage: Path) -> None:
    (stage / "lib/Makefile").write_text(f"LIBDIR={stage}/lib\n")
    assert audit(stage) == [f"lib/Makefile contains a path of the build machine: {stage}/lib"]


@pytest.mark.parametrize(
    ("target", "what"),
    [("/usr/lib/libz.so", "absolute"), ("nowhere", "does not exist"), ("../../outside", "leaves the prefix")],
)
def test_a_link_must_lead_to_something_inside(stage: Path, target: str, what: str) -> None:
    (stage.parent / "outside").write_text("")
    (stage / "lib/link").symlink_to(target)
    assert [what in problem for problem in audit(stage)] == [True]


def test_a_link_in_a_circle_is_a_link_to_nothing(stage: Path) -> None:
    (stage / "lib/link").symlink_to("link")
    assert audit(stage) == ["lib/link is a link whose target does not exist: link"]


@pytest.mark.parametrize(("mode", "what"), [(0o4755, "set-user-ID"), (0o2755, "set-group-ID"), (0o666, "every user")])
def test_a_mode_that_opens_a_door_is_told(stage: Path, mode: int, what: str) -> None:
    (stage / "bin/tool").write_text("")
    (stage / "bin/tool").chmod(mode)
    assert [what in problem for problem in audit(stage)] == [True]


def test_a_fifo_has_no_place_in_a_stage(stage: Path) -> None:
    os.mkfifo(stage / "lib/pipe")
    assert audit(stage) == ["lib/pipe is not a file, a folder or a link: prw-r--r--"]


def test_damaged_files_are_problems_like_others(stage: Path) -> None:
    (stage / "bin/tool").write_bytes(make_elf()[:60])
    (stage / "lib/libz.a").write_bytes(b"!<thin>\n")
    assert [problem.split(":")[0] for problem in audit(stage)] == [
        "bin/tool a damaged ELF file",
        "lib/libz.a a thin archive, which only names files of the build machine",
    ]


def test_all_problems_are_raised_at_once_with_the_log() -> None:
    problems = [Problem("a", "is odd"), Problem("b", "is odd")]
    with pytest.raises(AuditError, match="the build made files that would not work") as caught:
        require_clean(problems, "zlib 1.3.1", Path("zlib.log"))
    assert caught.value.evidence == ("a is odd", "b is odd") and caught.value.log == Path("zlib.log")


def test_no_problem_raises_nothing() -> None:
    require_clean([], "zlib 1.3.1")


def make_audit(baseline: Libc | None) -> Audit:
    target = replace(load_target("rv1126", Path(__file__).parent), libc_baseline=baseline)
    toolchain = Toolchain(
        **dict.fromkeys((field.name for field in fields(Toolchain)), None) | {"libc": Libc("glibc", "2.36")}
    )
    return Audit(target, toolchain, frozenset(), ())


def test_the_targets_own_libc_counts_before_the_toolchains(stage: Path) -> None:
    (stage / "bin/tool").write_bytes(make_elf(needed=["libc.so"]))
    assert make_audit(Libc("musl", "1.2")).find_problems(stage) == [] != make_audit(None).find_problems(stage)


def test_what_a_target_and_its_toolchain_ask_for_is_required(stage: Path) -> None:
    (stage / "bin/tool").write_bytes(make_elf(flags=ARM_SOFT))
    with pytest.raises(AuditError, match="wrong float ABI"):
        make_audit(None).require_clean(stage, "tool")
