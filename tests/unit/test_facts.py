"""Facts of a toolchain: whether it has the compilers that a component needs, and the error if it does not."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
from crosspython import hosttools
from crosspython.errors import ToolchainError
from crosspython.hosttools import MANAGERS

from tests.unit.made_wheel import TOOLCHAIN


def test_a_missing_fortran_compiler_is_named_with_what_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosttools, "find_manager", lambda: MANAGERS[0])
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(ToolchainError) as caught:
        TOOLCHAIN.require_fortran("lapack 3.12.1")
    assert caught.value.what.startswith("lapack 3.12.1: it is written in Fortran")
    assert caught.value.expected == "/nowhere/bin/arm-linux-gnueabihf-gfortran"
    assert caught.value.next == "sudo apt-get install -y gfortran-arm-linux-gnueabihf"


def test_a_distribution_without_one_is_told_of_sdks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosttools, "find_manager", lambda: MANAGERS[1])
    with pytest.raises(ToolchainError, match="toolchain="):
        TOOLCHAIN.require_fortran("lapack 3.12.1")


def test_a_fortran_compiler_that_is_there_raises_nothing() -> None:
    replace(TOOLCHAIN, fortran=True).require_fortran("lapack 3.12.1")


def test_a_profile_is_only_asked_of_gcc() -> None:
    TOOLCHAIN.require_profiles("cpython 3.13.5")
    with pytest.raises(ToolchainError, match=r"cpython 3.13.5: optimize=pgo needs GCC") as caught:
        replace(TOOLCHAIN, compiler="clang 14.0.6").require_profiles("cpython 3.13.5")
    assert caught.value.found == "clang 14.0.6"
