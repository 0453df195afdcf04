"""Stages made by a real cross compiler: read, finished, moved, run in the emulator, audited."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from crosspython.elf.file import ElfFile, find_elf_files, read_elf
from crosspython.elf.patchelf import find_patchelf
from crosspython.elf.static_archive import read_archive_members
from crosspython.errors import AuditError
from crosspython.finish.audit import Audit, audit_stage
from crosspython.finish.board_needs import board_needs
from crosspython.finish.elf_rules import wanted_elf
from crosspython.finish.stage import FinishReport, finish_stage
from crosspython.targets import Target, load_target
from crosspython.targets.libc import read_libc
from crosspython.toolchain.facts import Toolchain
from crosspython.toolchain.find import find_compiler
from crosspython.toolchain.probe import probe_toolchain
from crosspython.toolchain.wrapper import RESERVED_RPATH, write_wrappers

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent
CROSS = "arm-linux-gnueabihf-gcc"
LIBRARY = "#include <stdlib.h>\nint answer(double x) { return abs((int)(x * 6)) / 7; }\n"
DEEP = "int answer(double); int deep(void) { return answer(49); }\n"
PROGRAM = """
#include <pthread.h>
#include <stdio.h>
int answer(double);
static void *run(void *argument) { *(int *)argument = answer(49); return NULL; }
int main(void) {
    pthread_t thread;
    int result = 0;
    pthread_create(&thread, NULL, run, &result);
    pthread_join(thread, NULL);
    printf("%d\\n", result);
}
"""


class Workbench:
    """A folder with wrappers and a component's stage, as `make install DESTDIR=` would leave it."""

    def __init__(self, root: Path, target: Target, toolchain: Toolchain) -> None:
        self.target, self.toolchain = target, toolchain
        self.work, self.tools, self.debug = root / "work", root / "tools", root / "debug"
        self.stage = self.work / "dest/opt/python"
        self.sysroot = root / "work/sysroot"
        for folder in (self.sysroot / "usr/lib", self.stage / "bin", self.stage / "lib/python3.13/lib-dynload"):
            folder.mkdir(parents=True)
        write_wrappers(self.tools, toolchain, target)

    def compile(self, name: str, source: str, *options: str) -> Path:
        """Compile and link one source file into the stage."""
        file = self.work / f"{Path(name).name}.c"
        file.write_text(source)
        environment = {**os.environ, "CROSSPYTHON_SYSROOT": str(self.sysroot), "CROSSPYTHON_WORK": str(self.work)}
        command = [self.tools / CROSS, "-g", "-O2", file, "-o", self.stage / name, *options]
        subprocess.run(command, env=environment, check=True)
        return self.stage / name

    def fill(self) -> None:
        """Make a library, a program and an extension module that need it, a static library and a file of text."""
        library = self.compile("lib/libanswer.so.1", LIBRARY, "-shared", "-fPIC", "-Wl,-soname,libanswer.so.1")
        library.chmod(0o555)
        (self.stage / "lib/libanswer.so").symlink_to("libanswer.so.1")
        lib = f"-L{self.stage}/lib"
        self.compile("bin/tool", PROGRAM, lib, "-lanswer", "-pthread")
        self.compile("lib/python3.13/lib-dynload/_deep.so", DEEP, "-shared", "-fPIC", lib, "-lanswer")
        self.compile("lib/python3.13/lib-dynload/_plain.so", "int x;", "-shared", "-fPIC")
        member = self.compile("lib/answer.o", LIBRARY, "-c", "-fPIC")
        subprocess.run(
            [self.tools / "arm-linux-gnueabihf-ar", "rc", self.stage / "lib/libanswer.a", member], check=True
        )
        member.unlink()
        (self.stage / "lib/answer.pc").write_text(f"libdir={self.stage}/lib\n")

    def finish(self) -> FinishReport:
        return finish_stage(
            self.stage,
            tools=self.tools,
            triplet=self.target.triplet,
            replace={str(self.work): "/usr/src"},
            prefix="/opt/python",
            debug=self.debug,
            epoch=1577836800,
        )

    def audit(self, libc: str = "glibc 2.36", provided: Sequence[str] = ()) -> list[str]:
        problems = audit_stage(
            self.stage,
            wanted=wanted_elf("armv7l", "hard"),
            libc=read_libc(libc),
            provided=frozenset(provided),
            forbidden_paths=[str(self.work)],
        )
        return [str(problem) for problem in problems]

    def elf(self, name: str) -> ElfFile:
        elf = read_elf(self.stage / name)
        assert elf is not None
        return elf


@pytest.fixture(scope="module")
def compiler(tmp_path_factory: pytest.TempPathFactory) -> tuple[Target, Toolchain]:
    target = load_target("rv1126", ROOT)
    cc = find_compiler(target, None, path=os.environ["PATH"], unpack_into=tmp_path_factory.mktemp("sdk"))
    return target, probe_toolchain(cc, target)


@pytest.fixture
def bench(tmp_path: Path, compiler: tuple[Target, Toolchain]) -> Workbench:
    return Workbench(tmp_path, *compiler)


@pytest.fixture
def finished(bench: Workbench) -> Workbench:
    bench.fill()
    bench.finish()
    return bench


def emulate(stage: Path) -> str:
    """Run the program on the emulator, with no help for the loader from the environment."""
    environment = {key: value for key, value in os.environ.items() if key != "LD_LIBRARY_PATH"}
    command = ["qemu-arm-static", "-L", "/usr/arm-linux-gnueabihf", stage / "bin/tool"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


def link_raw(file: Path, source: str, *options: str, compiler: str = CROSS, language: str = "c") -> None:
    """Compile with the compiler itself, for what its wrapper would not do."""
    subprocess.run([compiler, "-x", language, "-", "-o", file, *options], input=source, text=True, check=True)


def test_facts_of_a_real_program_are_read(bench: Workbench) -> None:
    bench.fill()
    elf = bench.elf("bin/tool")
    assert (elf.kind, elf.machine, elf.float_abi) == ("executable", "EM_ARM", "hard")
    assert elf.interpreter == "/lib/ld-linux-armhf.so.3" and elf.rpath == RESERVED_RPATH
    assert set(elf.needed) == {"libanswer.so.1", "libc.so.6"} and elf.kernel == "3.2.0"
    assert "pthread_create" in elf.symbols_needing("GLIBC_2.34") and elf.has_symbol_table


def test_float_abi_of_objects_comes_from_their_attributes(bench: Workbench) -> None:
    link_raw(bench.stage / "soft.o", "float f(float x) { return x; }", "-c", "-march=armv7-a", "-mfloat-abi=soft")
    link_raw(bench.stage / "hard.o", "float f(float x) { return x; }", "-c")
    assert (bench.elf("soft.o").float_abi, bench.elf("hard.o").float_abi) == ("soft", "hard")


def test_an_assembler_object_that_states_nothing_fits_either_float_abi(bench: Workbench) -> None:
    link_raw(bench.stage / "plain.o", "nop\n", "-c", language="assembler")
    assert bench.elf("plain.o").float_abi is None


def test_a_finished_program_runs_from_wherever_it_was_moved(finished: Workbench, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere with blanks"
    shutil.move(finished.stage, moved)
    assert emulate(moved) == "42\n"


def test_rpaths_are_relative_to_each_files_own_place(finished: Workbench) -> None:
    assert finished.elf("bin/tool").rpath == "$ORIGIN/../lib"
    assert finished.elf("lib/python3.13/lib-dynload/_deep.so").rpath == "$ORIGIN/../.."
    assert finished.elf("lib/python3.13/lib-dynload/_plain.so").rpath is None


def test_no_file_grows_by_its_rpath(bench: Workbench) -> None:
    bench.fill()
    stripped = bench.work / "stripped"
    objcopy = [bench.tools / "arm-linux-gnueabihf-objcopy", "--strip-unneeded"]
    symbols = bench.work / "tool.debug"
    symbols.write_bytes(b"")
    subprocess.run([*objcopy, f"--add-gnu-debuglink={symbols}", bench.stage / "bin/tool", stripped], check=True)
    bench.finish()
    assert (bench.stage / "bin/tool").stat().st_size == stripped.stat().st_size


def test_a_path_of_the_build_machine_does_not_survive_as_a_removed_rpath(bench: Workbench) -> None:
    path = bench.stage / "lib/libx.so"
    link_raw(path, "int x;", "-shared", "-fPIC", f"-Wl,-rpath,{bench.work}/somewhere")
    bench.finish()
    assert bench.elf("lib/libx.so").rpath is None and str(bench.work).encode() not in path.read_bytes()


def test_a_runpath_becomes_an_rpath(bench: Workbench) -> None:
    bench.fill()
    path = bench.stage / "bin/old"
    (bench.work / "old.c").write_text("int answer(double); int main(void) { return answer(1); }")
    options = ["-Wl,--enable-new-dtags", "-Wl,-rpath,$ORIGIN/../lib", f"-L{bench.stage}/lib", "-lanswer"]
    link_raw(path, (bench.work / "old.c").read_text(), *options)
    assert bench.elf("bin/old").has_runpath
    bench.finish()
    assert not bench.elf("bin/old").has_runpath and bench.elf("bin/old").rpath == "$ORIGIN/../lib"


def test_a_library_of_the_same_name_on_ld_library_path_does_not_come_first(bench: Workbench, tmp_path: Path) -> None:
    bench.fill()
    shutil.copy(bench.stage / "bin/tool", tmp_path / "early")
    subprocess.run([find_patchelf(), "--set-rpath", f"{bench.stage}/lib", tmp_path / "early"], check=True)
    bench.finish()
    wrong = tmp_path / "wrong/libanswer.so.1"
    wrong.parent.mkdir()
    link_raw(wrong, "int answer(double x) { return 7; }", "-shared", "-fPIC", "-Wl,-soname,libanswer.so.1")
    command = ["qemu-arm-static", "-L", "/usr/arm-linux-gnueabihf", "-E", f"LD_LIBRARY_PATH={wrong.parent}"]

    def run(program: Path) -> str:
        return subprocess.run([*command, program], capture_output=True, text=True, check=True).stdout

    assert run(tmp_path / "early") == "7\n"  # with a RUNPATH, which is what patchelf writes when it is not told
    assert run(bench.stage / "bin/tool") == "42\n"


def test_a_file_without_room_gets_its_rpath_too(bench: Workbench) -> None:
    bench.fill()
    source = PROGRAM
    (bench.stage / "bin/tool").unlink()
    link_raw(bench.stage / "bin/tool", source, f"-L{bench.stage}/lib", "-lanswer", "-pthread")
    bench.finish()
    assert emulate(bench.stage) == "42\n"


def test_symbols_are_kept_where_a_debugger_finds_them(finished: Workbench) -> None:
    symbols = read_elf(finished.debug / "bin/tool.debug")
    assert symbols is not None and symbols.has_symbol_table and not finished.elf("bin/tool").has_symbol_table
    sections = subprocess.run(
        ["arm-linux-gnueabihf-readelf", "-p", ".gnu_debuglink", finished.stage / "bin/tool"],
        capture_output=True,
        check=True,
    )
    assert b"tool.debug" in sections.stdout  # bytes: a checksum stands behind the name, and need not be UTF-8


def test_read_only_libraries_stay_read_only(finished: Workbench) -> None:
    assert (finished.stage / "lib/libanswer.so.1").stat().st_mode & 0o777 == 0o555


def test_hard_links_stay_one_file(bench: Workbench) -> None:
    bench.fill()
    (bench.stage / "bin/other").hardlink_to(bench.stage / "bin/tool")
    bench.finish()
    assert (bench.stage / "bin/other").samefile(bench.stage / "bin/tool")
    assert bench.elf("bin/other").rpath == "$ORIGIN/../lib"


def test_a_finished_stage_is_clean(finished: Workbench) -> None:
    assert finished.audit() == []


def test_the_audit_of_a_target_takes_its_toolchains_libc(finished: Workbench) -> None:
    Audit(finished.target, finished.toolchain, frozenset(), ()).require_clean(finished.stage, "answer")


def test_finishing_twice_changes_no_byte(finished: Workbench) -> None:
    def contents() -> dict[str, Any]:
        return {str(path): path.read_bytes() for path in finished.stage.rglob("*") if path.is_file()}

    before = contents()
    finished.finish()
    assert contents() == before


def test_two_builds_in_different_folders_give_the_same_bytes(
    tmp_path: Path, compiler: tuple[Target, Toolchain]
) -> None:
    trees = []
    for name in ("one", "another and longer"):
        bench = Workbench(tmp_path / name, *compiler)
        bench.fill()
        bench.finish()
        files = sorted(path for path in bench.stage.rglob("*") if path.is_file())
        trees.append({path.relative_to(bench.stage): path.read_bytes() for path in files})
    assert trees[0] == trees[1]


def test_an_unfinished_stage_is_refused_with_every_reason(bench: Workbench) -> None:
    bench.fill()
    with pytest.raises(AuditError) as caught:
        Audit(bench.target, bench.toolchain, frozenset(), ()).require_clean(bench.stage, "answer")
    text = "\n".join(caught.value.evidence)
    assert "RPATH that leaves the prefix" in text and "lib/answer.pc contains a path of the build machine" in text


def test_a_libc_newer_than_the_boards_is_told_with_its_symbols(finished: Workbench) -> None:
    problems = finished.audit(libc="glibc 2.31")
    assert len(problems) == 1
    assert problems[0].startswith("bin/tool needs GLIBC_2.34 (__libc_start_main, pthread_create, pthread_join)")


def test_another_machines_library_is_refused(finished: Workbench) -> None:
    link_raw(finished.stage / "lib/libnative.so", "int x;", "-shared", "-fPIC", compiler="gcc")
    assert [problem.split(":")[0] for problem in finished.audit()] == ["lib/libnative.so is for another machine"]


def test_a_soft_float_library_is_refused(finished: Workbench) -> None:
    options = ["-shared", "-fPIC", "-nostdlib", "-march=armv7-a", "-mfloat-abi=soft", "-Wl,--no-warn-mismatch"]
    link_raw(finished.stage / "lib/libsoft.so", "float f(float x) { return x; }", *options)
    assert finished.audit() == ["lib/libsoft.so has the wrong float ABI: expected hard, found soft"]


def test_text_relocations_and_an_executable_stack_are_refused(finished: Workbench) -> None:
    options = ["-shared", "-fno-pic", "-nostdlib", "-Wl,-z,notext", "-Wl,-z,execstack", "-march=armv6+fp", "-marm"]
    link_raw(finished.stage / "lib/libbad.so", "extern int y; int f(void) { return y; } int (*p)(void) = f;", *options)
    words = " ".join(finished.audit())
    assert "has text relocations" in words and "makes its stack executable" in words


def test_what_the_bundle_needs_of_the_board_is_read(finished: Workbench) -> None:
    needs = board_needs(finished.stage)
    assert str(needs.versions["GLIBC"]) == "GLIBC_2.34 (bin/tool: __libc_start_main)"
    assert needs.machines == ("EM_ARM",) and needs.kernel == "3.2.0"
    assert needs.libraries == ("libc.so.6",)


def test_eighty_modules_cost_less_than_five_seconds(bench: Workbench) -> None:
    bench.fill()
    module = bench.stage / "lib/python3.13/lib-dynload/_deep.so"
    for number in range(80):
        shutil.copy(module, module.with_name(f"_m{number}.so"))
    before = time.process_time() + sum(os.times()[2:4])
    bench.finish()
    assert bench.audit() == []
    assert time.process_time() + sum(os.times()[2:4]) - before < 5


def test_reading_150_files_costs_less_than_two_seconds(bench: Workbench) -> None:
    bench.fill()
    for number in range(150):
        shutil.copy(bench.stage / "bin/tool", bench.stage / f"bin/tool{number}")
    before = time.process_time()
    assert len(list(find_elf_files(bench.stage))) > 150
    assert time.process_time() - before < 2


def test_objects_of_a_real_static_library_are_read(finished: Workbench) -> None:
    members = list(read_archive_members(finished.stage / "lib/libanswer.a"))
    assert [(elf.path.name, elf.machine, elf.float_abi) for elf in members] == [
        ("libanswer.a(answer.o)", "EM_ARM", "hard")
    ]
