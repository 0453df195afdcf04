"""The pip that boards get: what its edited parts write, as far as that can be told without a pip."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from crosspython.recipes.board_pip import edit_pip

NAME = "python3.13"
SHEBANG, FIX_SCRIPT = edit_pip(NAME)
STOCK = b"#!stock\n"


class Maker:
    """As much of distlib's ScriptMaker as the edits see, in a Python whose prefix is `root`."""

    root = Path()
    base: Path | None = None

    def __init__(self, source: None, target: str) -> None:
        self.target_dir, self.executable = target, None

    def _build_shebang(self, executable: bytes, post_interp: bytes) -> bytes:
        code = (
            f"def build(self, executable, post_interp):\n{SHEBANG.replacement}\n            pass\n        return STOCK"
        )
        prefix = str(self.root)
        names = {"os": os, "STOCK": STOCK, "sys": SimpleNamespace(prefix=prefix, base_prefix=str(self.base or prefix))}
        exec(code, names)
        return names["build"](self, executable, post_interp)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "python"
    (root / "bin").mkdir(parents=True)
    (root / "bin" / NAME).symlink_to(sys.executable)
    monkeypatch.setattr(Maker, "root", root)
    return root


def fix_script(path: Path) -> None:
    """pip's treatment of a script that begins with `#!python`."""
    code = f"with open(path, 'rb') as script:\n        script.readline()\n{FIX_SCRIPT.replacement}"
    names = {"re": re, "os": os, "ScriptMaker": Maker, "path": str(path), "exename": b"python", "firstline": STOCK}
    exec(code, names)
    path.write_bytes(names["firstline"] + names["rest"])


def test_a_program_that_pip_made_starts_after_the_tree_was_moved(root: Path, tmp_path: Path) -> None:
    head = Maker(None, str(root / "bin"))._build_shebang(b"python", b" -I")
    (root / "bin/tool").write_bytes(head + b"import sys\nprint(sys.flags.isolated, sys.argv[1:])\n")
    (root / "bin/tool").chmod(0o755)
    moved = root.rename(tmp_path / "moved here")
    done = subprocess.run([moved / "bin/tool", "a b"], capture_output=True, text=True, check=True)
    assert done.stdout == "1 ['a b']\n"


def test_elsewhere_pip_writes_what_it_always_does(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Maker(None, str(tmp_path / "other/bin"))._build_shebang(b"python", b"") == STOCK
    monkeypatch.setattr(Maker, "base", tmp_path / "base")  # a venv
    assert Maker(None, str(root / "bin"))._build_shebang(b"python", b"") == STOCK


def test_a_script_that_a_wheel_brings_starts_after_the_tree_was_moved(root: Path, tmp_path: Path) -> None:
    script = root / "bin/tool"
    script.write_text('#!python\n"""What it does."""\nprint("yes")\n')
    script.chmod(0o755)
    fix_script(script)
    moved = root.rename(tmp_path / "moved here")
    assert subprocess.run([moved / "bin/tool"], capture_output=True, text=True, check=True).stdout == "yes\n"


@pytest.mark.parametrize("text", ["# coding: latin-1\n", '"""Doc."""\nfrom __future__ import annotations\n'])
def test_what_must_stand_at_the_top_stays_there(root: Path, text: str) -> None:
    script = root / "bin/tool"
    script.write_text(f"#!python\n{text}")
    fix_script(script)
    assert script.read_bytes() == STOCK + text.encode()
