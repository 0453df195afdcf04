"""The rewriting of scripts' interpreters; the detour is run, by this machine's sh and Python."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from crosspython.finish.scripts import make_relocatable_script


def rewrite(data: bytes, *, to_bin: str = ".", is_executable: bool = True) -> bytes | None:
    return make_relocatable_script(
        data, prefix="/opt/python", build_folders=["/srv/my build"], to_bin=to_bin, is_executable=is_executable
    )


def run_from_a_moved_folder(tmp_path: Path, script: bytes, folder: str) -> list[str]:
    """Put the script and a Python into a folder with a blank in its name; run it through a link, with arguments."""
    root = tmp_path / "moved here"
    (root / "bin").mkdir(parents=True)
    (root / folder).mkdir(parents=True, exist_ok=True)
    (root / "bin/python3.13").symlink_to(sys.executable)
    path = root / folder / "tool"
    path.write_bytes(script)
    path.chmod(0o755)
    (tmp_path / "link").symlink_to(path)
    done = subprocess.run([tmp_path / "link", "a b", "c"], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_a_script_runs_from_wherever_it_was_moved(tmp_path: Path) -> None:
    script = rewrite(b"#!/opt/python/bin/python3.13\nimport sys\nprint(sys.argv[1:])\n")
    assert script is not None
    assert run_from_a_moved_folder(tmp_path, script, "bin") == ["['a b', 'c']"]


@pytest.mark.parametrize("way", ["bin", "link to bin", "link of the folder", "relative"])
def test_a_link_to_the_tree_is_what_the_interpreter_is_called_by(tmp_path: Path, way: str) -> None:
    """After the next deployment, it leads to another folder."""
    script = rewrite(b"#!/opt/python/bin/python3.13\nimport sys\nprint(sys.executable)\n")
    assert script is not None
    (tmp_path / ".versions/1/bin").mkdir(parents=True)
    (tmp_path / ".versions/1/bin/python3.13").symlink_to(sys.executable)
    tool = tmp_path / ".versions/1/bin/tool"
    tool.write_bytes(script)
    tool.chmod(0o755)
    (tmp_path / "python").symlink_to(".versions/1")
    (tmp_path / "usr/bin").mkdir(parents=True)
    (tmp_path / "usr/bin/tool").symlink_to(f"{tmp_path}/python/bin/tool")
    (tmp_path / "usr/bin/other").symlink_to("../../python/bin/tool")
    (tmp_path / "bin").symlink_to("usr/bin")
    (tmp_path / "python/bin/alias").symlink_to("tool")
    started = {
        "bin": "python/bin/alias",
        "link to bin": f"{tmp_path}/usr/bin/tool",
        "link of the folder": f"{tmp_path}/bin/other",
        "relative": "./python/bin/tool",
    }[way]
    done = subprocess.run([started], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == f"{tmp_path}/python/bin/python3.13\n"


def test_a_script_outside_of_bin_finds_the_way_there(tmp_path: Path) -> None:
    script = rewrite(b"#!/opt/python/bin/python3.13\nprint('here')\n", to_bin="../../bin")
    assert script is not None
    assert run_from_a_moved_folder(tmp_path, script, "lib/tools") == ["here"]


def test_arguments_of_the_interpreter_are_kept(tmp_path: Path) -> None:
    script = rewrite(b"#!/opt/python/bin/python3.13 -I\nimport sys\nprint(sys.flags.isolated)\n")
    assert script is not None
    assert run_from_a_moved_folder(tmp_path, script, "bin") == ["1"]


def test_a_stated_encoding_still_counts(tmp_path: Path) -> None:
    script = rewrite(b"#!/opt/python/bin/python3.13\n# -*- coding: latin-1 -*-\nprint(ascii('\xe9'))\n")
    assert script is not None
    assert run_from_a_moved_folder(tmp_path, script, "bin") == ["'\\xe9'"]


def test_a_future_import_may_still_come_first(tmp_path: Path) -> None:
    script = rewrite(b"#!/opt/python/bin/python3.13\nfrom __future__ import annotations\nprint('yes')\n")
    assert script is not None
    assert run_from_a_moved_folder(tmp_path, script, "bin") == ["yes"]


@pytest.mark.parametrize("future", ["", "from __future__ import annotations\n"])
@pytest.mark.parametrize("quotes", ['"""', "'", 'r"'])
@pytest.mark.parametrize("before", ["", "# a licence\n\n"])
def test_a_docstring_is_what_the_script_knows_of_itself(tmp_path: Path, future: str, quotes: str, before: str) -> None:
    """docopt and argparse show it; and a future import may stand behind a docstring, but behind no second one."""
    text = f"{before}{quotes}Usage: tool{quotes[-3:].lstrip('r')}\n{future}print(__doc__.splitlines()[-1])\n"
    script = rewrite(b"#!/opt/python/bin/python3.13\n" + text.encode())
    assert script is not None
    assert run_from_a_moved_folder(tmp_path, script, "bin")[-1].endswith("Usage: tool")


@pytest.mark.parametrize("interpreter", [b'"/srv/my build/bin/python3.13"', b"/opt/python/bin/python3.13"])
def test_distlibs_detour_is_replaced(tmp_path: Path, interpreter: bytes) -> None:
    script = rewrite(b"#!/bin/sh\n'''exec' " + interpreter + b' "$0" "$@"\n' + b"' '''\nprint('yes')\n")
    assert script is not None and b"my build" not in script
    assert run_from_a_moved_folder(tmp_path, script, "bin") == ["yes"]


def test_a_module_with_a_main_part_does_not_get_a_detour() -> None:
    script = rewrite(b"#!/opt/python/bin/python3.13\nx = 1\n", is_executable=False)
    assert script == b"#!/usr/bin/env python3.13\nx = 1\n"


def test_an_unversioned_name_becomes_the_one_that_the_bundle_has() -> None:
    assert b'/python3" ' in (rewrite(b"#!/opt/python/bin/python\n") or b"")


def test_another_interpreter_of_the_build_is_left_to_env() -> None:
    script = make_relocatable_script(
        b"#!/srv/build/bin/perl -w\n", prefix="/usr", build_folders=["/srv/build"], to_bin=".", is_executable=True
    )
    assert script == b"#!/usr/bin/env perl\n"


@pytest.mark.parametrize(
    "data",
    [
        b"#!/usr/bin/env python3\n",
        b"#!/bin/sh\necho\n",
        b"#!/opt/python3/bin/python\n",
        b"#!/opt/python/bin/tclsh\n",
        b"import os\n",
        b"",
    ],
)
def test_what_names_no_interpreter_of_ours_stays(data: bytes) -> None:
    assert rewrite(data) is None


def test_it_stays_as_it_is_once_it_is_done() -> None:
    script = rewrite(b"#!/opt/python/bin/python3.13\n")
    assert script is not None and rewrite(script) is None
