"""A vendor's toolchain that does not exist: for tests that only use its facts."""

from __future__ import annotations

from crosspython.targets.libc import Libc
from crosspython.toolchain.facts import Toolchain

VENDORS = Toolchain(
    prefix="/sdk/bin/arm-vendor-linux-gnueabihf-",
    triplet="arm-vendor-linux-gnueabihf",
    compiler="gcc 12.2.0",
    libc=Libc("glibc", "2.36"),
    kernel_headers=None,
    sysroot=None,
    libc_folder="/usr/arm/lib",
    fortran=False,
    identity="",
    time_bits=64,
    time_flags=("-D_TIME_BITS=64", "-D_FILE_OFFSET_BITS=64"),
    time_limit="",
)
