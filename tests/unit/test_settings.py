"""Settings are read as SCons reads them, or refused; an empty value is never a folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from crosspython.builders.settings import Settings, read_settings
from crosspython.errors import ConfigurationError
from crosspython.targets import target_names
from crosspython.targets.libc import Libc


def read(**given: Any) -> Settings:
    return read_settings(given, Path("/project"), {"PATH": "/usr/bin"})


@pytest.mark.parametrize("yes", ["1", " 1 ", "yes", "Yes", "y", "true", "True", "t", "on", "all", True, 1])
def test_yes_is_what_scons_takes_for_it(yes: object) -> None:
    settings = read(shared=yes, offline=yes, check=yes, slim=yes)
    assert (settings.shared, settings.offline, settings.check, settings.slim) == (True, True, True, "1")


@pytest.mark.parametrize("no", ["0", "no", "n", "false", "False", "f", "off", "none", False, 0, None])
def test_no_likewise(no: object) -> None:
    settings = read(shared=no, offline=no, check=no, slim=no)
    assert (settings.shared, settings.offline, settings.check, settings.slim) == (False, False, False, "0")


def test_what_is_no_switch_keeps_its_words() -> None:
    assert read(slim="pyc").slim == "pyc"
    assert read(cache_write="all").cache.writes == "all"
    assert read(cache_write="none").cache.writes == "none"


@pytest.mark.parametrize("value", ["perhaps", "2", "yess", ""])
def test_what_is_neither_is_refused(value: str) -> None:
    with pytest.raises(ConfigurationError, match="offline=") as caught:
        read(offline=value)
    assert caught.value.expected == "0 or 1"


@pytest.mark.parametrize("name", ["build", "downloads", "target", "python", "cache", "cache_limit", "binary"])
def test_an_empty_value_is_refused_with_the_default(name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{name}=: is empty") as caught:
        read(**{name: " "})
    assert caught.value.expected is not None and caught.value.expected.startswith("a value; without")


def test_all_is_a_word_in_any_case() -> None:
    assert read(pkgs="x", upgrade="ALL").upgrade == ("all",)
    assert read(pkgs="x", upgrade="Six,idna").upgrade == ("Six", "idna")


def test_none_is_as_good_as_nothing() -> None:
    names: Mapping[str, Any] = dict.fromkeys(("toolchain", "rust", "build", "mirror", "prefix", "lock"))
    assert read(**names) == read()


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ("arm-linux-gnueabihf-", "arm-linux-gnueabihf-"),
        ("arm-linux-gnueabihf-gcc", "arm-linux-gnueabihf-gcc"),
        ("sdk", "/project/sdk"),
        ("./sdk", "/project/sdk"),
        ("/opt/sdk/", "/opt/sdk"),
    ],
)
def test_a_toolchains_bare_name_stays_bare_unless_it_lies_here(
    monkeypatch: pytest.MonkeyPatch, given: str, place: str
) -> None:
    monkeypatch.setattr(Path, "exists", lambda path: path == Path("/project/sdk"))
    assert read(toolchain=given).toolchain == place


def test_a_list_is_as_good_as_its_text() -> None:
    settings = read(pkgs=["numpy>=1,<3", "./app"], binary=("auto", "numpy=never"))
    assert settings.packages == "numpy>=1,<3, ./app"
    assert settings.binary.of("numpy") == "never"


def write_board(folder: Path, more: str) -> str:
    (folder / "mine.toml").write_text(f'extends = "rv1126"\n{more}\n')
    return str(folder / "mine.toml")


def test_what_is_built_for_a_libc_is_measured_against_it() -> None:
    settings = read(libc="glibc 2.28")
    assert settings.libc == settings.target.libc == settings.target.libc_baseline == Libc("glibc", "2.28")


def test_a_boards_own_libc_is_built_for(tmp_path: Path) -> None:
    for key in ("libc", "libc_baseline"):
        settings = read(target=write_board(tmp_path, f'{key} = "glibc 2.31"'))
        assert settings.target.libc == settings.target.libc_baseline == Libc("glibc", "2.31")
        assert settings.libc is None


def test_a_boards_file_system_has_a_loader(tmp_path: Path) -> None:
    for found in ("no such folder", "none there"):
        with pytest.raises(ConfigurationError, match=r"board_root=.*: not the file system of a board") as caught:
            read(board_root=str(tmp_path / "root"))
        assert caught.value.found == found
        (tmp_path / "root/lib").mkdir(parents=True, exist_ok=True)
    (tmp_path / "root/lib/ld-musl-armhf.so.1").touch()
    assert read(board_root=str(tmp_path / "root")).board_root == tmp_path / "root"


def test_a_shipped_target_is_built_for_its_boards_libc() -> None:
    assert {name: str(read(target=name).target.libc) for name in target_names()} == {
        "aarch64": "glibc 2.17",
        "armv7l": "glibc 2.17",
        "luckfox-pico": "None",  # uClibc-ng, whose compiler is the vendor's
        "riscv64": "glibc 2.27",
        "rk3568": "glibc 2.28",
        "rv1106": "None",
        "rpi4": "glibc 2.31",
        "rv1126": "glibc 2.28",
    }


@pytest.mark.parametrize("more", ['libc_baseline = "musl 1.2"', 'triplet = "arm-linux-musleabihf"'])
def test_a_libc_is_not_inherited_by_a_board_with_another_one(tmp_path: Path, more: str) -> None:
    assert read(target=write_board(tmp_path, more)).target.libc is None


@pytest.mark.parametrize("given", [{"toolchain": "/sdk"}, {"libc": "board"}])
def test_an_sdks_libc_and_the_compilers_own_are_kept(tmp_path: Path, given: dict[str, str]) -> None:
    target = read(target=write_board(tmp_path, 'libc = "glibc 2.31"'), **given).target
    assert (target.libc, target.libc_baseline) == (None, None)


def test_a_libc_that_is_asked_for_goes_before_an_sdks() -> None:
    assert read(toolchain="/sdk", libc="glibc 2.28").target.libc == Libc("glibc", "2.28")


@pytest.mark.parametrize("libc", ["glibc", "2.28", "musl 1.2", "private 2.36", "glibc-2.28", "glibc 2.28 "])
def test_a_libc_that_cannot_be_built_for_is_refused(libc: str) -> None:
    with pytest.raises(ConfigurationError, match="not a libc to build for") as caught:
        read(libc=libc)
    assert 'libc="glibc 2.28"' in str(caught.value.expected)


@pytest.mark.parametrize("line", ["", 'libc_baseline = "musl 1.2"', 'kernel = "3.10"'])
def test_a_libc_that_is_brought_along_is_the_compilers_whatever_the_board_has(tmp_path: Path, line: str) -> None:
    board = write_board(tmp_path, line)
    asked, compilers = read(target=board, libc="private").target, read(target=board, libc="board").target
    assert (asked.brings_libc, asked.libc, asked.libc_baseline) == (True, None, None)
    assert compilers.brings_libc is False
    assert asked.facts() == replace(compilers, libc_baseline=None).facts()


def test_a_board_may_say_that_its_bundle_brings_a_libc(tmp_path: Path) -> None:
    board = write_board(tmp_path, 'libc = "private"')
    assert read(target=board).target.brings_libc
    assert read(target=board, toolchain="/sdk").target.brings_libc
    other = read(target=board, libc="glibc 2.28").target
    assert (other.brings_libc, other.libc) == (False, Libc("glibc", "2.28"))


def test_what_is_built_does_not_know_that_its_libc_is_brought_along() -> None:
    """Otherwise all products of other users would be built again, and theirs could not be shared."""
    assert "brings_libc" not in read(libc="private").target.facts()


def test_a_board_with_another_libc_gets_the_one_of_the_distributions_compiler(tmp_path: Path) -> None:
    musl = write_board(tmp_path, 'triplet = "arm-linux-musleabihf"')
    for target in ("rv1106", "luckfox-pico", musl):
        asked = read(target=target, libc="private").target
        assert (asked.triplet, asked.prefixes) == ("arm-linux-gnueabihf", ("arm-linux-gnueabihf",))
        assert asked.cflags == read(target=target).target.cflags
    vendors = read(target="rv1126", libc="private").target
    assert vendors.prefixes == read(target="rv1126").target.prefixes, "a glibc of the vendor's is one, too"


def test_a_glibc_is_refused_for_a_board_with_another_libc(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"libc=glibc 2\.28: rv1106 has uclibc") as caught:
        read(target="rv1106", libc="glibc 2.28")
    assert "libc=private" in str(caught.value.expected)
    with pytest.raises(ConfigurationError, match=r"glibc 2\.28 does not match triplet 'arm-linux-musleabihf'"):
        read(target=write_board(tmp_path, 'triplet = "arm-linux-musleabihf"\nlibc = "glibc 2.28"'))


@pytest.mark.parametrize(
    ("libc", "target", "triplet"),
    [
        ("musl", "rv1126", "arm-linux-musleabihf"),
        ("musl", "rk3568", "aarch64-linux-musl"),
        ("uclibc", "armv7l", "arm-linux-uclibceabihf"),
        ("uclibc", "rv1106", "arm-linux-uclibcgnueabihf"),
    ],
)
def test_the_libc_of_an_sdk_may_be_named(libc: str, target: str, triplet: str) -> None:
    settings = read(target=target, libc=libc, toolchain="/sdk")
    assert (settings.target.triplet, settings.target.libc, settings.libc_kind) == (triplet, None, libc)
    assert settings.target.libc_baseline is None and settings.libc is None


def test_musl_and_uclibc_need_an_sdk() -> None:
    assert read(target="rv1106", libc="uclibc").target == read(target="rv1106").target
    with pytest.raises(ConfigurationError, match="libc=musl: no compiler for musl is known for rv1126") as caught:
        read(target="rv1126", libc="musl")
    assert "toolchain=" in str(caught.value.expected) and "libc=private" in str(caught.value.next)


def test_a_target_may_say_that_its_libc_is_musl(tmp_path: Path) -> None:
    board = write_board(tmp_path, 'triplet = "arm-linux-musleabihf"\nlibc = "musl"')
    assert read(target=board).target.libc is None
    with pytest.raises(ConfigurationError, match="musl does not match triplet 'arm-linux-gnueabihf'"):
        read(target=write_board(tmp_path, 'libc = "musl"'))


def test_a_library_for_embedding_does_not_bring_its_libc() -> None:
    with pytest.raises(ConfigurationError, match="libc=private and shared=1 exclude each other") as caught:
        read(libc="private", shared="1")
    assert "embeds" in str(caught.value.expected)


def test_a_libc_that_the_board_does_not_load_is_refused(tmp_path: Path) -> None:
    board = write_board(tmp_path, 'libc_baseline = "glibc 2.28"')
    with pytest.raises(ConfigurationError, match="programs for it would not start on mine"):
        read(target=board, libc="glibc 2.31")
    with pytest.raises(ConfigurationError, match="libc: the board has glibc"):
        read(target=write_board(tmp_path, 'libc_baseline = "glibc 2.28"\nlibc = "glibc 2.31"'))


def test_a_number_of_an_sconscript_lost_its_zero() -> None:
    with pytest.raises(ConfigurationError, match="does not know this series") as caught:
        read(python=3.10)
    assert caught.value.next == 'in an SConscript, write python="3.10" in quotes: the number 3.10 is the same as 3.1'
    with pytest.raises(ConfigurationError, match="does not know this series") as caught:
        read(python=3.4)
    assert "quotes" not in str(caught.value.next)


def test_several_targets_are_the_first_and_others(tmp_path: Path) -> None:
    settings = read(target="rk3568, rv1126,rk3568")
    assert (settings.target.name, settings.others) == ("rk3568", ("rv1126",))
    own = tmp_path / "a,b"
    own.mkdir()
    (own / "mine.toml").write_text('extends = "rpi4"')
    assert (read(target=str(own / "mine.toml")).target.name, read().others) == ("mine", ())


def test_a_series_that_cannot_be_optimized_is_refused() -> None:
    assert read(python="3.6", optimize="pgo").optimize == "pgo"
    with pytest.raises(ConfigurationError, match=r"optimize=lto: Python 3\.5 cannot be built in this way"):
        read(python="3.5", optimize="lto")
