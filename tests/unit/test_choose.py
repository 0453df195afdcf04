"""Which wheels fit a board, and what `binary=` makes of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from crosspython.errors import ConfigurationError
from crosspython.recipes.release import read_release
from crosspython.targets.libc import Libc
from crosspython.wheels.model import LockedFile, LockedPackage
from crosspython.wheels.resolving.binary import AUTO, NEVER, ONLY, Binary, parse_binary
from crosspython.wheels.resolving.choose import choose_files, choose_sound, fitting, require_can_build
from crosspython.wheels.resolving.platform import Platform

from tests.unit.test_components import COMPONENTS

GLIBC = Platform("armv7l", "glibc", "3.13.5", "hard")
MUSL = Platform("armv7l", "musl", "3.13.5", "hard")
SDIST = LockedFile("a-1.tar.gz", "00")
PURE = "a-1-py3-none-any.whl"
NATIVE = "a-1-cp313-cp313-manylinux2014_armv7l.manylinux_2_17_armv7l.whl"


def package(*wheels: str, sdist: LockedFile | None = SDIST, others: tuple[str, ...] = ()) -> LockedPackage:
    return LockedPackage("a", "1", sdist, tuple(LockedFile(name, "00") for name in wheels), others)


def choice(locked: LockedPackage, binary: str) -> str | None:
    file = choose_files([locked], Binary(binary), GLIBC.tags(Libc("glibc", "2.31")))["a"]
    return file.name if file else None


@pytest.mark.parametrize(
    ("tag", "platform", "libc", "fits"),
    [
        ("py3-none-any", GLIBC, "2.31", True),
        ("py2.py3-none-any", GLIBC, "2.31", True),
        ("py2-none-any", GLIBC, "2.31", False),
        ("cp313-cp313-manylinux_2_31_armv7l", GLIBC, "2.31", True),
        ("cp313-cp313-manylinux_2_32_armv7l", GLIBC, "2.31", False),
        ("cp313-cp313-manylinux2014_armv7l", GLIBC, "2.17", True),
        ("cp39-abi3-manylinux_2_17_armv7l", GLIBC, "2.31", True),
        ("cp314-abi3-manylinux_2_17_armv7l", GLIBC, "2.31", False),
        ("cp312-cp312-manylinux_2_17_armv7l", GLIBC, "2.31", False),
        ("cp313-cp313t-manylinux_2_17_armv7l", GLIBC, "2.31", False),
        ("py3-none-manylinux_2_17_armv7l", GLIBC, "2.31", True),
        ("cp313-cp313-linux_armv7l", GLIBC, "2.31", True),
        ("cp313-cp313-manylinux_2_17_x86_64", GLIBC, "2.31", False),
        ("cp313-cp313-musllinux_1_2_armv7l", GLIBC, "2.31", False),
        ("cp313-cp313-musllinux_1_2_armv7l", MUSL, "1.2", True),
        ("cp313-cp313-musllinux_1_2_armv7l", MUSL, "1.1", False),
        ("cp313-cp313-manylinux_2_17_armv7l", MUSL, "1.2", False),
        ("cp313-cp313-manylinux1_i686", Platform("i686", "glibc", "3.13.5"), "2.31", True),
    ],
)
def test_a_wheel_fits_as_pip_on_the_board_judges(tag: str, platform: Platform, libc: str, fits: bool) -> None:
    file = LockedFile(f"a-1-{tag}.whl", "00")
    assert bool(fitting([file], platform.tags(Libc(platform.libc, libc)))) is fits


def test_the_best_wheel_comes_first() -> None:
    names = [PURE, "a-1-cp39-abi3-manylinux_2_17_armv7l.whl", NATIVE, "a-1-cp313-cp313-manylinux_2_30_armv7l.whl"]
    found = fitting([LockedFile(name, "00") for name in names], GLIBC.tags(Libc("glibc", "2.31")))
    assert [file.name for file in found] == [names[3], names[2], names[1], names[0]]


def test_a_file_that_is_called_like_no_wheel_never_fits() -> None:
    assert fitting([LockedFile("a.whl", "00")], GLIBC.tags(Libc("glibc", "2.31"))) == []


@pytest.mark.parametrize(
    ("wheels", "others", "auto", "never"),
    [
        ((), (), None, None),
        ((PURE,), (), PURE, PURE),
        ((NATIVE,), (), NATIVE, None),
        ((NATIVE, PURE), (), NATIVE, None),
        ((PURE,), ("a-1-cp313-cp313-manylinux_2_17_x86_64.whl",), PURE, None),
    ],
)
def test_auto_takes_what_fits_and_never_only_what_has_nothing_to_compile(
    wheels: tuple[str, ...], others: tuple[str, ...], auto: str | None, never: str | None
) -> None:
    locked = package(*wheels, others=others)
    assert (choice(locked, AUTO), choice(locked, NEVER)) == (auto, never)


def test_only_takes_what_fits() -> None:
    assert choice(package(NATIVE, sdist=None), ONLY) == NATIVE


@pytest.mark.parametrize(
    ("locked", "binary", "says"),
    [
        (package(), ONLY, "a 1: no wheel fits; there is no wheel at all"),
        (package(NATIVE, sdist=None), NEVER, "a 1: no source"),
        (package(sdist=None, others=("a-1-cp313-cp313-win32.whl",)), AUTO, "such as a-1-cp313-cp313-win32.whl"),
    ],
)
def test_a_package_without_a_way_is_told(locked: LockedPackage, binary: str, says: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        choice(locked, binary)
    assert says in str(caught.value)


def test_a_wheel_that_the_user_named_is_taken_whatever_binary_says(tmp_path: Path) -> None:
    named = LockedPackage("a", "1", wheels=(LockedFile(NATIVE, "00", path=tmp_path / NATIVE),))
    assert choice(named, NEVER) == NATIVE


def test_a_folder_is_a_source(tmp_path: Path) -> None:
    assert choice(LockedPackage("a", "1", folder=tmp_path), NEVER) is None


def test_of_equal_wheels_the_highest_build_is_taken() -> None:
    names = [f"a-1-{build}py3-none-any.whl" for build in ("", "2-", "10-", "10b-")]
    found = fitting([LockedFile(name, "00") for name in names], GLIBC.tags(Libc("glibc", "2.31")))
    assert [file.name for file in found] == [names[3], names[2], names[1], names[0]]


def test_a_wheel_of_plain_linux_comes_before_manylinux() -> None:
    names = [NATIVE, "a-1-cp313-cp313-linux_armv7l.whl"]
    assert fitting([LockedFile(name, "00") for name in names], GLIBC.tags(Libc("glibc", "2.31")))[0].name == names[1]


def test_a_single_package_may_go_another_way() -> None:
    locked = package(NATIVE)
    tags = GLIBC.tags(Libc("glibc", "2.31"))
    assert choose_files([locked], parse_binary("auto,A=never", "binary="), tags) == {"a": None}
    assert choose_files([locked], parse_binary("never a=only", "binary="), tags) == {"a": locked.wheels[0]}
    with pytest.raises(ConfigurationError) as caught:
        choose_files([package()], parse_binary("a=only", "binary="), tags)
    assert "binary=auto,a=auto" in str(caught.value)


def sound(locked: LockedPackage, binary: str, *bad: str) -> tuple[str | None, dict[str, str]]:
    tags, chosen_by = GLIBC.tags(Libc("glibc", "2.31")), parse_binary(binary, "binary=")
    chosen = choose_files([locked], chosen_by, tags)
    files, refused = choose_sound(
        [locked], chosen, chosen_by, tags, lambda _, file: "it needs liby.so" if file.name in bad else None
    )
    file = files["a"]
    return (file.name if file else None), refused


LINUX = "a-1-cp313-cp313-linux_armv7l.whl"


def test_a_ready_wheel_that_would_not_work_gives_way_to_the_source() -> None:
    assert sound(package(NATIVE), AUTO) == (NATIVE, {})
    assert sound(package(NATIVE), AUTO, NATIVE) == (
        None,
        {"a": f"{NATIVE} of the index would not work: it needs liby.so"},
    )


def test_or_to_the_next_ready_wheel() -> None:
    assert sound(package(LINUX, NATIVE), AUTO, LINUX)[0] == NATIVE
    assert sound(package(LINUX, PURE), AUTO, LINUX)[0] == PURE
    assert sound(package(LINUX, NATIVE), AUTO, LINUX, NATIVE)[0] is None


def test_what_cannot_be_built_or_is_not_to_be_stays_and_is_told_later() -> None:
    assert sound(package(NATIVE, sdist=None), AUTO, NATIVE) == (NATIVE, {})
    assert sound(package(NATIVE), "auto,a=only", NATIVE) == (NATIVE, {})


def test_nothing_is_built_for_a_python_in_which_the_tools_do_not_run() -> None:
    old, new = (read_release(COMPONENTS / "cpython", series) for series in ("3.5", "3.6"))
    to_build, ready = {"a": None}, {"a": LockedFile(PURE, "00")}
    require_can_build([package()], to_build, new)
    require_can_build([package(PURE)], ready, old)
    with pytest.raises(ConfigurationError, match=r"python=3\.5: packages cannot be built") as caught:
        require_can_build([package()], to_build, old)
    assert caught.value.evidence == ("a 1: there is no such wheel",)
