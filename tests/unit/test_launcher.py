"""Launchers: what of the user's environment they get, and that one that is missing is told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from crosspython.errors import HostToolError
from crosspython.toolchain.launcher import LAUNCHERS, launcher_environment, reason_for_network, start_server


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


def ccache(folder: Path, told: str, status: int = 0) -> dict[str, str]:
    """The variables for a ccache with these settings."""
    program = folder / "ccache"
    program.write_text(f"#!/bin/sh\n[ \"$*\" = -p ] || exit 9\ncat <<'EOF'\n{told}\nEOF\nexit {status}\n")
    program.chmod(0o755)
    return {"CROSSPYTHON_LAUNCHER": str(program), "PATH": os.environ["PATH"]}


@pytest.mark.parametrize(
    "told",
    [
        "(default) prefix_command = \n(default) remote_storage = ",
        "(environment) remote_storage = file:/mnt/shared redis+unix:/run/redis.sock|read-only",
        "(/home/me/.ccache/ccache.conf) secondary_storage = file:/mnt/http://",
        "max_size = 5.0 GB",
    ],
)
def test_ccache_with_storages_of_this_machine_needs_no_network(tmp_path: Path, told: str) -> None:
    assert reason_for_network(ccache(tmp_path, told)) == ""


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        (
            "(environment) remote_storage = file:/mnt http://user:secret@cache/|read-only",
            "its remote_storage is on another",
        ),
        ("(/etc/ccache.conf) secondary_storage = redis://cache", "its secondary_storage is on another machine"),
        ("(environment) prefix_command = distcc", "its prefix_command is distcc"),
    ],
)
def test_ccache_that_reaches_other_machines_says_by_which_setting(tmp_path: Path, told: str, reason: str) -> None:
    found = reason_for_network(ccache(tmp_path, told))
    assert found.startswith(reason)
    assert "secret" not in found


def test_ccache_that_does_not_tell_its_settings_may_need_the_network(tmp_path: Path) -> None:
    assert reason_for_network(ccache(tmp_path, "", 1)) == "its settings cannot be read"


@pytest.mark.parametrize("name", ["sccache", "distcc", "icecc"])
def test_what_speaks_with_servers_needs_the_network(name: str) -> None:
    assert reason_for_network({"CROSSPYTHON_LAUNCHER": f"/usr/bin/{name}"})


def test_without_a_launcher_nothing_needs_the_network() -> None:
    assert reason_for_network({}) == ""


@pytest.mark.parametrize(("name", "is_started"), [("sccache", True), ("ccache", False)])
def test_a_server_is_started_where_it_outlives_a_build(tmp_path: Path, name: str, is_started: bool) -> None:
    program = tmp_path / name
    program.write_text('#!/bin/sh\necho "$@" >"$PLACE"\nexit 2\n')
    program.chmod(0o755)
    start_server({"CROSSPYTHON_LAUNCHER": str(program), "PLACE": str(tmp_path / "called")})
    assert (tmp_path / "called").exists() is is_started
    if is_started:
        assert (tmp_path / "called").read_text() == "--start-server\n"


def test_without_a_launcher_there_is_no_server() -> None:
    start_server({})
