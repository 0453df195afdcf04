"""What a build of Python says of itself, and that build-details.json says it of the target."""

from __future__ import annotations

import json
from pathlib import Path

from crosspython.stages.build_details import correct_build_details, read_build_time_vars

# As CPython 3.14's generator writes it while an x86-64 Python runs it for another machine.
GENERATED = {
    "schema_version": "1.0",
    "platform": "linux-arm",
    "abi": {"flags": []},
    "suffixes": {"source": [".py"], "extensions": [".cpython-314-x86_64-linux-gnu.so", ".abi3.so", ".so"]},
}


def test_the_builds_facts_are_read_without_running_them(tmp_path: Path) -> None:
    (tmp_path / "_sysconfigdata__linux_x.py").write_text("# made\nbuild_time_vars = {'SOABI': 'x',\n 'N': 4}\n")
    assert read_build_time_vars(tmp_path) == {"SOABI": "x", "N": 4}


def test_build_details_name_the_target_and_no_other_machine(tmp_path: Path) -> None:
    suffix = ".cpython-314-arm-linux-gnueabihf.so"
    (tmp_path / "_sysconfigdata__linux_x.py").write_text(f"build_time_vars = {{'EXT_SUFFIX': {suffix!r}}}\n")
    (tmp_path / "build-details.json").write_text(json.dumps(GENERATED))
    correct_build_details(tmp_path, "armv7l")
    text = (tmp_path / "build-details.json").read_text()
    details = json.loads(text)
    assert "x86_64" not in text
    assert details["platform"] == "linux-armv7l"
    assert details["abi"] == {"flags": [], "extension_suffix": suffix, "stable_abi_suffix": ".abi3.so"}
    assert details["suffixes"] == {"source": [".py"], "extensions": [suffix, ".abi3.so", ".so"]}
