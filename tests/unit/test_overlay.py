"""Overlays: which requirements count, which tools come with them, and whose files are the target's."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from crosspython.errors import ConfigurationError
from crosspython.wheels.building.overlay import answer_for_the_target, applicable, take_target_files, with_native_tools
from packaging.requirements import Requirement

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
    assert with_native_tools(needs("meson_python>=0.15")) == needs("meson_python>=0.15", "ninja>=1.13")
    assert with_native_tools(needs("scikit-build-core", "ninja==1.13.0"))[2:] == needs("cmake>=3.26")
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
