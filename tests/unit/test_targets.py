"""Boards as data: what is shipped is right, and a user's mistakes are told, all at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from crosspython.errors import ConfigurationError
from crosspython.targets import load_target, target_names


@pytest.mark.parametrize("name", target_names())
def test_every_shipped_board_is_valid(name: str) -> None:
    target = load_target(name, Path())
    assert target.name == name
    assert target.prefixes
    assert target.cflags


def test_the_boards_that_were_promised_are_there() -> None:
    assert {"rv1126", "armv7l", "aarch64", "rk3568", "rpi4", "riscv64"} <= set(target_names())


def test_rv1126_is_a_cortex_a7_with_hard_float() -> None:
    target = load_target("rv1126", Path())
    assert (target.machine, target.float_abi) == ("armv7l", "hard")
    assert "-mfpu=neon-vfpv4" in target.cflags


def write(folder: Path, text: str) -> str:
    (folder / "mine.toml").write_text(text)
    return "./mine.toml"


def test_a_users_board_may_build_on_a_shipped_one(tmp_path: Path) -> None:
    target = load_target(write(tmp_path, 'extends = "rv1126"\nlibc_baseline = "glibc 2.28"\n'), tmp_path)
    assert (target.name, target.machine, target.libc_baseline) == ("mine", "armv7l", "glibc 2.28")


def test_a_name_misspelt_gets_a_suggestion() -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_target("rk3586", Path())
    assert "did you mean target=rk3568?" in str(caught.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_target("./none.toml", tmp_path)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("machine = \n", "not TOML"),
        ('machine = "vax"\ntriplet = "vax-linux-gnu"', "'vax' is not known"),
        ('machine = "armv7l"\ntriplet = "aarch64-linux-gnu"', "does not make code for armv7l"),
        ('machine = "armv7l"\ntriplet = "arm-linux-gnueabihf"\nfloat_abi = "soft"', "soft does not go with"),
        ('machine = "armv7l"\ntriplet = "arm-linux-gnueabihf"\nfloat_abi = "hardish"', "is none of hard, soft"),
        ('machine = "armv7l"\ntriplet = "arm-linux-gnueabihf"\nprefix = "opt"', "not an absolute path"),
        ('machine = "armv7l"\ntriplet = "arm-linux-gnueabihf"\nlibc_baseline = "2.31"', "not like 'glibc 2.31'"),
        ('machine = 7\ntriplet = "arm-linux-gnueabihf"', "machine: expected a string"),
        ('machine = "armv7l"\ntriplet = "arm-linux-gnueabihf"\ncflags = "-O2"', "cflags: expected a list"),
        ('extends = "rv1126"\nemulator = "x"', "did you mean emulator_cpu?"),
    ],
)
def test_a_mistake_is_told(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_target(write(tmp_path, text), tmp_path)
    assert complaint in str(caught.value)
