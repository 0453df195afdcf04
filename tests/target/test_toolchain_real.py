"""Real cross compilers: the shipped targets fit them, SDKs work from other places, and the wrappers refuse strays."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from crosspython.elf.file import read_elf
from crosspython.elf.patchelf import find_patchelf, write_rpaths
from crosspython.errors import ToolchainError
from crosspython.finish.audit import Audit
from crosspython.targets import Target, load_target, target_names
from crosspython.toolchain.emulator import emulator_command, libc_root
from crosspython.toolchain.facts import Toolchain
from crosspython.toolchain.load import load_toolchain
from crosspython.toolchain.time_bits import MACROS
from crosspython.toolchain.wrapper import RESERVED_RPATH, write_wrappers

from tests.sdk_fixture import (
    PREFIX,
    YOCTO,
    make_clang,
    make_late_time,
    make_sdk,
    make_soft_float,
    make_wrong_machine,
    make_yocto,
    pack_installer,
    pack_sdk,
)

pytestmark = pytest.mark.slow

PATH = os.environ["PATH"]


def target_of_its_compiler(name: str) -> Target:
    """A target that is built for its compiler's own libc, as with libc=board."""
    return replace(load_target(name, Path()), libc=None)


RV1126 = target_of_its_compiler("rv1126")


def load(toolchain: Path | None, folder: Path, name: str = "rv1126") -> Toolchain:
    return load_toolchain(
        target_of_its_compiler(name),
        str(toolchain) if toolchain else None,
        path=PATH,
        unpack_into=folder / "unpacked",
        make_in=folder / "made",
    )


@pytest.fixture(scope="module")
def sdk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_sdk(tmp_path_factory.mktemp("vendor") / "sdk")


@pytest.fixture(scope="module")
def opened(sdk: Path, tmp_path_factory: pytest.TempPathFactory) -> Toolchain:
    return load(sdk, tmp_path_factory.mktemp("my, büild"))


@pytest.fixture(scope="module")
def yocto_sdk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_yocto(tmp_path_factory.mktemp("vendor") / "yocto")


@pytest.fixture(scope="module")
def yocto(yocto_sdk: Path, tmp_path_factory: pytest.TempPathFactory) -> Toolchain:
    """The SDK that its installer makes, in a build folder with a blank in its name."""
    installer = pack_installer(yocto_sdk, tmp_path_factory.mktemp("downloads") / "poky-glibc-x86_64.sh")
    return load(installer, tmp_path_factory.mktemp("my, büild"))


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Toolchain:
    return load(None, tmp_path_factory.mktemp("build"))


@dataclass
class Bench:
    """A component's work folder with wrappers, a private sysroot, and one library that only this sysroot has."""

    toolchain: Toolchain
    work: Path

    def __post_init__(self) -> None:
        self.sysroot = self.work / "sysroot"
        write_wrappers(self.work / "bin", self.toolchain, RV1126)
        self.write("sysroot/usr/include/only_ours.h", "int ours(void);\n")
        self.write("ours.c", "int inner(void); int ours(void) { return inner(); }\n")
        self.write("inner.c", "#include <math.h>\nint inner(void) { return (int) floor(2.5); }\n")
        libraries = self.sysroot / "usr/lib"
        libraries.mkdir()
        self.run("gcc", "-shared", "-fPIC", "inner.c", "-lm", "-o", f"{libraries}/libinner.so")
        self.run("gcc", "-shared", "-fPIC", "ours.c", "-linner", "-o", f"{libraries}/libours.so")

    def write(self, name: str, text: str) -> Path:
        path = self.work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def try_run(self, tool: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        env = {"PATH": PATH, "CROSSPYTHON_SYSROOT": str(self.sysroot), "CROSSPYTHON_WORK": str(self.work)}
        command = [self.work / "bin" / f"arm-linux-gnueabihf-{tool}", *arguments]
        return subprocess.run(command, cwd=self.work, env=env, capture_output=True, text=True, check=False)

    def run(self, tool: str, *arguments: str) -> str:
        done = self.try_run(tool, *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr


@pytest.fixture(scope="module")
def clang(tmp_path_factory: pytest.TempPathFactory) -> Toolchain:
    """Clang and lld as a vendor ships them."""
    return load(make_clang(tmp_path_factory.mktemp("vendor") / "my, sdk"), tmp_path_factory.mktemp("my, büild"))


_GCCS = ("distributions", "opened", "yocto")


@pytest.fixture(scope="module", params=[*_GCCS, "clang"])
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(request.getfixturevalue(request.param), tmp_path_factory.mktemp("my, wörk"))


@pytest.fixture(scope="module", params=_GCCS)
def gcc_bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(request.getfixturevalue(request.param), tmp_path_factory.mktemp("my, wörk"))


_TIMES = """\
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <utime.h>
int main(int count, char **words) {
    time_t late = (time_t) 1 << 32;
    struct utimbuf times = {late, late};
    struct stat status;
    if (utime(words[1], &times) || stat(words[1], &status)) return 1;
    printf("%d %d\\n", gmtime(&late)->tm_year + 1900, gmtime(&status.st_mtime)->tm_year + 1900);
    return time(0) < 0;
}
"""


def test_what_wrappers_compile_knows_dates_after_2038(bench: Bench) -> None:
    assert bench.toolchain.time_bits == 64
    program = bench.work / "times"
    # Packages say one of the macros themselves.
    bench.write("times.c", "#define _FILE_OFFSET_BITS 64\n" + _TIMES)
    bench.run("gcc", "-Wall", "-Werror", "-D_FILE_OFFSET_BITS=64", "times.c", "-o", str(program))
    elf = read_elf(program)
    assert elf is not None and elf.time_functions().keys() == {64}
    command = [*emulator_command(RV1126, libc_root(bench.toolchain), PATH), str(program), str(program)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "2106 2106\n"


def test_a_compiler_that_chose_64_bit_time_by_itself_gives_the_same(tmp_path: Path) -> None:
    bench = Bench(load(make_late_time(tmp_path / "sdk"), tmp_path), tmp_path / "work")
    assert (bench.toolchain.time_bits, bench.toolchain.time_flags) == (64, MACROS)
    bench.write("times.c", _TIMES)
    bench.run("gcc", "-Wall", "-Werror", "-D_FILE_OFFSET_BITS=64", "times.c", "-o", "times")


def test_what_was_compiled_with_the_other_time_is_refused(tmp_path: Path) -> None:
    toolchain = load(None, tmp_path)
    bench = Bench(toolchain, tmp_path / "work")
    stage = tmp_path / "stage"
    (stage / "bin").mkdir(parents=True)
    bench.write("times.c", _TIMES)
    bench.run("gcc", "-U_TIME_BITS", "times.c", "-o", f"{stage}/bin/times")
    write_rpaths({stage / "bin/times": None}, {stage / "bin/times": "any"}, find_patchelf())
    problems = Audit(RV1126, toolchain, frozenset(), ()).find_problems(stage)
    assert [str(problem) for problem in problems] == [
        "bin/times was compiled with a 32-bit time_t: expected 64-bit time_t, as in other files, "
        "found gmtime, time, utime"
    ]


def only_on_the_build_machine() -> str:
    """A header of the build machine's that the cross compiler's own libc does not bring."""
    own = Path("/usr/arm-linux-gnueabihf/include")
    names = sorted(path.name for path in Path("/usr/include").glob("*.h") if not (own / path.name).exists())
    assert names, "the build machine has no headers of its own"
    return names[0]


@pytest.mark.parametrize("name", [name for name in target_names() if load_target(name, Path()).libc is not None])
def test_the_distributions_compiler_makes_code_for_every_shipped_board(tmp_path: Path, name: str) -> None:
    toolchain = load(None, tmp_path, name)
    assert toolchain.libc.name == "glibc"
    assert toolchain.sysroot is None
    assert toolchain.kernel_headers is not None


def test_an_sdks_folder_is_copied_relocated_and_works(sdk: Path, opened: Toolchain) -> None:
    assert opened.triplet == PREFIX
    assert opened.sysroot is not None
    assert sdk not in opened.sysroot.parents
    assert (sdk / "share/buildroot/sdk-location").read_text().startswith("/home/vendor")


def test_an_sdk_compiles_with_its_own_parts(opened: Toolchain) -> None:
    root = Path(opened.prefix).parent.parent
    done = subprocess.run([f"{opened.prefix}gcc", "-print-prog-name=cc1"], capture_output=True, text=True, check=True)
    assert root in Path(done.stdout.strip()).resolve().parents


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_an_sdks_archive_works(sdk: Path, opened: Toolchain, tmp_path: Path, suffix: str) -> None:
    archive = pack_sdk(sdk, tmp_path / f"sdk.tar{suffix}")
    assert load(archive, tmp_path / "büild folder").identity == opened.identity


def test_the_same_compiler_in_an_sdk_has_the_same_parts(opened: Toolchain, distributions: Toolchain) -> None:
    assert opened.identity.splitlines()[-1] == distributions.identity.splitlines()[-1]


def test_a_yocto_sdk_works_by_its_installer_and_by_its_folder(
    yocto: Toolchain, yocto_sdk: Path, tmp_path: Path
) -> None:
    assert (yocto.triplet, yocto.sysroot and yocto.sysroot.name.split("-")[0]) == (YOCTO, "cortexa7t2hf")
    assert load(yocto_sdk, tmp_path).identity == yocto.identity


def test_a_yocto_sdk_that_was_moved_is_told(yocto_sdk: Path, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    shutil.copytree(yocto_sdk, moved, symlinks=True, ignore=shutil.ignore_patterns("sysroots"))
    setup = next(moved.glob("environment-setup-*"))
    setup.write_text(setup.read_text().replace(str(yocto_sdk), "/nowhere"))
    with pytest.raises(ToolchainError, match="installed in another place"):
        load(moved, tmp_path)


def test_a_script_that_is_no_installer_is_not_run(tmp_path: Path) -> None:
    script = tmp_path / "deploy.sh"
    script.write_text(f"#!/bin/sh\ntouch {tmp_path}/was-run\n")
    with pytest.raises(ToolchainError, match="it was not run"):
        load(script, tmp_path)
    assert not (tmp_path / "was-run").exists()


def test_soft_float_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match="makes soft-float code") as caught:
        load(make_soft_float(tmp_path / "sdk"), tmp_path)
    assert (caught.value.expected, caught.value.found) == ("hard-float", "soft-float")


def test_another_machine_under_a_fitting_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match="makes aarch64 code"):
        load(make_wrong_machine(tmp_path / "sdk"), tmp_path)


def load_for_baseline(folder: Path, baseline: str) -> Toolchain:
    """Look at the distribution's compiler for a board of the user's with another libc."""
    (folder / "mine.toml").write_text(f'extends = "rv1126"\nlibc = "board"\nlibc_baseline = "{baseline}"\n')
    return load_toolchain(load_target("./mine.toml", folder), None, path=PATH, unpack_into=folder, make_in=folder)


def test_a_board_with_an_older_libc_is_told_which_symbols_it_lacks(tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match="do not load on mine") as caught:
        load_for_baseline(tmp_path, "glibc 2.28")
    assert "a small program needs GLIBC_2.29 (pow)" in caught.value.evidence
    assert "__libc_start_main" in str(caught.value)
    assert caught.value.expected is not None and caught.value.expected.startswith("glibc 2.28 at most")


def test_a_board_with_another_libc_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match="do not load on mine") as caught:
        load_for_baseline(tmp_path, "musl 1.2")
    assert caught.value.found is not None and caught.value.found.startswith("glibc")


def test_a_board_with_the_toolchains_libc_is_fine(tmp_path: Path, distributions: Toolchain) -> None:
    assert load_for_baseline(tmp_path, str(distributions.libc)) == distributions


def test_a_program_uses_the_private_sysroots_library(bench: Bench) -> None:
    bench.write("main.c", "#include <only_ours.h>\nint main(void) { return ours() != 2; }\n")
    bench.run("gcc", "main.c", "-lours", "-o", "main")  # libours needs libinner, and that libm: rpath-link finds both
    elf = read_elf(bench.work / "main")
    assert elf is not None
    assert "libours.so" in elf.needed


def test_such_a_program_runs_in_the_emulator(bench: Bench) -> None:
    emulator = shutil.which("qemu-arm-static") or shutil.which("qemu-arm")
    assert emulator, "no qemu-arm: apt-get install qemu-user-static"
    bench.write("run.c", "#include <only_ours.h>\nint main(void) { return ours() + 40; }\n")
    bench.run("gcc", "run.c", "-lours", "-o", "run")
    root = str(bench.toolchain.sysroot or Path(bench.toolchain.libc_folder).parent)
    command = [emulator, "-cpu", "cortex-a7", "-L", root, bench.work / "run"]
    done = subprocess.run(command, env={"LD_LIBRARY_PATH": f"{bench.sysroot}/usr/lib"}, check=False)
    assert done.returncode == 42


@pytest.mark.parametrize("arguments", [(), ("-shared", "-fPIC"), ("-static",), ("-Wl,--disable-new-dtags",)])
def test_what_is_linked_has_room_for_an_rpath(bench: Bench, arguments: Sequence[str]) -> None:
    bench.write("room.c", "int main(void) { return 0; }\n")
    bench.run("gcc", "room.c", *arguments, "-o", "room")
    elf = read_elf(bench.work / "room")
    assert elf is not None
    assert elf.rpath == (None if "-static" in arguments else RESERVED_RPATH)
    assert not elf.has_runpath


def test_fortran_is_compiled_for_the_board(distributions: Toolchain, tmp_path: Path) -> None:
    bench = Bench(distributions, tmp_path)
    bench.write("twice.f90", "subroutine twice(n)\n  integer :: n\n  print *, 2 * n\nend subroutine\n")
    bench.run("gfortran", "-shared", "-fPIC", "twice.f90", "-o", "libtwice.so")
    elf = read_elf(bench.work / "libtwice.so")
    assert elf is not None and elf.machine == "EM_ARM" and "libgfortran.so.5" in elf.needed


def test_objects_link_into_one(bench: Bench) -> None:
    bench.write("part.c", "int part(void) { return 0; }\n")
    bench.run("gcc", "-c", "part.c", "-o", "part.o")
    bench.run("gcc", "-r", "-nostdlib", "part.o", "-o", "whole.o")
    bench.run("ld", "-r", "part.o", "-o", "direct.o")
    assert (bench.work / "whole.o").exists()
    assert (bench.work / "direct.o").exists()


def test_headers_of_the_build_machine_are_not_found(bench: Bench) -> None:
    name = only_on_the_build_machine()
    bench.write("theirs.c", f"#include <{name}>\n")
    done = bench.try_run("gcc", "-E", "theirs.c")
    assert done.returncode == 1
    assert re.search(rf"{re.escape(name)}.*(No such file|file not found)", done.stderr)


@pytest.mark.parametrize("tool", ["gcc", "g++", "cpp"])
def test_the_search_path_shows_our_sysroot_and_nothing_of_the_build_machine(bench: Bench, tool: str) -> None:
    bench.write("empty.c", "")
    said = bench.run(tool, "-E", "-v", "empty.c")
    folders = said.partition("search starts here:")[2].partition("End of search list")[0].split("\n")
    assert f" {bench.sysroot}/usr/include" in folders
    assert not {" /usr/include", " /usr/local/include"} & set(folders)


def test_the_library_path_of_gcc_shows_our_sysroot(gcc_bench: Bench) -> None:
    bench = gcc_bench
    bench.write("empty.c", "")
    said = bench.run("gcc", "-E", "-v", "empty.c")  # CPython's setup.py (3.11 and older) reads this line
    line = next(line for line in said.splitlines() if line.startswith("LIBRARY_PATH="))
    folders = [os.path.normpath(folder) for folder in line.removeprefix("LIBRARY_PATH=").split(":")]
    assert f"{bench.sysroot}/usr/lib" in folders
    assert "/usr/lib" not in folders


SOURCES = {
    "place.c": "#include <only_ours.h>\n#include <assert.h>\nint f(int x) { assert(x); return ours(); }\n",
    "place.cc": "#include <string>\nconst char *f() { return __FILE__; }\nstd::string g() { return f(); }\n",
    "place.S": ".text\nnop\n",
}


def compile_by_path(bench: Bench, name: str, *options: str) -> bytes:
    """An object that was compiled with debug information from the absolute path of its source."""
    source = bench.write(name, SOURCES[name])
    bench.run("g++" if name.endswith("cc") else "gcc", "-g", *options, "-c", str(source), "-o", "place.o")
    return (bench.work / "place.o").read_bytes()


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("option", ["-O2", "-flto"])
def test_no_object_holds_the_work_folders_path(gcc_bench: Bench, name: str, option: str) -> None:
    assert str(gcc_bench.work).encode() not in compile_by_path(gcc_bench, name, option)


@pytest.mark.parametrize("name", ["place.c", "place.cc"])
def test_no_object_of_clang_holds_the_work_folders_path(clang: Toolchain, tmp_path: Path, name: str) -> None:
    bench = Bench(clang, tmp_path / "work")
    assert str(bench.work).encode() not in compile_by_path(bench, name, "-O2")


@pytest.mark.parametrize("name", SOURCES)
def test_compiling_warns_of_nothing(bench: Bench, name: str) -> None:
    """zlib's configure script, among others, takes each message of the compiler for a failure."""
    bench.write(name, SOURCES[name])
    assert bench.run("g++" if name.endswith("cc") else "gcc", "-Werror", "-O2", "-c", name, "-o", "quiet.o") == ""


def test_a_refused_flag_stops_the_compiler(bench: Bench) -> None:
    bench.write("empty.c", "")
    done = bench.try_run("gcc", "-I", "/usr/include", "-c", "empty.c")
    assert done.returncode == 1
    assert "-I/usr/include: a folder of the build machine" in done.stderr


@pytest.mark.parametrize("question", ["-v", "--version", "-dumpmachine", "-print-search-dirs", "-print-multiarch"])
def test_a_question_without_a_file_is_answered(bench: Bench, question: str) -> None:
    bench.run("gcc", question)


def test_a_toolchain_without_cxx_makes_c_for_an_older_glibc(tmp_path: Path) -> None:
    """As Debian's gcc-arm-linux-gnueabihf without g++-arm-linux-gnueabihf."""
    (tmp_path / "bin").mkdir()
    for tool in ("gcc", "ar", "as", "ld", "nm", "objcopy", "ranlib", "readelf", "strip"):
        (tmp_path / "bin" / f"arm-linux-gnueabihf-{tool}").symlink_to(f"/usr/bin/arm-linux-gnueabihf-{tool}")
    target = load_target("rv1126", Path())
    toolchain = load_toolchain(
        target, None, path=f"{tmp_path}/bin:/nowhere", unpack_into=tmp_path / "unpacked", make_in=tmp_path / "made"
    )
    assert (toolchain.libc, toolchain.no_cxx) == (target.libc, "there is no arm-linux-gnueabihf-g++")
    bench = Bench(toolchain, tmp_path / "work")
    bench.write("main.c", "int main(void) { return 0; }\n")
    bench.run("gcc", "main.c", "-o", "main")
    done = bench.try_run("g++", "main.c", "-o", "main")
    assert done.returncode == 1
    assert done.stderr == (
        "crosspython: g++: the toolchain has no C++ compiler (there is no arm-linux-gnueabihf-g++)\n"
    )


def test_link_time_optimisation_goes_through_static_libraries(bench: Bench) -> None:
    bench.write("lto.c", "int lto(void) { return 0; }\n")
    bench.write("lto_main.c", "int lto(void); int main(void) { return lto(); }\n")
    bench.run("gcc", "-flto", "-c", "lto.c", "-o", "lto.o")
    bench.run("ar", "rcs", "liblto.a", "lto.o")
    assert "lto" in bench.run("nm", "liblto.a")
    assert "plugin needed" not in bench.run("ranlib", "liblto.a")
    bench.run("gcc", "-flto", "lto_main.c", "liblto.a", "-o", "lto")
