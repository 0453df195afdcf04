"""Wheels that are edited while they are installed."""

from __future__ import annotations

import base64
import csv
import hashlib
from pathlib import Path
from zipfile import ZipFile

from crosspython.stages.edited_wheels import EditedDestination, PartOfWheel
from installer import install

from tests.unit.made_packages import add_wheel


def test_record_is_of_what_was_installed(tmp_path: Path) -> None:
    files = {"tool/a.py": "x = 1\n", "tool/b.py": "y = 1\n", "tool/c.txt": "x = 1\n", "tool/w/d.exe": "x = 1\n"}
    wheel = add_wheel(tmp_path, "tool", files=files)
    place = tmp_path / "packages"
    schemes = {name: str(place) for name in ("purelib", "platlib", "scripts", "data", "headers")}
    destination = EditedDestination(
        schemes,
        interpreter="python3",
        script_kind="posix",
        edit=lambda name, text: text.replace("1", "2") if name == "tool/a.py" else text,
    )
    with ZipFile(wheel) as archive:
        install(PartOfWheel(archive, ("tool/*.exe",)), destination, {})
    assert not (place / "tool/w").exists() and "d.exe" not in (place / "tool-1.0.dist-info/RECORD").read_text()
    assert [(place / f"tool/{name}").read_text() for name in ("a.py", "b.py", "c.txt")] == [
        "x = 2\n",
        "y = 1\n",
        "x = 1\n",
    ]
    for name, digest, _ in csv.reader((place / "tool-1.0.dist-info/RECORD").open()):
        if digest:
            content = hashlib.sha256((place / name).read_bytes()).digest()
            assert digest == f"sha256={base64.urlsafe_b64encode(content).decode().rstrip('=')}", name
