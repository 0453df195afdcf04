"""The front end: a build whose helper programs `gcc` compiled for the board is tried once more with the build
machine's; which builds have the network, and that it is said."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest
from crosspython.errors import StepError
from crosspython.run.log import Log
from crosspython.store.fetch import Store
from crosspython.wheels.building.environment import linked_in
from crosspython.wheels.building.front_end import WheelBuild, make_wheel
from crosspython.wheels.building.overlay import Overlay
from crosspython.wheels.model import Override
from packaging.requirements import Requirement


class Build(WheelBuild):
    """A bench whose builds fail unless gcc means the build machine's; `links` says whether gcc linked a program."""

    def __init__(self, folder: Path, log: Log, *, links: bool, succeeds: bool) -> None:
        self.work, self.log, self.links, self.succeeds = folder, log, links, succeeds
        self.override = Override("toy", engine="cross")
        package = SimpleNamespace(name="toy")
        self.order = SimpleNamespace(package=package, libraries={})  # type: ignore[assignment]
        self.workshop = SimpleNamespace(  # type: ignore[assignment]
            jobserver=SimpleNamespace(token=nullcontext), work=folder, store=Store(folder, offline=True)
        )
        self.native_names, self.remarks, self.tries, self.source = False, (), 0, folder

    def prepare(self) -> None:
        linked_in(self.work).unlink(missing_ok=True)

    def with_engine(self, name: str) -> Path:
        self.tries += 1
        if self.native_names and self.succeeds:
            return self.work / "toy.whl"
        if self.links:
            linked_in(self.work).touch()
        raise StepError("toy: ./gen: Exec format error")


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path / "toy.log")


def test_what_has_linked_a_program_is_built_once_more_and_told(tmp_path: Path, log: Log) -> None:
    build = Build(tmp_path, log, links=True, succeeds=True)
    assert make_wheel(build).wheel == tmp_path / "toy.whl"
    (remark,) = build.remarks
    assert "calls gcc without a prefix for programs that run here" in remark


@pytest.mark.parametrize(("links", "tries"), [(True, 2), (False, 1)])
def test_a_failure_of_another_kind_is_told_without_more_ado(tmp_path: Path, log: Log, links: bool, tries: int) -> None:
    build = Build(tmp_path, log, links=links, succeeds=False)
    with pytest.raises(StepError):
        make_wheel(build)
    assert (build.tries, build.remarks) == (tries, ())


def test_backends_get_the_config_settings_that_they_need(tmp_path: Path, log: Log) -> None:
    build = Build(tmp_path, log, links=False, succeeds=True)
    build.kit = SimpleNamespace(files=SimpleNamespace(meson=tmp_path / "kit.ini"))  # type: ignore[assignment]
    overlay = Overlay(tmp_path / "overlay")
    assert build._settings([Requirement("setuptools")], overlay) == {}
    assert build._settings([Requirement("meson_python>=0.15")], overlay) == {
        "setup-args": [
            f"--cross-file={tmp_path}/kit.ini",
            f"--cross-file={tmp_path}/overlay.ini",
            "--wrap-mode=nodownload",
        ],
        "build-dir": f"{tmp_path}/build",
    }


@pytest.mark.parametrize(
    ("table", "has_emulator", "is_told"),
    [
        ("[tool.py-build-cmake.cmake]\nminimum_version = '3.26'\n", True, True),
        ("[tool.py-build-cmake.cmake]\nminimum_version = '3.26'\n", False, False),
        ("[tool.py-build-cmake.cmake.0]\n[tool.py-build-cmake.cmake.1]\n", True, False),
        ("", True, False),
    ],
    ids=["one", "no emulator", "two", "no CMake"],
)
def test_py_build_cmake_is_told_the_policy_where_it_runs_cmake_once(
    tmp_path: Path, log: Log, table: str, has_emulator: bool, is_told: bool
) -> None:
    build = Build(tmp_path, log, links=False, succeeds=True)
    build.kit = SimpleNamespace(has_emulator=has_emulator)  # type: ignore[assignment]
    build.source = tmp_path
    (tmp_path / "pyproject.toml").write_text(table)
    told = build._settings([Requirement("py_build_cmake~=0.5")], Overlay(tmp_path / "overlay"))
    assert told == ({"override": 'cmake.options.CMAKE_POLICY_DEFAULT_CMP0190="NEW"'} if is_told else {})
