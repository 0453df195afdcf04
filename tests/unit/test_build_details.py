"""The facts that a build of Python states about itself. build-details.json states those of the target."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from crosspython.finish.python_tree import correct_build_details, read_build_time_vars

SUFFIX = ".cpython-314-arm-linux-gnueabihf.so"
# As CPython 3.14's generator writes it while an x86-64 Python runs it for another machine.
GENERATED = {
    "schema_version": "1.0",
    "base_prefix": "/opt/python",
    "base_interpreter": "/opt/python/bin/python3.14",
    "platform": "linux-arm",
    "abi": {"flags": []},
    "suffixes": {"source": [".py"], "extensions": [".cpython-314-x86_64-linux-gnu.so", ".abi3.so", ".so"]},
}


def test_the_builds_facts_are_read_without_running_them(tmp_path: Path) -> None:
    (tmp_path / "_sysconfigdata__linux_x.py").write_text("# made\nbuild_time_vars = {'SOABI': 'x',\n 'N': 4}\n")
    assert read_build_time_vars(tmp_path) == {"SOABI": "x", "N": 4}


def correct(library: Path, generated: Mapping[str, Any], libpython: str = "", suffix: str = SUFFIX) -> str:
    variables = {"EXT_SUFFIX": suffix, "LIBPYTHON": libpython}
    (library / "_sysconfigdata__linux_x.py").write_text(f"build_time_vars = {variables}\n")
    (library / "build-details.json").write_text(json.dumps(generated))
    correct_build_details(library, "armv7l")
    return (library / "build-details.json").read_text()


def test_a_static_build_says_that_extensions_are_not_linked_with_libpython(tmp_path: Path) -> None:
    assert json.loads(correct(tmp_path, GENERATED))["libpython"] == {"link_extensions": False}


def test_what_a_shared_build_says_of_its_libpython_stays(tmp_path: Path) -> None:
    shared = {"dynamic": "/opt/python/lib/libpython3.14.so.1.0", "link_extensions": True}
    text = correct(tmp_path, {**GENERATED, "libpython": shared}, "-lpython3.14")
    assert json.loads(text)["libpython"] == {"dynamic": "./lib/libpython3.14.so.1.0", "link_extensions": True}


def test_build_details_are_right_wherever_the_tree_lies(tmp_path: Path) -> None:
    paths = {"headers": "/opt/python/include/python3.14", "pkgconfig_path": "/elsewhere/pkgconfig"}
    details = json.loads(correct(tmp_path, {**GENERATED, "c_api": paths}))
    assert (details["base_prefix"], details["base_interpreter"]) == ("../..", "./bin/python3.14")
    assert details["c_api"] == {"headers": "./include/python3.14", "pkgconfig_path": "/elsewhere/pkgconfig"}


def test_build_details_name_the_target_and_no_other_machine(tmp_path: Path) -> None:
    text = correct(tmp_path, GENERATED)
    details = json.loads(text)
    assert "x86_64" not in text
    assert details["platform"] == "linux-armv7l"
    assert details["abi"] == {"flags": [], "extension_suffix": SUFFIX, "stable_abi_suffix": ".abi3.so"}
    assert details["suffixes"] == {"source": [".py"], "extensions": [SUFFIX, ".abi3.so", ".so"]}


def test_build_details_have_the_targets_suffixes_in_the_order_of_its_series(tmp_path: Path) -> None:
    build, board = "x86_64-linux-gnu", "arm-linux-gnueabihf"
    known = ".cpython-315-{0}.so .abi3-{0}.so .abi3.so .abi3t-{0}.so .abi3t.so .so"
    generated = {**GENERATED, "suffixes": {"extensions": known.format(build).split()}}
    details = json.loads(correct(tmp_path, generated))
    assert details["suffixes"]["extensions"][1:] == known.format(board).split()[1:]
    assert details["abi"]["stable_abi_suffix"] == ".abi3.so"


def test_a_python_that_names_no_platform_has_suffixes_without_one(tmp_path: Path) -> None:
    known = ".cpython-315-x86_64-linux-gnu.so .abi3-x86_64-linux-gnu.so .abi3.so .so"
    generated = {**GENERATED, "suffixes": {"extensions": known.split()}}
    details = json.loads(correct(tmp_path, generated, suffix=".cpython-315.so"))
    assert details["suffixes"]["extensions"] == [".cpython-315.so", ".abi3.so", ".so"]
    assert details["abi"]["extension_suffix"] == ".cpython-315.so"


def test_a_python_without_the_gil_and_without_a_stable_abi_says_so(tmp_path: Path) -> None:
    generated = {**GENERATED, "suffixes": {"extensions": [".cpython-314t-x86_64-linux-gnu.so", ".so"]}}
    details = json.loads(correct(tmp_path, generated))
    assert "stable_abi_suffix" not in details["abi"]
    assert details["suffixes"]["extensions"][-1] == ".so" and len(details["suffixes"]["extensions"]) == 2
