"""The kind of a machine: what has to be equal on two machines that build the same bytes.

Toolchains are not part of it, because they differ from target to target: each order names its own.
"""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from crosspython.hosttools import read_os_release

_PACKAGE = Path(__file__).resolve().parents[1]


@cache
def describe_kind() -> dict[str, str]:
    """The facts about this machine, by their names."""
    release = read_os_release()
    return {
        "code of crosspython": _hash_code(),
        "CPU": os.uname().machine,
        "libc": " ".join(platform.libc_ver()),
        "distribution": f"{release.get('ID', '')} {release.get('VERSION_ID', '')}".strip(),
    }


def differences(here: Mapping[str, str], there: Mapping[str, str]) -> list[str]:
    """The facts in which another machine differs, in a user's words."""
    return [f"its {name} is {there.get(name) or 'not known'}, not {fact}" for name, fact in here.items()
            if there.get(name) != fact]  # fmt: skip


def _hash_code() -> str:
    """The hash of all that is installed of crosspython, with its recipes."""
    digest = hashlib.sha256()
    for root in (_PACKAGE, (_PACKAGE / "components").resolve()):
        for file in sorted(root.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(f"\n{file.relative_to(root)}\n".encode() + file.read_bytes())
    return digest.hexdigest()[:16]
