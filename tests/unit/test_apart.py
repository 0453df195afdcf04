"""A function called in a process of its own: what it returns and what it raises are as if it had been called here."""

from __future__ import annotations

import os
import posixpath
from pathlib import Path

import pytest
from crosspython.errors import ArchiveError
from crosspython.run.apart import apart
from crosspython.store.archive import unpack_archive


def test_it_runs_elsewhere_and_what_it_returns_comes_back() -> None:
    assert apart(os.getpid) != os.getpid()
    assert apart(posixpath.join, "a", "b") == "a/b"


def test_its_error_is_the_functions_own(tmp_path: Path) -> None:
    archive = tmp_path / "x.tar.gz"
    archive.write_bytes(b"no archive")
    with pytest.raises(ArchiveError, match=r"x\.tar\.gz"):
        apart(unpack_archive, archive, tmp_path / "out")


def test_what_cannot_come_back_is_done_here() -> None:
    assert list(apart(os.scandir, "/dev/fd")) != []
