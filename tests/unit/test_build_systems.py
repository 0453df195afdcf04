"""CMake and Meson: what they are told of the board, and that they are told of nothing else."""

from __future__ import annotations

import configparser

import pytest
from crosspython.recipes import cmake, meson
from crosspython.recipes.openblas import openblas_target
from crosspython.recipes.plan import Make, Ninja, Plan, Run, Write, fill

from tests.unit.declared import board, plan

PLACES = {"triplet": "arm-linux-gnueabihf", "sysroot": "/w/sysroot", "source": "/w/source", "build": "/w/source"}


def written(made: Plan) -> str:
    (file,) = [step for step in made.steps if isinstance(step, Write)]
    return fill(file.text, PLACES)


def run(made: Plan, name: str) -> Run:
    return next(step for step in made.steps if isinstance(step, Run) and step.name == name)


def test_cmake_looks_for_nothing_outside_of_the_sysroot() -> None:
    text = written(plan("CMake"))
    assert 'set(CMAKE_FIND_ROOT_PATH "/w/sysroot")' in text
    for kind in ("LIBRARY", "INCLUDE", "PACKAGE"):
        assert f'set(CMAKE_FIND_ROOT_PATH_MODE_{kind} "ONLY")' in text


def test_cmake_reads_and_writes_no_package_registry() -> None:
    text = written(plan("CMake"))
    assert text.count('REGISTRY "OFF"') == 3


def test_cmake_is_told_the_machine_and_not_the_triplets_first_word() -> None:
    assert 'set(CMAKE_SYSTEM_PROCESSOR "armv7l")' in written(plan("CMake"))


def test_cmake_writes_no_rpath_of_its_own() -> None:
    assert "-DCMAKE_SKIP_RPATH=ON" in run(plan("CMake"), "configure").argv


def test_meson_downloads_nothing() -> None:
    assert "--wrap-mode=nodownload" in run(plan("Meson"), "configure").argv


def test_a_cross_file_is_one_that_meson_can_read() -> None:
    parser = configparser.ConfigParser()
    parser.read_string(written(plan("Meson", board("aarch64"))))
    assert dict(parser["host_machine"]) == {
        "system": "'linux'",
        "cpu_family": "'aarch64'",
        "cpu": "'aarch64'",
        "endian": "'little'",
    }
    assert parser["binaries"]["c"] == "'arm-linux-gnueabihf-gcc'"


@pytest.mark.parametrize("made", [plan("CMake"), plan("Meson")])
def test_the_file_that_is_written_is_the_one_that_is_read(made: Plan) -> None:
    (file,) = [step.file for step in made.steps if isinstance(step, Write)]
    assert file in (cmake.TOOLCHAIN_FILE, meson.CROSS_FILE)
    assert any(file in argument for argument in run(made, "configure").argv)


@pytest.mark.parametrize("made", [plan("CMake"), plan("Meson")])
def test_ninja_is_never_given_a_number_of_jobs(made: Plan) -> None:
    (ninja,) = [step for step in made.steps if isinstance(step, Ninja)]
    assert ninja.arguments == ()


@pytest.mark.parametrize("made", [plan("CMake"), plan("Meson")])
def test_the_installation_goes_into_the_stage(made: Plan) -> None:
    install = run(made, "install")
    assert "{stage}" in (*install.argv, *install.env.values())


@pytest.mark.parametrize("made", [plan("CMake"), plan("Meson")])
def test_ninja_is_among_the_tools(made: Plan) -> None:
    assert "ninja" in made.tools


@pytest.mark.parametrize(
    ("machine", "cflags", "target"),
    [
        ("armv7l", ("-mcpu=cortex-a7", "-mfpu=neon-vfpv4"), "CORTEXA9"),
        ("armv7l", ("-mcpu=cortex-a7", "-mfpu=vfpv4"), "ARMV7"),
        ("aarch64", ("-mcpu=cortex-a55",), "CORTEXA55"),
        ("aarch64", ("-march=armv8-a",), "ARMV8"),
        ("riscv64", (), "RISCV64_GENERIC"),
    ],
)
def test_openblas_is_told_the_core_by_a_name_of_its_own(machine: str, cflags: tuple[str, ...], target: str) -> None:
    assert openblas_target(board(machine, cflags)) == target


def test_openblas_takes_its_jobs_from_the_pool() -> None:
    makes = [step for step in plan("OpenBLAS").steps if isinstance(step, Make)]
    assert all("MAKE_NB_JOBS=-1" in step.arguments for step in makes)
