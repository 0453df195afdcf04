"""The environment of a package's build: what compiles for the board, what runs here, and no network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from crosspython.recipes.release import read_release
from crosspython.targets import load_target
from crosspython.toolchain.native import build_triplet
from crosspython.toolchain.rust import RustSearch
from crosspython.wheels.building.environment import build_environment
from crosspython.wheels.building.kit import Kit

from tests.conftest import REPOSITORY
from tests.unit.made_toolchain import VENDORS


def make_kit(folder: Path, *, fortran: bool = False) -> Kit:
    return Kit(
        folder=folder / "work/kit",
        target=load_target("rv1126", Path()),
        toolchain=replace(VENDORS, fortran=fortran),
        release=read_release(REPOSITORY / "components" / "cpython", "3.13"),
        python=folder / "cpython.tar.zst",
        build_python=folder / "build-python.tar.zst",
        libraries={},
        rust=RustSearch(None, {}, folder, folder),
    )


@pytest.fixture
def seen(tmp_path: Path) -> dict[str, str]:
    overlay = tmp_path / "overlay"
    (overlay / "numpy/lib/pkgconfig").mkdir(parents=True)
    (overlay / "numpy/lib/pkgconfig/numpy.pc").touch()
    return environment(tmp_path)


def environment(folder: Path, *, fortran: bool = False) -> dict[str, str]:
    return build_environment(
        make_kit(folder, fortran=fortran),
        python=folder / "python3",
        work=folder / "work/foo-1.0",
        sysroot=folder / "work/foo-1.0/sysroot",
        overlay=folder / "overlay",
        path="/bin",
    )


def test_programs_of_the_overlay_come_first_then_the_targets_then_this_machines(
    seen: dict[str, str], tmp_path: Path
) -> None:
    assert seen["PATH"] == f"{tmp_path}/overlay/bin:{tmp_path}/work/kit/bin:/bin"


def test_compilers_are_the_targets_and_those_for_helper_programs_this_machines(seen: dict[str, str]) -> None:
    assert (seen["CC"], seen["CC_FOR_BUILD"]) == ("arm-linux-gnueabihf-gcc", f"{build_triplet()}-gcc")


@pytest.mark.parametrize("fortran", [True, False])
def test_fortran_is_named_only_where_there_is_one(tmp_path: Path, fortran: bool) -> None:
    assert ("FC" in environment(tmp_path, fortran=fortran)) is fortran


def test_cmake_asks_the_interpreter_only_where_there_is_an_emulator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for has_one in (True, False):
        monkeypatch.setattr(Kit, "has_emulator", has_one)
        assert ("CMAKE_ARGS" in environment(tmp_path)) is has_one


def test_whoever_wants_to_download_finds_nothing(seen: dict[str, str]) -> None:
    assert seen["HTTPS_PROXY"] == seen["http_proxy"] == "http://127.0.0.1:9"
    assert (seen["CARGO_NET_OFFLINE"], seen["PIP_NO_INDEX"]) == ("true", "1")


def test_pkg_config_sees_the_private_sysroot_and_what_the_overlay_brings(seen: dict[str, str], tmp_path: Path) -> None:
    folders = seen["PKG_CONFIG_LIBDIR"].split(":")
    assert folders[0] == f"{tmp_path}/work/foo-1.0/sysroot/usr/lib/pkgconfig"
    assert folders[-1] == f"{tmp_path}/overlay/numpy/lib/pkgconfig"


def test_paths_of_the_kit_are_mapped_away_as_those_of_the_package_are(seen: dict[str, str], tmp_path: Path) -> None:
    assert seen["CROSSPYTHON_WORK"] == f"{tmp_path}/work"


def test_the_home_is_the_packages_own(seen: dict[str, str], tmp_path: Path) -> None:
    assert seen["HOME"] == seen["TMPDIR"] == f"{tmp_path}/work/foo-1.0/tmp"
