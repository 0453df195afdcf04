"""Boards as data: those of crosspython are correct, and a user's mistakes are reported all at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from crosspython.errors import ConfigurationError
from crosspython.targets import load_target, target_names
from crosspython.targets.libc import Libc

from tests.conftest import REPOSITORY


@pytest.mark.parametrize("name", target_names())
def test_every_shipped_board_is_valid(name: str) -> None:
    target = load_target(name, Path())
    assert target.name == name
    assert target.prefixes
    assert target.cflags


@pytest.mark.parametrize("name", target_names())
def test_the_page_has_a_row_for_every_shipped_board(name: str) -> None:
    assert f"\n| `{name}` " in (REPOSITORY / "docs/targets.md").read_text()


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
    assert (target.name, target.machine, target.libc_baseline) == ("mine", "armv7l", Libc("glibc", "2.28"))


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
        ('machine = "vax"\ntriplet = "vax-linux-gnu"', "machine: expected the output of `uname -m`"),
        ('machine = "armv7l"\ntriplet = "aarch64-linux-gnu"', "does not make code for armv7l"),
        ('machine = "armv7l"\ntriplet = "arm-linux-gnueabihf"\nfloat_abi = "soft"', "soft does not match"),
        (
            'machine = "armv7l"\ntriplet = "arm-linux-gnueabihf"\nfloat_abi = "hardish"',
            "expected hard or soft; found 'hardish'",
        ),
        ('machine = "armv7l"\ntriplet = "arm-linux-gnueabihf"\nprefix = "opt"', "expected an absolute path"),
        (
            'machine = "armv7l"\ntriplet = "arm-linux-gnueabihf"\nlibc_baseline = "2.31"',
            'expected one such as "glibc 2.31"',
        ),
        ('machine = 7\ntriplet = "arm-linux-gnueabihf"', "machine: expected the output of `uname -m`"),
        ('machine = "armv7l"\ntriplet = "arm-linux-gnueabihf"\ncflags = "-O2"', "line 3: cflags: expected a list"),
        ('extends = "rv1126"\nemulator = "x"', "did you mean emulator_cpu?"),
    ],
)
def test_a_mistake_is_told(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_target(write(tmp_path, text), tmp_path)
    assert complaint in str(caught.value)


VALID = 'machine = "armv7l"\ntriplet = "arm-linux-gnueabihf"\n'


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('machine = "armv7l"', "triplet: missing"),
        ('machine = "armv7"\ntriplet = "arm-linux-gnueabihf"', "did you mean armv7l"),
        ('machine = "armv7l"\ntriplet = "arm linux"', "two to four words"),
        ('machine = "armv7l"\ntriplet = "arm-none-eabi"', "bare metal"),
        ('machine = "armv7l"\ntriplet = "arm-linux-gnueabi"\nfloat_abi = "hard"', "hard does not match"),
        ('machine = "armv7l"\ntriplet = "arm-linux"', "float_abi: missing"),
        ('machine = "aarch64"\ntriplet = "aarch64-linux-gnu"\nfloat_abi = "hard"', "leave it out"),
        (
            'machine = "riscv64"\ntriplet = "riscv64-linux-gnu"\ncflags = ["-mabi=lp64"]\nfloat_abi = "hard"',
            "-mabi=lp64",
        ),
        (VALID + 'cflags = ["-mfloat-abi=softfp"]', "-mfloat-abi=softfp does not match"),
        (VALID + 'cflags = ["-mcpu=cortex-a7 -mfpu=neon"]', "expected one flag"),
        (VALID + "prefixes = []", "prefixes: expected a list of at least one"),
        (VALID + 'prefixes = ["arm-linux-gnueabihf-"]', "the last dash"),
        (VALID + 'prefix = "/usr"', "an absolute path"),
        (VALID + 'prefix = "/opt/my python"', "an absolute path"),
        (VALID + 'kernel = "four"', 'such as "4.19"'),
        ('machine = ["armv7l"]', "line 1: machine: expected the output of `uname -m` on the board: "),
        (VALID + "kernel = 4.19", "line 3: kernel: expected a string"),
        (VALID + "[board]\nname = 1", "board: no such key"),
        (VALID + "extends = 3", "extends: expected a string"),
        ('extends = "mine.toml"', "extends itself"),
        ('extends = "rv1127"', "did you mean target=rv1126?"),
        ('extends = "./none.toml"', "cannot be read"),
        ("machine = 1\nmachine = 2", "not TOML"),
    ],
)
def test_one_more_mistake_is_told(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_target(write(tmp_path, text), tmp_path)
    assert complaint in str(caught.value)


def test_all_mistakes_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_target(write(tmp_path, 'machne = "armv7l"\ncflags = "-O2"\nkernel = 5\n'), tmp_path)
    assert len(caught.value.evidence) == 5  # the misspelt key, the two that are then missing, two wrong types


def test_a_malformed_file_is_told_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="line 3"):
        load_target(write(tmp_path, VALID + 'cflags = [\n"a" "b"]'.replace("\n", "")), tmp_path)


def test_a_file_that_is_not_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_bytes(b"machine = '\xff\xfe'")
    with pytest.raises(ConfigurationError, match="not UTF-8"):
        load_target("./mine.toml", tmp_path)


def test_a_file_whose_name_cannot_be_a_folders_is_told(tmp_path: Path) -> None:
    (tmp_path / "my board.toml").write_text(VALID)
    with pytest.raises(ConfigurationError, match="since it names a folder"):
        load_target("./my board.toml", tmp_path)


def test_a_chain_of_boards_is_followed(tmp_path: Path) -> None:
    (tmp_path / "boards").mkdir()
    (tmp_path / "boards" / "base.toml").write_text('extends = "rv1126"\nkernel = "4.19"\n')
    target = load_target(write(tmp_path, 'extends = "./boards/base.toml"\nprefix = "/srv/python/"\n'), tmp_path)
    assert (target.machine, target.kernel, target.prefix) == ("armv7l", "4.19", "/srv/python")


def test_the_float_abi_follows_from_the_triplet(tmp_path: Path) -> None:
    assert load_target(write(tmp_path, VALID), tmp_path).float_abi == "hard"


def test_a_board_without_prefixes_is_looked_for_by_its_triplet(tmp_path: Path) -> None:
    assert load_target(write(tmp_path, VALID), tmp_path).prefixes == ("arm-linux-gnueabihf",)


def test_flags_of_ones_own_are_not_generic(tmp_path: Path) -> None:
    assert load_target("armv7l", tmp_path).generic and load_target("rpi4", tmp_path).generic is False
    (tmp_path / "mine.toml").write_text('extends = "armv7l"\ndescription = "ours"\n')
    assert load_target("./mine.toml", tmp_path).generic
