"""Launchers: what of the user's environment they get, and that one that is missing is told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from crosspython.errors import HostToolError
from crosspython.toolchain.launcher import LAUNCHERS, launcher_environment


@pytest.fixture
def path(tmp_path: Path) -> str:
    (tmp_path / "bin").mkdir()
    for name in LAUNCHERS:
        (tmp_path / "bin" / name).write_text("#!/bin/sh\n")
        (tmp_path / "bin" / name).chmod(0o755)
    return str(tmp_path / "bin")


def test_it_gets_its_own_variables_and_no_others(tmp_path: Path, path: str) -> None:
    user = {"CCACHE_DIR": str(tmp_path / "mine"), "CCACHE_MAXSIZE": "1G", "DISTCC_HOSTS": "x", "CFLAGS": "-O0"}
    assert launcher_environment("ccache", user, home=tmp_path, path=path) == {
        "CCACHE_DIR": str(tmp_path / "mine"),
        "CCACHE_MAXSIZE": "1G",
        "CROSSPYTHON_LAUNCHER": f"{path}/ccache",
    }


@pytest.mark.parametrize("name", LAUNCHERS)
def test_its_own_folder_is_the_users_and_is_there(tmp_path: Path, path: str, name: str) -> None:
    environment = launcher_environment(name, {}, home=tmp_path, path=path)
    assert all(os.path.isdir(value) for key, value in environment.items() if key.endswith("_DIR"))
    assert environment["CROSSPYTHON_LAUNCHER"] == f"{path}/{name}"


def test_a_missing_one_is_told(tmp_path: Path) -> None:
    with pytest.raises(HostToolError, match="no program ccache"):
        launcher_environment("ccache", {}, home=tmp_path, path="/nonexistent")
