"""The files that the emulator can see."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from crosspython.targets import load_target
from crosspython.toolchain.emulator import emulate, link_libraries


def test_of_a_boards_file_system_the_emulator_sees_the_libraries_alone(tmp_path: Path) -> None:
    root = tmp_path / "root"
    for name in ("usr/lib/arm-linux-gnueabihf/libc.so.6", "dev/null", "tmp/other", "usr/bin/env"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    (root / "lib").symlink_to("usr/lib")
    for _ in range(2):
        seen = link_libraries(root, tmp_path / "seen")
        assert sorted(path.relative_to(seen).as_posix() for path in seen.glob("*")) == ["lib", "usr"]
        assert [path.name for path in (seen / "usr").glob("*")] == ["lib"]
        assert (seen / "lib/arm-linux-gnueabihf/libc.so.6").is_file()


@pytest.mark.parametrize("private", [False, True])
def test_the_interpreter_is_started_under_the_scripts_name(tmp_path: Path, private: bool) -> None:
    """A bundle with its own libc is started as its starter would: the kernel here executes no loader of the board's."""
    tools, tree = tmp_path / "tools", tmp_path / "a tree"
    for path in (tools / "qemu-arm-static", tree / "bin/python3.13", tree / "libexec/python3.13"):
        path.parent.mkdir(parents=True)
        path.write_text("")
        path.chmod(0o755)
    if private:
        (tree / "lib/private").mkdir(parents=True)
    python = emulate(tree, load_target("rv1126", tmp_path), tmp_path / "root", str(tools))
    *_, last = python.python.read_text().splitlines()
    behind, libc = str(tree / "bin/.python3.13.target"), str(tree / "lib/private")
    emulator = ["exec", str(tools / "qemu-arm-static"), "-cpu", "cortex-a7", "-L", str(tmp_path / "root")]
    options = ["--library-path", libc, str(tree / "libexec/python3.13")]
    if private:
        assert shlex.split(last) == [*emulator, f"{libc}/python3.13", "--argv0", "$0", *options, "$@"]
        assert list(python.direct) == [*emulator[1:], f"{libc}/python3.13", "--argv0", behind, *options]
    else:
        assert shlex.split(last) == [*emulator, "-0", "$0", behind, "$@"]
        assert list(python.direct) == [*emulator[1:], behind]
