"""Files in the build folder are not trusted: if somebody has changed a product, it is made again,
and nothing is made from it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Project

DECLARED = """\
Export("env")
SConscript("recipes/SConscript")
Default(env.Bundle(also=["base"]), env.Sysroot(also=["base"]))
env.Alias("debug", env.DebugSymbols())
"""


@pytest.fixture
def built(project: Project) -> Project:
    """A bundle and a sysroot of two components, of which one takes Python's part."""
    project.declare(DECLARED)
    project.add("base")
    project.add("cpython", options='depends=["base"]')
    project.scons("cache=none")
    return project


def place(project: Project, name: str) -> Path:
    return project.folder / "build/rv1126" / name


def picture(project: Project) -> dict[str, bytes]:
    """All products, and the files in the sysroot."""
    left_out = ("times.json", "logs", "work", "sites")
    return {
        str(path.relative_to(place(project, ""))): path.read_bytes()
        for path in sorted(place(project, "").rglob("*"))
        if path.is_file() and path.relative_to(place(project, "")).parts[0] not in left_out
    }


def edit_in_silence(path: Path) -> None:
    """Other bytes; size and time are as before."""
    before, data = path.stat(), path.read_bytes()
    path.write_bytes(data[:-9] + bytes(byte ^ 1 for byte in data[-9:]))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def empty(path: Path) -> None:
    path.write_bytes(b"")


def append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"\nmore\n")


LIBRARY = "sysroot/usr/lib/libbase.so.1"
FILES = [
    "stages/base-1.0.tar.zst",
    "stages/cpython-1.0.tar.zst",
    "python-1.0-rv1126.tar.gz",
    "python-1.0-rv1126.txt",
    "sysroot.txt",
    LIBRARY,
    "toolchain.txt",
    "toolchain.json",
]


@pytest.mark.parametrize("name", FILES)
def test_what_was_changed_is_made_again_as_it_was(built: Project, name: str) -> None:
    good = picture(built)
    edit_in_silence(place(built, name))
    output = built.scons("cache=none")
    assert "was changed since it was built, so it is made again" in output
    assert picture(built) == good
    assert "is up to date" in built.scons("cache=none")


@pytest.mark.parametrize("damage", [empty, append, Path.unlink], ids=lambda damage: damage.__name__)
def test_whatever_was_done_to_all_at_once_is_mended(built: Project, damage: Callable[[Path], object]) -> None:
    good = picture(built)
    for name in FILES:
        damage(place(built, name))
    built.scons("cache=none")
    assert picture(built) == good


@pytest.mark.parametrize("name", ["stages/base-1.0.tar.zst", LIBRARY, "toolchain.txt"])
def test_a_run_that_only_looks_tells_that_something_is_to_be_done(built: Project, name: str) -> None:
    edit_in_silence(place(built, name))
    before = picture(built)
    built.scons("-q", "cache=none", code=1)
    built.scons("-n", "cache=none")
    assert picture(built) == before
    built.scons("-q", "cache=none", code=1)


def test_a_sysroot_that_is_gone_is_unpacked_again(built: Project) -> None:
    good = picture(built)
    shutil.rmtree(place(built, "sysroot"))
    assert "sysroot is gone" in built.scons("cache=none")
    assert picture(built) == good


def test_what_does_not_belong_into_the_sysroot_goes(built: Project) -> None:
    header = place(built, "sysroot") / "usr/include/more.h"
    header.parent.mkdir()
    header.touch()
    assert "sysroot was changed" in built.scons("cache=none")
    assert not header.exists()


def test_facts_of_the_toolchain_that_somebody_wrote_rebuild_nothing(built: Project) -> None:
    append(place(built, "toolchain.txt"))
    output = built.scons("cache=none")
    assert "looking at the toolchain" in output
    assert " built " not in output
    assert "more" not in place(built, "toolchain.txt").read_text()


def test_only_what_was_changed_is_made_again(built: Project) -> None:
    edit_in_silence(built.stage("base"))
    output = built.scons("cache=none")
    assert "base 1.0             built" in output
    assert "cpython 1.0" not in output


def test_what_was_changed_comes_from_the_cache_if_that_has_it(built: Project, tmp_path: Path) -> None:
    cache = f"cache={tmp_path / 'cache'}"
    shutil.rmtree(built.folder / "build")
    built.scons(cache)
    good = picture(built)
    empty(built.stage("base"))
    assert "base 1.0             from the cache" in built.scons(cache)
    good.pop("stages/base-1.0.debug.tar.zst")
    assert picture(built) == good
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file() and path.stat().st_size == 0]


def test_debug_symbols_that_were_changed_are_made_again(built: Project) -> None:
    symbols = place(built, "stages/base-1.0.debug.tar.zst")
    good = symbols.read_bytes()
    edit_in_silence(symbols)
    built.scons("cache=none", "debug")
    assert symbols.read_bytes() == good
    assert "is up to date" in built.scons("cache=none")


def test_times_alone_make_nothing_again(built: Project) -> None:
    for path in place(built, "").rglob("*.tar.*"):
        os.utime(path)
    assert "is up to date" in built.scons("cache=none")


def test_a_build_folder_that_was_moved_is_good(built: Project) -> None:
    shutil.copytree(built.folder / "build", built.folder / "moved", symlinks=True)
    shutil.rmtree(built.folder / "build")
    (built.folder / "moved").rename(built.folder / "build")
    output = built.scons("cache=none")
    assert " built " not in output
    assert "is up to date" in built.scons("cache=none")


def test_it_is_made_again_once_in_interactive_mode(built: Project) -> None:
    edit_in_silence(built.stage("base"))
    output = built.scons("--interactive", "cache=none", typed="build\nbuild\nexit\n")
    assert output.count("base 1.0             built") == 1


def test_a_compiler_whose_parts_were_replaced_is_looked_at_again(built: Project, tmp_path: Path) -> None:
    """A distribution's upgrade of the binutils or of the libc leaves the compiler as it is."""
    sdk = tmp_path / "sdk/bin"
    sdk.mkdir(parents=True)
    for tool in Path("/usr/bin").glob("arm-linux-gnueabihf-*"):
        (sdk / tool.name).write_text(f'#!/bin/sh\nexec {tool} "$@"\n')
        (sdk / tool.name).chmod(0o755)
    arguments = ("cache=none", f"toolchain={sdk.parent}")
    built.scons(*arguments)
    assert "looking at the toolchain" not in built.scons(*arguments)
    append(sdk / "arm-linux-gnueabihf-ar")
    output = built.scons(*arguments)
    assert "looking at the toolchain" in output
    assert " built " not in output
    parts = [Path(part).name for part in json.loads(place(built, "toolchain.json").read_text())["parts"]]
    assert {"cc1", "ld", "libgcc.a", "crt1.o", "arm-linux-gnueabihf-g++"} <= set(parts)
