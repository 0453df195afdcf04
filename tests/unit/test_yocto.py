"""Yocto SDKs: what their setup files say reaches the compiler."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from crosspython.errors import ToolchainError
from crosspython.toolchain.layout import own_compilers
from crosspython.toolchain.yocto import front_of

NAME = "arm-poky-linux-gnueabi"


def make_sdk(folder: Path, setup: str) -> Path:
    programs = folder / "sysroots" / "x86_64" / NAME
    programs.mkdir(parents=True)
    (folder / "sysroots" / "board").mkdir()
    for tool in ("gcc", "g++", "clang", "clang++", "ar"):
        (programs / f"{NAME}-{tool}").write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
        (programs / f"{NAME}-{tool}").chmod(0o755)
    (folder / "environment-setup-board-poky-linux").write_text(setup.format(place=folder))
    return folder


SETUP = """\
export SDKTARGETSYSROOT={place}/sysroots/board
export PATH={place}/sysroots/x86_64/usr/bin:{place}/sysroots/x86_64/arm-poky-linux-gnueabi:"$PATH"
export CC="arm-poky-linux-gnueabi-gcc  -mthumb -mfloat-abi=hard -fstack-protector-strong -O2 \
--sysroot=$SDKTARGETSYSROOT"
"""


@pytest.mark.parametrize(("tool", "told"), [("gcc", True), ("g++", True), ("ar", False)])
def test_what_compiles_is_told_of_sysroot_and_machine_and_nothing_else(tmp_path: Path, tool: str, told: bool) -> None:
    sdk = make_sdk(tmp_path / "my sdk", SETUP)
    front = front_of(sdk, tmp_path / "front")
    command = [front / "bin" / f"{NAME}-{tool}", "the", "caller's own"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    added = [f"--sysroot={sdk}/sysroots/board", "-mthumb", "-mfloat-abi=hard"] if told else []
    assert said == [*added, "the", "caller's own"]


def test_the_clang_of_a_setup_file_goes_before_the_gcc_beside_it(tmp_path: Path) -> None:
    sdk = make_sdk(tmp_path / "sdk", SETUP.replace("gnueabi-gcc", "gnueabi-clang"))
    (cc,) = own_compilers(front_of(sdk, tmp_path / "front"))
    assert cc.name == f"{NAME}-clang"
    said = subprocess.run([f"{cc}++"], capture_output=True, text=True, check=True).stdout.splitlines()
    assert said == [f"--sysroot={sdk}/sysroots/board", "-mthumb", "-mfloat-abi=hard"]


def test_the_time_of_the_sdks_own_libraries_is_kept(tmp_path: Path) -> None:
    macros = ["-D_TIME_BITS=64", "-D_FILE_OFFSET_BITS=64"]
    sdk = make_sdk(tmp_path / "sdk", SETUP.replace("-O2", f"-O2 -D_FORTIFY_SOURCE=2 {' '.join(macros)}"))
    command = [front_of(sdk, tmp_path / "front") / "bin" / f"{NAME}-gcc"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert [word for word in said if word.startswith("-D")] == macros


@pytest.mark.parametrize("missing", ["SDKTARGETSYSROOT", "CC"])
def test_a_setup_file_that_names_no_compiler_is_told(tmp_path: Path, missing: str) -> None:
    setup = "".join(line for line in SETUP.splitlines(keepends=True) if f"export {missing}=" not in line)
    with pytest.raises(ToolchainError, match="does not name a compiler"):
        front_of(make_sdk(tmp_path / "sdk", setup), tmp_path / "front")
