"""libc=private: only the bundle differs, and its programs start with the libc in it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from crosspython.store.tree import unpack_tree
from crosspython.targets import load_target
from crosspython.toolchain.emulator import emulate

from tests.conftest import CONFIGURE, Project

INTERPRETER = (
    '#include <stdio.h>\nint main(int count, char **words) { printf("%s %s\\n", words[0], words[count - 1]); }\n'
)
AS_PROGRAM = (
    CONFIGURE.replace("-shared -fPIC -g -Wl,-soname,lib$NAME.so.1 -o lib$NAME.so.1", "-o lib$NAME.so.1")
    .replace("(PREFIX)/lib/", "(PREFIX)/bin/python3.13")
    .replace("(PREFIX)/lib", "(PREFIX)/bin")
)
DECLARED = """\
Export("env")
SConscript("recipes/SConscript")
bundle = env.Bundle()
Default(bundle)
env.Alias("papers", [env.Sbom(bundle), env.LegalInfo(bundle)])
"""


def test_only_the_bundle_is_another_one(project: Project, tmp_path: Path) -> None:
    project.declare(DECLARED)
    project.add("cpython", configure=AS_PROGRAM, code=INTERPRETER)
    own = project.scons("libc=private", "cache=none")
    assert "libc:      contains glibc" in own and "loader:    none" in own and "libraries: none" in own
    assert "LGPL-2.1-or-later (glibc)" in own
    stage = project.stage("cpython").read_bytes()
    unpack_tree(project.folder / "build/rv1126/python-1.0-rv1126.tar.gz", tmp_path / "board")
    tree = tmp_path / "board/python"
    python = emulate(tree, load_target("rv1126", tmp_path), tmp_path / "no root", os.environ["PATH"])
    done = subprocess.run([python.python, "x"], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == f"{python.python} x\n"
    papers = project.scons("papers", "libc=private", "cache=none")
    assert "packing" not in papers and "licence text was found for cpython 1.0\n" in papers
    sbom = (project.folder / "build/rv1126/sbom/python-1.0-rv1126.cdx.json").read_text()
    assert "pkg:generic/glibc@" in sbom and "pkg:generic/gcc/libgcc_s@" in sbom
    [text] = project.folder.glob("build/rv1126/legal-info/licenses/glibc-*/COPYING.LIB")
    assert text.read_bytes() == (tree / "share/licenses/glibc/COPYING.LIB").read_bytes()
    refused = project.scons("libc=private", "cache=none", "forbid_licenses=LGPL-2.1*", code=2)
    assert "glibc: LGPL-2.1-or-later" in refused
    boards = project.scons("libc=board", "cache=none")
    assert "packing" in boards and "building cpython" not in boards
    assert "brings" not in boards and "loader:    /lib/ld-linux-armhf.so.3" in boards
    assert project.stage("cpython").read_bytes() == stage


def test_a_board_whose_kernel_is_too_old_is_refused_before_anything_is_built(project: Project) -> None:
    """Also where the same compiler was looked at before, for another libc=."""
    (project.folder / "old.toml").write_text('extends = "rv1126"\nkernel = "3.0"\n')
    project.add("hello")
    project.scons("libc=board", "target=./old.toml")
    output = project.scons("libc=private", "target=./old.toml", code=2)
    assert "libc=private: glibc 2." in output and "does not run on old" in output
    assert "Linux 3.2.0 or newer on the board" in output and "found:    Linux 3.0 (kernel)" in output


def test_an_sdk_with_another_libc_than_the_one_asked_for_is_refused(project: Project) -> None:
    project.add("hello")
    output = project.scons("libc=musl", "toolchain=arm-linux-gnueabihf-gcc", code=2)
    assert "does not link for musl, which libc=musl needs" in output
    assert "an SDK whose libc is musl, as toolchain=" in output
