"""The toolchain of a build: found, looked at, and made to link for an older glibc where the board has one.

Knows the order of these steps alone. Paths belong to the build machine.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from crosspython.targets import Target
from crosspython.toolchain.facts import Toolchain
from crosspython.toolchain.find import find_compiler
from crosspython.toolchain.older_glibc.make import make_older
from crosspython.toolchain.probe import probe_toolchain
from crosspython.toolchain.sdk import Remark


def load_toolchain(
    target: Target, toolchain: str | None, *, path: str, unpack_into: Path, remark: Remark = print
) -> Toolchain:
    """Find a compiler and look at it. Raises as find_compiler, probe_toolchain and make_older do.

    A compiler whose libc is the target's, an older one or another kind is taken as it is.
    """
    cc = find_compiler(target, toolchain, path=path, unpack_into=unpack_into, remark=remark)
    if target.libc is None:
        return probe_toolchain(cc, target)
    compiler = probe_toolchain(cc, replace(target, libc_baseline=None))
    if compiler.libc.name != target.libc.name or target.libc.loads(compiler.libc):
        return probe_toolchain(cc, target)
    return make_older((unpack_into / str(target.libc).replace(" ", "-")).absolute(), compiler, target, target.libc)
