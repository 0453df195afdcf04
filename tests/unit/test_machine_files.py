"""The facts about the board for build systems, and the programs that replace the build machine's."""

from __future__ import annotations

import configparser
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from crosspython.targets.machines import find_machine
from crosspython.wheels.building.environment import CMAKE_ARGS
from crosspython.wheels.building.machine_files import (
    Facts,
    cmake_toolchain_file,
    config_site,
    meson_cross_file,
    write_machine_files,
)

ARM = bytes.fromhex("7f454c4601010100000000000000000002002800")


@pytest.fixture
def facts(tmp_path: Path) -> Facts:
    (tmp_path / "bin").mkdir()
    return Facts(
        machine=find_machine("armv7l"),
        triplet="arm-linux-gnueabihf",
        include=tmp_path / "include/python3.13",
        extension_suffix=".cpython-313-arm-linux-gnueabihf.so",
        bin=tmp_path / "bin",
        fortran=False,
        emulator=("echo", "emulated"),
        path=os.environ["PATH"],
    )


def read_meson(text: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(text)
    return parser


def run(facts: Facts, name: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    write_machine_files(facts.bin.parent, facts)
    env = {"PATH": os.environ["PATH"], **environment}
    return subprocess.run([facts.bin / name, *arguments], env=env, capture_output=True, text=True, check=False)


def test_meson_is_told_the_machine_and_never_the_triplets_arm(facts: Facts) -> None:
    told = read_meson(meson_cross_file(facts))
    assert dict(told["host_machine"]) == {
        "system": "'linux'",
        "cpu_family": "'arm'",
        "cpu": "'armv7l'",
        "endian": "'little'",
    }


def test_meson_names_compilers_without_a_path_that_products_would_carry(facts: Facts) -> None:
    assert read_meson(meson_cross_file(facts))["binaries"]["c"] == "'arm-linux-gnueabihf-gcc'"


@pytest.mark.parametrize(("fortran", "named"), [(True, True), (False, False)])
def test_fortran_is_named_where_there_is_one(facts: Facts, fortran: bool, named: bool) -> None:
    facts = replace(facts, fortran=fortran)
    assert ("fortran" in read_meson(meson_cross_file(facts))["binaries"]) is named
    assert ("CMAKE_Fortran_COMPILER" in cmake_toolchain_file(facts)) is named


@pytest.mark.parametrize(
    ("machine", "kind"), [("armv7l", "IEEE_DOUBLE_LE"), ("aarch64", "IEEE_QUAD_LE"), ("riscv64", "IEEE_QUAD_LE")]
)
def test_numpy_is_told_what_a_long_double_is(facts: Facts, machine: str, kind: str) -> None:
    assert f"longdouble_format = '{kind}'" in meson_cross_file(replace(facts, machine=find_machine(machine)))


@pytest.mark.parametrize("machine", ["armv7l", "aarch64"])
def test_cmake_is_told_the_machine_as_the_boards_kernel_names_it(facts: Facts, machine: str) -> None:
    text = cmake_toolchain_file(replace(facts, machine=find_machine(machine)))
    assert f'set(CMAKE_SYSTEM_PROCESSOR "{machine}")' in text


@pytest.mark.slow
@pytest.mark.parametrize("package", ["Python", "Python3"])
@pytest.mark.parametrize("components", ["Development.Module", "Interpreter Development.Module"])
def test_cmake_names_extension_modules_with_the_boards_suffix(facts: Facts, package: str, components: str) -> None:
    """FindPython asks no interpreter for the suffix under the old CMP0190, the policy of projects before CMake 4.1."""
    folder = facts.bin.parent
    facts.include.mkdir(parents=True)
    for name in ("Python.h", "pyconfig.h"):
        (facts.include / name).touch()
    version = platform.python_version()
    (facts.include / "patchlevel.h").write_text(f'#define PY_VERSION "{version}"\n')
    (facts.bin / "arm-linux-gnueabihf-gcc").symlink_to(str(shutil.which("gcc")))
    write_machine_files(folder, facts)
    (folder / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.26)\nproject(toy C)\n"
        f"find_package({package} REQUIRED COMPONENTS {components})\n"
        f"find_package({package} REQUIRED COMPONENTS {components})\n"
        f"{package}_add_library(toy MODULE toy.c WITH_SOABI)\n"
        'get_property(suffix TARGET toy PROPERTY SUFFIX)\nmessage(STATUS "told: ${suffix}")\n'
    )
    (folder / "toy.c").touch()
    tools = f"{facts.bin}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    suffix = f"import sysconfig\nsysconfig.get_config_vars()['EXT_SUFFIX'] = {facts.extension_suffix!r}\n"
    (folder / "sitecustomize.py").write_text(suffix)  # this Python answers as cross-python does
    told = {"PATH": tools, "CROSSPYTHON_PYTHON": sys.executable, "PYTHONPATH": str(folder)}
    words = ["cmake", "-S", folder, "-B", folder / "b", "-G", "Ninja"]
    words += [f"-DCMAKE_TOOLCHAIN_FILE={folder / 'toolchain.cmake'}", CMAKE_ARGS]
    done = subprocess.run(words, env=told, capture_output=True, text=True, check=False)
    assert "told: .cpython-313-arm-linux-gnueabihf.so" in done.stdout, done.stdout + done.stderr


def test_cmake_takes_the_private_sysroot_from_the_environment(facts: Facts) -> None:
    assert 'set(CMAKE_FIND_ROOT_PATH "$ENV{CROSSPYTHON_SYSROOT};$ENV{CROSSPYTHON_OVERLAY}")' in cmake_toolchain_file(
        facts
    )


@pytest.mark.parametrize(("given", "host"), [("", "arm-linux-gnueabihf"), ("other", "other")])
def test_a_bundled_configure_cross_compiles_unless_it_was_told_a_host(facts: Facts, given: str, host: str) -> None:
    script = f'host_alias={given}\n{config_site(facts)}echo "$host_alias $cross_compiling"'
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ([host] if given else [host, "yes"])


def test_a_bundled_configure_leaves_the_size_of_time_as_it_is(facts: Facts) -> None:
    assert "enable_year2038=no" in config_site(facts).splitlines()


def test_a_program_of_the_target_runs_in_the_emulator(facts: Facts, tmp_path: Path) -> None:
    (tmp_path / "program").write_bytes(ARM)
    done = run(facts, "arm-linux-gnueabihf-run", str(tmp_path / "program"), "x", CROSSPYTHON_SYSROOT="/sysroot")
    assert done.stdout == f"emulated -E LD_LIBRARY_PATH=/sysroot/usr/lib {tmp_path / 'program'} x\n"


def test_a_script_runs_as_it_is(facts: Facts) -> None:
    assert run(facts, "arm-linux-gnueabihf-run", "/bin/echo", "x").stdout == "x\n"


def test_without_an_emulator_that_is_said(facts: Facts, tmp_path: Path) -> None:
    (tmp_path / "program").write_bytes(ARM)
    done = run(replace(facts, emulator=()), "arm-linux-gnueabihf-run", str(tmp_path / "program"))
    assert (done.returncode, "there is no emulator" in done.stderr) == (126, True)


@pytest.mark.parametrize("name", ["make", "gmake"])
def test_an_old_make_gets_the_pools_descriptors(facts: Facts, tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "jobs")
    pool = os.open(tmp_path / "jobs", os.O_RDWR)
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / name).write_text('#!/bin/sh\necho "$MAKEFLAGS"; readlink /proc/self/fd/8\n')
    (tmp_path / "tools" / name).chmod(0o755)
    facts = replace(facts, path=f"{tmp_path / 'tools'}:{os.environ['PATH']}")
    done = run(facts, name, MAKEFLAGS=f" -j2 --jobserver-auth=fifo:{tmp_path / 'jobs'}")
    os.close(pool)
    assert done.stdout == f" -j2 --jobserver-auth=8,9\n{tmp_path / 'jobs'}\n"


def test_the_engines_python_is_found_by_its_plain_name(facts: Facts) -> None:
    done = run(facts, "python3", "told", CROSSPYTHON_PYTHON="/bin/echo")
    assert done.stdout == "told\n"
