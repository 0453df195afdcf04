"""Finding the compiler: where it is searched, which one is used, and the error if there is none."""

from __future__ import annotations

import os
import subprocess
import tarfile
from pathlib import Path

import pytest
from crosspython import hosttools
from crosspython.errors import ToolchainError
from crosspython.targets import load_target
from crosspython.toolchain.find import describe_place, find_compiler

from tests.unit.fake_compiler import make_clang, make_compiler

RV1126 = load_target("rv1126", Path())
AARCH64 = load_target("aarch64", Path())


def find(toolchain: Path | str | None, tmp_path: Path, path: str = os.defpath) -> Path:
    return find_compiler(RV1126, str(toolchain or ""), path=path, unpack_into=tmp_path / "unpacked")


def test_on_path_the_first_known_prefix_is_taken(tmp_path: Path) -> None:
    make_compiler(tmp_path / "a", "arm-linux-gnueabihf")
    best = make_compiler(tmp_path / "b", "arm-buildroot-linux-gnueabihf")
    assert find(None, tmp_path, f"{tmp_path}/a:{tmp_path}/b") == best


def test_none_on_path_tells_three_ways(tmp_path: Path) -> None:
    with pytest.raises(ToolchainError) as caught:
        find(None, tmp_path, str(tmp_path))
    text = str(caught.value)
    assert all(f"    {number}. " in text for number in (1, 2, 3))
    assert "toolchain=" in text


def test_for_a_board_with_uclibc_the_third_way_is_a_libc_of_the_bundles_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hosttools, "find_manager", lambda: hosttools.MANAGERS[0])
    with pytest.raises(ToolchainError, match="no cross compiler for rv1106") as caught:
        find_compiler(load_target("rv1106", tmp_path), None, path=str(tmp_path), unpack_into=tmp_path)
    ways = str(caught.value.next).splitlines()
    assert len(ways) == 4 and "glibc; the bundle then contains the glibc" in ways[1]
    assert ways[1].endswith("apt-get install -y g++-arm-linux-gnueabihf, then libc=private")


@pytest.mark.parametrize(
    "place", ["bin", "usr/bin", "host/bin", "host/usr/bin", "x/bin", "x/y/bin", "prebuilts/gcc/linux-x86/arm/x/bin"]
)
def test_a_compiler_is_found_wherever_vendors_put_it(tmp_path: Path, place: str) -> None:
    cc = make_compiler(tmp_path / "sdk" / place, "arm-rockchip830-linux-gnueabihf")
    assert find(tmp_path / "sdk", tmp_path) == cc


def test_a_known_prefix_goes_before_others(tmp_path: Path) -> None:
    make_compiler(tmp_path / "sdk/bin", "arm-aaa-linux-gnueabihf")
    known = make_compiler(tmp_path / "sdk/bin", "arm-rockchip-linux-gnueabihf")
    assert find(tmp_path / "sdk", tmp_path) == known


def test_an_unknown_prefix_is_taken_by_what_the_compiler_says(tmp_path: Path) -> None:
    make_compiler(tmp_path / "sdk/bin", "aarch64-vendor-linux-gnu")
    cc = make_compiler(tmp_path / "sdk/bin", "board-vendor", triplet="arm-vendor-linux-gnueabihf")
    assert find(tmp_path / "sdk", tmp_path) == cc


@pytest.mark.parametrize("prefix", ["aarch64-none-linux-gnu", "aarch64-rockchip1240-linux-gnu"])
def test_a_64_bit_board_takes_arms_and_vendors_names(tmp_path: Path, prefix: str) -> None:
    cc = make_compiler(tmp_path / "sdk/bin", prefix)
    assert find_compiler(AARCH64, str(tmp_path / "sdk"), path="", unpack_into=tmp_path) == cc


def test_of_two_compilers_the_one_with_the_targets_float_abi_is_taken(tmp_path: Path) -> None:
    make_compiler(tmp_path / "sdk/bin", "arm-aaa-linux-gnueabi")
    cc = make_compiler(tmp_path / "sdk/bin", "arm-bbb-linux-gnueabihf")
    assert find(tmp_path / "sdk", tmp_path) == cc


def test_versioned_names_are_ignored(tmp_path: Path) -> None:
    cc = make_compiler(tmp_path / "sdk/bin", "arm-vendor-linux-gnueabihf")
    (cc.parent / "arm-vendor-linux-gnueabihf-gcc-12").symlink_to(cc.name)
    assert find(tmp_path / "sdk", tmp_path) == cc


@pytest.mark.parametrize("triplet", ["aarch64-none-linux-gnu", "arm-none-eabi"])
def test_compilers_for_other_machines_are_named(tmp_path: Path, triplet: str) -> None:
    make_compiler(tmp_path / "sdk/bin", triplet)
    with pytest.raises(ToolchainError) as caught:
        find(tmp_path / "sdk", tmp_path)
    assert caught.value.expected is not None
    assert "armv7l" in caught.value.expected
    assert triplet in (caught.value.found or "")


def test_a_folder_without_a_compiler_is_told(tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match="no cross compiler in it"):
        find(tmp_path, tmp_path)


def test_a_compiler_that_may_not_be_executed_is_named(tmp_path: Path) -> None:
    """As after unpacking on a file system that knows no modes."""
    cc = make_compiler(tmp_path / "bin")
    cc.chmod(0o644)
    with pytest.raises(ToolchainError, match="no cross compiler in it") as caught:
        find(tmp_path, tmp_path)
    assert caught.value.found == f"{cc}, which is not executable"


def test_an_archive_in_an_archive_is_named(tmp_path: Path) -> None:
    (tmp_path / "made/more").mkdir(parents=True)
    (tmp_path / "made/more/sdk.tar.gz").touch()
    with tarfile.open(tmp_path / "outer.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "made", "outer")
    with pytest.raises(ToolchainError, match=r"is .*/outer/more/sdk\.tar\.gz the SDK"):
        find(tmp_path / "outer.tar.gz", tmp_path / "unpacked")


def test_a_program_that_is_no_c_compiler_is_told(tmp_path: Path) -> None:
    cc = make_compiler(tmp_path / "bin")
    with pytest.raises(ToolchainError, match=r"arm-linux-gnueabihf-g\+\+, which is not called as a C compiler"):
        find_compiler(RV1126, "arm-linux-gnueabihf-g++", path=str(cc.parent), unpack_into=tmp_path)


def test_a_place_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match="no such file or folder"):
        find(tmp_path / "none", tmp_path)


def test_a_file_that_is_no_toolchain_is_told(tmp_path: Path) -> None:
    (tmp_path / "README").touch()
    with pytest.raises(ToolchainError, match="a file of another kind"):
        find(tmp_path / "README", tmp_path)


@pytest.mark.parametrize("end", ["gcc", "", "."])
def test_a_compiler_or_its_prefix_may_be_named(tmp_path: Path, end: str) -> None:
    cc = make_compiler(tmp_path / "bin")
    name = str(cc).removesuffix("gcc") + end if end != "." else str(cc).removesuffix("-gcc")
    assert find(name, tmp_path) == cc


def test_a_missing_tool_is_named(tmp_path: Path) -> None:
    cc = make_compiler(tmp_path / "bin")
    cc.with_name("arm-linux-gnueabihf-objcopy").unlink()
    with pytest.raises(ToolchainError, match=r"incomplete toolchain(.|\n)*expected: arm-linux-gnueabihf-objcopy in"):
        find(cc, tmp_path)


def test_the_place_changes_when_the_compiler_is_touched(tmp_path: Path) -> None:
    cc = make_compiler(tmp_path / "bin")
    for toolchain, path in ((None, str(cc.parent)), (str(tmp_path), ""), (str(cc), "")):
        before = describe_place(RV1126, toolchain, path=path)
        os.utime(cc, ns=(1, cc.stat().st_mtime_ns + 1))
        assert describe_place(RV1126, toolchain, path=path) != before


def test_the_place_changes_when_a_fortran_compiler_comes_beside(tmp_path: Path) -> None:
    cc = make_compiler(tmp_path / "bin")
    before = describe_place(RV1126, None, path=str(cc.parent))
    cc.with_name("arm-linux-gnueabihf-gfortran").touch()
    assert describe_place(RV1126, None, path=str(cc.parent)) != before


def test_describing_a_place_runs_nothing(tmp_path: Path) -> None:
    make_compiler(tmp_path / "bin", first="exit 1")
    describe_place(AARCH64, str(tmp_path), path="")
    assert not (tmp_path / "bin" / "calls").exists()


def test_describing_a_place_that_is_not_there_raises_nothing(tmp_path: Path) -> None:
    assert "is not there" in describe_place(RV1126, str(tmp_path / "none"), path="")


def make_versioned(folder: Path, version: str = "12") -> Path:
    """Debian's gcc-12-arm-linux-gnueabihf and g++-12-arm-linux-gnueabihf, without the packages that add plain names."""
    cc = make_compiler(folder)
    for tool in ("gcc", "g++"):
        plain = cc.with_name(f"arm-linux-gnueabihf-{tool}")
        plain.rename(f"{plain}-{version}")
    cc.with_name(f"arm-linux-gnueabihf-gcc-ar-{version}").symlink_to("arm-linux-gnueabihf-ar")
    return Path(f"{cc}-{version}")


@pytest.mark.parametrize("given", ["on PATH", "its path", "its name", "its prefix", "its prefix's path", "its folder"])
def test_debians_names_with_a_version_will_do(tmp_path: Path, given: str) -> None:
    cc = make_versioned(tmp_path / "bin")
    toolchain = {
        "on PATH": None,
        "its path": cc,
        "its name": cc.name,
        "its prefix": "arm-linux-gnueabihf-",
        "its prefix's path": str(cc).removesuffix("gcc-12"),
        "its folder": tmp_path,
    }[given]
    found = find(toolchain, tmp_path, str(tmp_path / "bin"))
    assert found.name == "arm-linux-gnueabihf-gcc"
    assert subprocess.run([found, "-dumpmachine"], capture_output=True, text=True).stdout == "arm-linux-gnueabihf\n"
    beside = {path.name.removeprefix("arm-linux-gnueabihf-") for path in found.parent.iterdir()}
    assert {"g++", "ar", "gcc-ar", "strip"} <= beside


def test_the_newest_version_is_taken_and_a_plain_name_before_it(tmp_path: Path) -> None:
    make_versioned(tmp_path / "bin", "9")
    newest = make_versioned(tmp_path / "bin", "12")
    assert str(newest) in find(None, tmp_path, str(tmp_path / "bin")).read_text()
    plain = make_compiler(tmp_path / "bin")
    assert find(None, tmp_path, str(tmp_path / "bin")) == plain


@pytest.mark.parametrize("name", ["arm-linux-gnueabihf-gcc", "arm-linux-gnueabihf-", "arm-linux-gnueabihf"])
def test_a_bare_name_is_looked_for_on_path(tmp_path: Path, name: str) -> None:
    cc = make_compiler(tmp_path / "bin")
    assert find(name, tmp_path, str(tmp_path / "bin")) == cc
    assert str(cc) in describe_place(RV1126, name, path=str(tmp_path / "bin"))
    with pytest.raises(ToolchainError, match="of that name, here or on PATH"):
        find(name, tmp_path, str(tmp_path))


@pytest.mark.parametrize("place", ["sdk", "vendor/sdk"])
@pytest.mark.parametrize("bin_folder", ["bin", "usr/bin", "host/usr/bin"])
def test_an_sdk_may_lie_one_or_two_levels_down_beside_other_things(tmp_path: Path, place: str, bin_folder: str) -> None:
    given = tmp_path / "downloads"
    cc = make_compiler(given / place / bin_folder)
    (given / "docs" / "pdf").mkdir(parents=True)
    (given / "README").touch()
    assert find(given, tmp_path) == cc
    assert str(cc) in describe_place(RV1126, str(given), path="")


def test_a_buildroot_sdk_below_is_copied_and_relocated(tmp_path: Path) -> None:
    given = tmp_path / "downloads"
    cc = make_compiler(given / "arm-sdk" / "bin")
    script = "#!/bin/sh\ncd $(dirname $0) && mkdir -p share/buildroot && pwd > share/buildroot/sdk-location\n"
    (given / "arm-sdk" / "relocate-sdk.sh").write_text(script)
    (given / "notes.txt").touch()
    found = find(given, tmp_path)
    assert found.name == cc.name
    assert found.is_relative_to(tmp_path / "unpacked")


def test_the_one_that_fits_is_taken(tmp_path: Path) -> None:
    make_compiler(tmp_path / "sdks" / "aarch64" / "bin", "aarch64-none-linux-gnu")
    cc = make_compiler(tmp_path / "sdks" / "arm" / "bin")
    assert find(tmp_path / "sdks", tmp_path) == cc


def test_one_deeper_down_is_found_behind_others_for_other_machines(tmp_path: Path) -> None:
    make_compiler(tmp_path / "tools" / "bin", "x86_64-vendor-linux-gnu")
    cc = make_compiler(tmp_path / "tools" / "arm" / "bin")
    assert find(tmp_path / "tools", tmp_path) == cc


def test_two_that_fit_are_told(tmp_path: Path) -> None:
    for year in ("2023", "2024"):
        make_compiler(tmp_path / "sdks" / year / "bin")
    with pytest.raises(ToolchainError, match="it contains more than one toolchain for rv1126") as caught:
        find(tmp_path / "sdks", tmp_path)
    assert caught.value.evidence == tuple(str(tmp_path / "sdks" / year) for year in ("2023", "2024"))


def test_one_sdk_under_two_names_is_one(tmp_path: Path) -> None:
    make_compiler(tmp_path / "sdks" / "2024" / "bin")
    (tmp_path / "sdks" / "latest").symlink_to("2024")
    assert find(tmp_path / "sdks", tmp_path).name == "arm-linux-gnueabihf-gcc"


def test_an_archive_in_the_folder_is_pointed_at(tmp_path: Path) -> None:
    (tmp_path / "sdk.tar.xz").touch()
    with pytest.raises(ToolchainError, match=r"sdk\.tar\.xz the SDK\?"):
        find(tmp_path, tmp_path)


@pytest.mark.parametrize("version", ["", "-12"])
def test_a_compiler_without_a_prefix_has_its_tools_beside_it(tmp_path: Path, version: str) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in (f"gcc{version}", f"g++{version}", "ar", "ranlib", "strip", "objcopy", "readelf"):
        (folder / tool).write_text("#!/bin/sh\n")
        (folder / tool).chmod(0o755)
    found = find(f"gcc{version}", tmp_path, str(folder))
    assert found.name == "gcc" and (found.parent / "ar").is_file()


@pytest.mark.parametrize("given", ["its folder", "its path", "its prefix", "its name"])
@pytest.mark.parametrize("llvm", ["llvm-", "arm-linux-gnueabihf-llvm-", "arm-linux-gnueabihf-"])
def test_clang_is_called_by_gccs_names(tmp_path: Path, given: str, llvm: str) -> None:
    cc = make_clang(tmp_path / "sdk/bin", llvm=llvm)
    toolchain = {
        "its folder": tmp_path / "sdk",
        "its path": cc,
        "its prefix": str(cc).removesuffix("clang"),
        "its name": cc.name,
    }[given]
    found = find(toolchain, tmp_path, str(cc.parent))
    assert found.name == "arm-linux-gnueabihf-gcc" and str(cc) in found.read_text()
    ours = {path.name: path.read_text().split()[-2] for path in found.parent.iterdir()}
    assert ours["arm-linux-gnueabihf-g++"] == f"{cc}++"
    assert ours["arm-linux-gnueabihf-strip"] == f"{cc.parent}/{llvm}strip"
    assert "arm-linux-gnueabihf-as" not in ours and "arm-linux-gnueabihf-gcc-ar" not in ours


def test_clang_says_where_its_tools_are(tmp_path: Path) -> None:
    cc = make_clang(tmp_path / "llvm/bin")
    script = tmp_path / "mine/arm-linux-gnueabihf-clang"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nexec {cc} "$@"\n')
    script.chmod(0o755)
    strip = find(script, tmp_path).with_name("arm-linux-gnueabihf-strip")
    assert f"{cc.parent}/llvm-strip" in strip.read_text()


def test_a_script_of_the_vendor_finds_its_clang_where_builds_find_none(tmp_path: Path) -> None:
    cc = make_clang(tmp_path / "llvm/bin")
    cc.rename(cc.with_name("clang"))
    script = tmp_path / "mine/arm-linux-gnueabihf-clang"
    script.parent.mkdir()
    script.write_text('#!/bin/sh\nexec clang "$@"\n')
    script.chmod(0o755)
    found = find(script, tmp_path, f"{cc.parent}:{os.defpath}")
    done = subprocess.run([found, "-dumpmachine"], env={"PATH": os.defpath}, capture_output=True, text=True)
    assert done.stdout == "arm-linux-gnueabihf\n"


def test_a_gcc_is_preferred_to_a_clang(tmp_path: Path) -> None:
    make_clang(tmp_path / "a")
    gcc = make_compiler(tmp_path / "b")
    path = f"{tmp_path}/a:{tmp_path}/b"
    assert find(None, tmp_path, path) == find("arm-linux-gnueabihf-", tmp_path, path) == gcc


def test_a_clang_on_path_is_only_taken_if_it_is_asked_for(tmp_path: Path) -> None:
    make_clang(tmp_path / "bin")
    with pytest.raises(ToolchainError, match="no cross compiler for rv1126 was found"):
        find(None, tmp_path, str(tmp_path / "bin"))
