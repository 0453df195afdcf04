"""ctypes.util.find_library on a board without ldconfig and compiler:
the code that components/cpython/edits.toml adds."""

from __future__ import annotations

import ctypes
import os
import re
import textwrap
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from crosspython.recipes.release import read_release
from crosspython.recipes.series import series_names

from tests.conftest import REPOSITORY

FOLDER = REPOSITORY / "components/cpython"
# A program of this machine, and the head of one for another (e_machine is 16 bits at 18).
OWN = Path("/proc/self/exe").read_bytes()[:64]
OTHER = OWN[:18] + b"\xff\x7f" + OWN[20:]
Find = Callable[[str], str | None]


@pytest.fixture
def find(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Find:
    """The function of a Python in `prefix`; LD_LIBRARY_PATH names the folder `loader`."""
    monkeypatch.setenv("LD_LIBRARY_PATH", f"{tmp_path}/loader")
    for name in ("prefix/lib", "loader"):
        (tmp_path / name).mkdir(parents=True)
    [edit] = [each for each in read_release(FOLDER, "3.13").edits if each.file == "Lib/ctypes/util.py"]
    code = textwrap.dedent(edit.replacement[edit.replacement.index("        def _find_in_folders") :])
    names = {"os": os, "re": re, "sys": SimpleNamespace(base_prefix=f"{tmp_path}/prefix")}
    exec(code, names)
    return names["_find_in_folders"]


def test_every_series_has_it() -> None:
    for series in series_names(FOLDER):
        assert [each.file for each in read_release(FOLDER, series).edits].count("Lib/ctypes/util.py") == 1


def test_a_library_of_the_prefix_is_named_by_its_path(find: Find, tmp_path: Path) -> None:
    (tmp_path / "prefix/lib/libours.so.3").write_bytes(OWN)
    assert find("ours") == f"{tmp_path}/prefix/lib/libours.so.3"


def test_one_in_a_folder_of_the_loaders_is_named_as_the_loader_finds_it(find: Find, tmp_path: Path) -> None:
    (tmp_path / "loader/libusb-1.0.so.0").write_bytes(OWN)
    assert find("usb-1.0") == "libusb-1.0.so.0"
    assert find("usb") is None


def test_the_name_that_programs_are_linked_to_is_chosen(find: Find, tmp_path: Path) -> None:
    for name in ("libx.so", "libx.so.1", "libx.so.9.2", "libx.so.10", "libx.so.10.4.1"):
        (tmp_path / "loader" / name).write_bytes(OWN)
    assert find("x") == "libx.so.10"


def test_another_machines_and_what_is_no_library_are_passed_over(find: Find, tmp_path: Path) -> None:
    (tmp_path / "loader/libx.so.2").write_bytes(OTHER)
    (tmp_path / "loader/libx.so.1").write_text("INPUT(libx.so.2)\n")
    assert find("x") is None
    (tmp_path / "loader/libx.so").write_bytes(OWN)
    assert find("x") == "libx.so"


def test_the_c_library_is_found_where_it_was_loaded_from(find: Find) -> None:
    found = find("c")
    assert found is not None
    assert ctypes.CDLL(found).getpid() == os.getpid()
