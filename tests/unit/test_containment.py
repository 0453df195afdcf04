"""The files that the commands of one build see: its work folder, its inputs, its launcher's folder."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from crosspython.errors import HostToolError
from crosspython.run.console import Console
from crosspython.run.log import Log
from crosspython.run.view import common_folders, named_in, tools_of_machine
from crosspython.toolchain.containment import Containment, folders_of_toolchain, paths_of_interpreter
from crosspython.toolchain.launcher import folders_of

PATH = os.environ["PATH"]


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    with Log(tmp_path / "toy-1.0.log") as log:
        yield log


def workshop(tmp_path: Path, launcher: str | None, contain: str = "auto") -> Any:
    (tmp_path / "ccache").write_text("#!/bin/sh\necho '(default) remote_storage = '\n")
    (tmp_path / "ccache").chmod(0o755)
    for name in ("sccache", "distcc"):
        (tmp_path / name).symlink_to("ccache")
    own = {"ccache": "CCACHE_DIR", "sccache": "SCCACHE_DIR", "distcc": "DISTCC_DIR"}
    variables = {"CROSSPYTHON_LAUNCHER": str(tmp_path / launcher), own[launcher]: "/own"} if launcher else {}
    return SimpleNamespace(
        path=PATH,
        contain=contain,
        launcher=variables,
        jobserver=SimpleNamespace(path=tmp_path / "jobs"),
        console=Console(io.StringIO()),
    )


def contain(shop: Any, log: Log, folder: Path) -> tuple[str, ...]:
    return Containment(shop, log, writes=[folder / "work"], reads=[folder / "in"], temporary=folder / "work/tmp").words(
        {}
    )


@pytest.mark.parametrize(("launcher", "told"), [(None, 0), ("ccache", 0), ("distcc", 1), ("sccache", 1)])
def test_a_build_has_the_network_only_where_the_launcher_needs_it_and_says_so(
    tmp_path: Path, log: Log, launcher: str | None, told: int
) -> None:
    shop = workshop(tmp_path, launcher)
    words = [contain(shop, log, tmp_path) for _ in range(2)]
    assert [("--net" in each) for each in words] == [not told] * 2
    assert shop.console._stream.getvalue().count("so builds have it too") == told
    assert ("this build has the network" in log.path.read_text()) == bool(told)


def test_a_launcher_that_needs_the_network_is_refused_where_containment_is_required(tmp_path: Path, log: Log) -> None:
    with pytest.raises(HostToolError, match="contain=required: launcher=distcc needs the network"):
        contain(workshop(tmp_path, "distcc", "required"), log, tmp_path)


def pairs(words: tuple[str, ...], option: str) -> list[str]:
    return [words[at + 1] for at, word in enumerate(words) if word == option]


def test_a_launcher_writes_into_its_folder(tmp_path: Path, log: Log) -> None:
    words = contain(workshop(tmp_path, "ccache"), log, tmp_path)
    assert pairs(words, "--write") == [str(tmp_path / "work"), "/own"]
    assert {str(tmp_path / "in"), str(tmp_path / "ccache"), str(tmp_path / "jobs")} <= set(pairs(words, "--read"))


def test_ccaches_other_storages_are_reached_where_they_are_on_this_machine(tmp_path: Path) -> None:
    storage = f"file:{tmp_path}/far|umask=002 redis+unix:{tmp_path}/socket"
    (tmp_path / "ccache").write_text(f"#!/bin/sh\necho '(environment) remote_storage = {storage}'\n")
    (tmp_path / "ccache").chmod(0o755)
    written, read = folders_of({"CROSSPYTHON_LAUNCHER": str(tmp_path / "ccache"), "CCACHE_DIR": "/own"})
    assert written == (Path("/own"), tmp_path / "far")
    assert tmp_path / "socket" in read


def test_what_a_builds_variables_name_may_be_read_but_no_whole_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "sdk/bin").mkdir(parents=True)
    variables = {"A": f"{tmp_path}/sdk:/usr/lib:{tmp_path}", "B": "/", "C": f"{tmp_path}/gone", "D": "-I/usr/include"}
    assert named_in(variables.values()) == (tmp_path / "sdk",)
    for option in ("--with-sdk={}", "-I{}", "CFLAGS=-O2 -L/gone {}", "{}"):
        assert named_in([option.format(tmp_path / "sdk/bin")]) == (tmp_path / "sdk/bin",), option


def test_tools_in_a_home_are_seen_and_what_lies_beside_them_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for folder in (".local/bin", ".local/share/tools/x/bin", "bin", "sdk/bin", ".ssh"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / ".local/share/tools/x/bin/x").write_text("")
    (tmp_path / ".local/bin/x").symlink_to("../share/tools/x/bin/x")
    path = os.pathsep.join([f"{tmp_path}/.local/bin", f"{tmp_path}/bin", f"{tmp_path}/sdk/bin", "/usr/bin", "."])
    seen = {str(place.relative_to(tmp_path)) for place in tools_of_machine(path) if place.is_relative_to(tmp_path)}
    assert seen == {".local/bin", ".local/share/tools/x", ".local/share/tools/x/bin/x", "bin", "sdk", "sdk/bin"}


@pytest.mark.parametrize(
    ("paths", "seen"),
    [
        (["sdk/bin", "sdk/arm/sysroot"], ["sdk"]),
        (
            ["sdk/bin/gcc", ".cache/toolchains/1/bin/gcc", ".cache/toolchains/1/lib/x", "sdk/lib/y"],
            [".cache/toolchains/1", "sdk"],
        ),
        ([".cache/a", ".cache/b"], [".cache/a", ".cache/b"]),
        (["a/bin", "b/sysroot"], ["a/bin", "b/sysroot"]),  # their common folder is the home
        ([], []),
    ],
)
def test_an_sdk_is_seen_as_a_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, paths: list[str], seen: list[str]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    found = common_folders([*(tmp_path / path for path in paths), Path("/usr/bin/gcc")])
    assert [str(path.relative_to(tmp_path)) for path in found] == seen


def test_a_toolchain_is_seen_with_its_sysroot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    root = tmp_path / "yocto/sysroots"
    (root / "x86_64/usr/bin/arm").mkdir(parents=True)
    toolchain: Any = SimpleNamespace(prefix=f"{root}/x86_64/usr/bin/arm/arm-", sysroot=root / "armv7", parts={})
    assert folders_of_toolchain(toolchain) == (root,)
    toolchain = SimpleNamespace(prefix="/usr/bin/arm-linux-gnueabihf-", sysroot=None, parts={"/usr/bin/gcc": ""})
    assert folders_of_toolchain(toolchain) == ()


def test_an_interpreter_of_the_users_is_seen_with_its_library(tmp_path: Path) -> None:
    (tmp_path / "python/bin").mkdir(parents=True)
    (tmp_path / "python/bin/python3").write_text("")
    assert paths_of_interpreter(tmp_path / "python/bin/python3") == (
        tmp_path / "python/bin/python3",
        tmp_path / "python",
    )
    assert paths_of_interpreter(Path("/usr/bin/python3")) == ()
