"""The output of real linkers: flags that mean something, and flags that do not."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from crosspython.elf.file import read_elf

pytestmark = pytest.mark.slow

THREAD_LOCAL = "static __thread int seen; int main(void) { return seen++; }\n"
ABSOLUTE = "int answer; int *where(void) { return &answer; }\n"


def link(folder: Path, text: str, compiler: str, *arguments: str) -> tuple[str, bool]:
    """Return the linker's own flags, and what we make of them."""
    product = folder / "product"
    subprocess.run([compiler, "-x", "c", "-", *arguments, "-o", product], input=text, text=True, check=True)
    readelf = compiler.replace("-gcc", "-readelf")
    flags = subprocess.run([readelf, "-dW", product], capture_output=True, text=True, check=True).stdout
    elf = read_elf(product)
    assert elf is not None
    return flags, elf.has_text_relocations


def test_riscvs_flag_for_thread_local_variables_is_no_text_relocation(tmp_path: Path) -> None:
    flags, found = link(tmp_path, THREAD_LOCAL, "riscv64-linux-gnu-gcc")
    assert "TEXTREL" in flags
    assert not found


def test_an_absolute_address_in_the_code_is_one(tmp_path: Path) -> None:
    old = ("-march=armv6", "-marm", "-mfpu=vfp", "-fno-pic")  # without movw, whose relocations no library may have
    flags, found = link(tmp_path, ABSOLUTE, "arm-linux-gnueabihf-gcc", *old, "-shared", "-Wl,-z,notext")
    assert "TEXTREL" in flags
    assert found
