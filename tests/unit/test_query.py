"""Questions to compilers, one at a time."""

from __future__ import annotations

from pathlib import Path

import pytest
from crosspython.errors import ToolchainError
from crosspython.toolchain.query import find_kernel_headers

from tests.unit.fake_compiler import make_compiler


def test_the_kernels_headers_are_where_the_compiler_sees_them(tmp_path: Path) -> None:
    compiler = make_compiler(tmp_path, first=r"echo '-: /usr/x/stdc-predef.h \'; echo ' /sdk/include/linux/version.h'")
    assert find_kernel_headers(compiler) == Path("/sdk/include")


def test_a_toolchain_without_the_kernels_headers_is_told(tmp_path: Path) -> None:
    compiler = make_compiler(tmp_path, first="echo 'no such file: linux/version.h' >&2; exit 1")
    with pytest.raises(ToolchainError, match="no headers of the kernel"):
        find_kernel_headers(compiler)
