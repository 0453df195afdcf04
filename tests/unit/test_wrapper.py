"""Wrappers: what they add, what they refuse, and that any path will do. The compiler prints what it was called with."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from crosspython.targets import load_target
from crosspython.toolchain.wrapper import RESERVED_RPATH, write_wrappers

from tests.unit.made_toolchain import VENDORS

RV1126 = load_target("rv1126", Path())
TOOLS = ("gcc", "g++", "cpp", "ar", "ranlib", "nm", "strip", "objcopy", "objdump", "readelf", "ld", "as")
PREFIX = f"{VENDORS.triplet}-"


class Wrapped:
    """Wrappers around tools that print their own name and arguments, a line each. All paths have spaces and umlauts."""

    def __init__(self, folder: Path, **changes: object) -> None:
        self.real = folder / "sdk" / "bin"
        self.real.mkdir(parents=True)
        for tool in (*TOOLS, *(changes.pop("more", ()))):  # type: ignore[misc]
            (self.real / f"{PREFIX}{tool}").write_text('#!/bin/sh\nprintf "%s\\n" "${0##*/}" "$@"\n')
            (self.real / f"{PREFIX}{tool}").chmod(0o755)
        self.toolchain = replace(VENDORS, **({"prefix": f"{self.real}/{PREFIX}"} | changes))  # type: ignore[arg-type]
        self.bin, self.work = folder / "bin", folder / "work"
        self.sysroot = self.work / "sysroot"
        write_wrappers(self.bin, self.toolchain, RV1126)

    def run(self, tool: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        env = {"CROSSPYTHON_SYSROOT": str(self.sysroot), "CROSSPYTHON_WORK": str(self.work)} | environment
        program = self.bin / f"arm-linux-gnueabihf-{tool}"
        return subprocess.run([program, *arguments], env=env, capture_output=True, text=True, check=False)

    def call(self, tool: str, *arguments: str, **environment: str) -> list[str]:
        done = self.run(tool, *arguments, **environment)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()


@pytest.fixture(scope="module")
def wrapped(tmp_path_factory: pytest.TempPathFactory) -> Wrapped:
    return Wrapped(tmp_path_factory.mktemp("wrapped") / "mit, Wörtern $x'\"")


@pytest.mark.parametrize("tool", [*TOOLS, "cc", "c++", "gcc-ar", "gcc-nm", "gcc-ranlib"])
def test_every_tool_has_a_wrapper_under_the_targets_triplet(wrapped: Wrapped, tool: str) -> None:
    assert wrapped.call(tool, "x")[0].startswith(PREFIX)


def test_the_targets_flags_come_before_the_callers(wrapped: Wrapped) -> None:
    call = wrapped.call("gcc", "-c", "-mfpu=neon", "a.c")
    assert call.index("-mfpu=neon-vfpv4") < call.index("-mfpu=neon")


@pytest.mark.parametrize(
    ("tool", "told"), [("gcc", True), ("g++", True), ("cpp", True), ("gfortran", False), ("ld", False)]
)
def test_what_compiles_c_is_told_how_large_time_is(tmp_path: Path, tool: str, told: bool) -> None:
    wrapped = Wrapped(tmp_path, more=("gfortran",), fortran=True)
    assert ("-D_TIME_BITS=64" in wrapped.call(tool, "-c", "a.c")) is told


def test_a_compiler_rooted_here_gets_our_sysroot_for_its_own(wrapped: Wrapped) -> None:
    assert f"--sysroot={wrapped.sysroot}" in wrapped.call("gcc", "-c", "a.c")


def test_a_compiler_with_a_sysroot_keeps_it(tmp_path: Path) -> None:
    wrapped = Wrapped(tmp_path, sysroot=tmp_path / "vendor")
    call = wrapped.call("g++", "a.cc")
    assert not any(word.startswith("--sysroot") for word in call)
    assert f"-B{wrapped.sysroot}/usr/lib" in call
    assert call[call.index("-isystem") + 1] == f"{wrapped.sysroot}/usr/include"


def test_our_headers_come_after_the_callers(wrapped: Wrapped) -> None:
    call = wrapped.call("gcc", "-c", "-isystem", "theirs", "a.c")
    assert call.index("theirs") < call.index(f"{wrapped.sysroot}/usr/include")


def test_linking_gets_libraries_and_room_for_an_rpath(wrapped: Wrapped) -> None:
    call = wrapped.call("gcc", "a.o", "-Lsub", "-lz")
    assert call.index("-Lsub") < call.index(f"-L{wrapped.sysroot}/usr/lib")
    linker = [call[number + 1] for number, word in enumerate(call) if word == "-Xlinker"]
    assert linker == ["-rpath-link", f"{wrapped.sysroot}/usr/lib", "-rpath-link", "/usr/arm/lib"]
    assert call.index("-Wl,--disable-new-dtags") < call.index(f"-Wl,-rpath,{RESERVED_RPATH}")


def test_the_reserved_room_is_64_characters() -> None:
    assert len(RESERVED_RPATH) == 64


@pytest.mark.parametrize(
    "arguments",
    [("-c", "a.c"), ("-E", "a.c"), ("-S", "a.c"), ("-MM", "a.c"), ("-v",), ("--version",), ("-dumpmachine",)],
)
def test_what_links_nothing_gets_no_linkers_flags(wrapped: Wrapped, arguments: tuple[str, ...]) -> None:
    assert not any(word.startswith(("-Wl,", "-L", "-Xlinker")) for word in wrapped.call("gcc", *arguments))


def test_the_work_folder_is_mapped(wrapped: Wrapped) -> None:
    assert f"-ffile-prefix-map={wrapped.work}=/usr/src" in wrapped.call("gcc", "-c", "a.c")


def test_a_gcc_before_8_maps_what_it_can(tmp_path: Path) -> None:
    wrapped = Wrapped(tmp_path, compiler="gcc 7.5.0")
    assert f"-fdebug-prefix-map={wrapped.work}=/usr/src" in wrapped.call("gcc", "-c", "a.c")


def test_words_arrive_as_they_were(wrapped: Wrapped) -> None:
    words = ["-DX='a b'", '-DY="$HOME"', "-D*", "", "ä.c", "-I", "my folder"]
    assert [word for word in wrapped.call("gcc", "-c", *words) if word in words] == words


@pytest.mark.parametrize(
    "arguments",
    [
        ("-I/usr/include",),
        ("-I", "/usr/include"),
        ("-I/usr/include/ncursesw",),
        ("-I/usr/local/include",),
        ("-isystem", "/usr/include"),
        ("-isystem/usr/local/include",),
        ("-idirafter", "/usr/include"),
        ("-iquote/usr/include",),
        ("-L/usr/lib",),
        ("-L", "/usr/lib"),
        ("-L/usr/lib/x86_64-linux-gnu",),
        ("-L/usr/lib64",),
        ("-L/usr/local/lib",),
        ("-L/lib",),
        ("-L/lib64",),
        ("-L/lib/x86_64-linux-gnu",),
        ("-Wl,-L/usr/lib",),
        ("-march=native",),
        ("-mtune=native",),
        ("-mcpu=native",),
        ("-m64",),
        ("-m32",),
    ],
)
def test_what_lets_the_build_machine_in_is_refused(wrapped: Wrapped, arguments: tuple[str, ...]) -> None:
    done = wrapped.run("g++", "-c", *arguments, "a.c")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"crosspython: arm-linux-gnueabihf-g++: {''.join(arguments)}: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(("machine", "own", "other"), [("x86_64", "-m64", "-m32"), ("i686", "-m32", "-m64")])
def test_a_boards_own_size_of_registers_is_no_stray(wrapped: Wrapped, machine: str, own: str, other: str) -> None:
    """OpenSSL's linux-x86_64 says -m64."""
    target = replace(RV1126, machine=machine, triplet=f"{machine}-linux-gnu", float_abi=None, cflags=())
    write_wrappers(wrapped.bin, wrapped.toolchain, target)
    env = {"CROSSPYTHON_SYSROOT": str(wrapped.sysroot)}
    for flag, status in ((own, 0), (other, 1)):
        command = [wrapped.bin / f"{machine}-linux-gnu-gcc", "-c", flag, "a.c"]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        assert (done.returncode, flag in done.stdout.split()) == (status, not status)


@pytest.mark.parametrize(
    "argument",
    [
        "-I/usr/src/project/include",
        "-I/opt/x/usr/include",
        "-L/usr/arm-linux-gnueabihf/lib",
        "-L/usr/lib/gcc-cross/arm-linux-gnueabihf/12/../../../../arm-linux-gnueabihf/lib",
        "-I=/usr/include",
        "-I.",
        "-L.libs",
        "-DPATH=/usr/lib",
        "-march=armv8-a",
        "-Wl,-rpath,/usr/lib",
        "/usr/lib/x.c",
    ],
)
def test_what_only_looks_like_it_is_passed_on(wrapped: Wrapped, argument: str) -> None:
    assert argument in wrapped.call("gcc", "-c", argument, "a.c")


def test_a_work_folder_below_usr_lib_is_not_refused(wrapped: Wrapped) -> None:
    assert "-I/usr/lib/my work/x" in wrapped.call(
        "gcc", "-c", "-I/usr/lib/my work/x", CROSSPYTHON_WORK="/usr/lib/my work"
    )


def test_an_sdk_below_usr_local_is_not_refused(tmp_path: Path) -> None:
    wrapped = Wrapped(tmp_path, sysroot=Path("/usr/local/lib/sdk/sysroot"))
    assert "-L/usr/local/lib/sdk/sysroot/usr/lib" in wrapped.call("gcc", "-L/usr/local/lib/sdk/sysroot/usr/lib", "a.c")


def test_a_distributions_compiler_with_another_sysroot_still_names_its_own_folder(tmp_path: Path) -> None:
    wrapped = Wrapped(tmp_path, sysroot=Path("/project/build/rv1126/toolchain/glibc-2.28"))
    own = "-L/usr/lib/gcc-cross/arm-linux-gnueabihf/12"  # as libtool gives it back, for g++ and gfortran
    assert own in wrapped.call("g++", own, "a.o")


@pytest.mark.parametrize("tool", ["gcc", "g++", "cpp", "ld"])
def test_without_a_sysroot_nothing_is_compiled(wrapped: Wrapped, tool: str) -> None:
    done = wrapped.run(tool, "a.c", CROSSPYTHON_SYSROOT="")
    assert (done.returncode, done.stdout) == (1, "")
    assert "CROSSPYTHON_SYSROOT is not set" in done.stderr


def test_the_linker_sees_our_libraries(wrapped: Wrapped) -> None:
    call = wrapped.call("ld", "a.o")
    assert f"--sysroot={wrapped.sysroot}" in call
    assert f"-L{wrapped.sysroot}/usr/lib" in call


def test_the_linker_refuses_the_build_machines_libraries(wrapped: Wrapped) -> None:
    assert wrapped.run("ld", "-L", "/usr/lib", "a.o").returncode == 1


def test_archivers_that_know_link_time_optimisation_are_preferred(tmp_path: Path) -> None:
    wrapped = Wrapped(tmp_path, more=("gcc-ar",))
    assert wrapped.call("ar", "rcs", "a.a") == [f"{PREFIX}gcc-ar", "rcs", "a.a"]


@pytest.mark.parametrize("fortran", [False, True])
def test_fortran_is_wrapped_where_it_is(tmp_path: Path, fortran: bool) -> None:
    wrapped = Wrapped(tmp_path, fortran=fortran)
    assert (wrapped.bin / "arm-linux-gnueabihf-gfortran").exists() == fortran


def test_without_a_preprocessor_of_its_own_the_compiler_is_one(tmp_path: Path) -> None:
    wrapped = Wrapped(tmp_path)
    (wrapped.real / f"{PREFIX}cpp").unlink()
    write_wrappers(wrapped.bin, wrapped.toolchain, RV1126)
    call = wrapped.call("cpp", "a.h")
    assert call[0] == f"{PREFIX}gcc"
    assert "-E" in call


@pytest.mark.parametrize(
    "stray",
    [
        ("-I/usr/include",),
        ("-I", "/usr/local/include"),
        ("-L/usr/lib/x86_64-linux-gnu",),
        ("-L", "/usr/lib64"),
        ("-march=native",),
    ],
)
def test_strays_of_other_peoples_packages_are_left_out(tmp_path: Path, stray: tuple[str, ...]) -> None:
    wrapped = Wrapped(tmp_path)
    write_wrappers(wrapped.bin, wrapped.toolchain, RV1126, strays="drop")
    plain = wrapped.call("gcc", "-c", "-DX=a b", "a.c", "-I", f"{wrapped.work}/include")
    assert wrapped.call("gcc", "-c", "-DX=a b", *stray, "a.c", "-I", f"{wrapped.work}/include") == plain


@pytest.mark.parametrize(("arguments", "launched"), [(("-c", "x.c"), True), (("x.o",), False), (("-E", "x.c"), False)])
def test_a_launcher_stands_before_the_compiler_when_it_compiles(
    wrapped: Wrapped, tmp_path: Path, arguments: tuple[str, ...], launched: bool
) -> None:
    launcher = tmp_path / "a launcher"
    launcher.write_text('#!/bin/sh\necho launched\nexec "$@"\n')
    launcher.chmod(0o755)
    plain = wrapped.call("gcc", *arguments)
    assert wrapped.call("gcc", *arguments, CROSSPYTHON_LAUNCHER=str(launcher)) == ["launched"] * launched + plain
