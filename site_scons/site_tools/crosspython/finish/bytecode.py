"""Compiled Python modules beside sources whose times have changed.

Knows the head of a .pyc file since Python 3.7 (PEP 552) and of the older ones, as far as the time of the source is
noted there. Python ignores a .pyc if the time in it is not the time of the source. A board often cannot write a new
one, so each start would compile everything again. CPython's own .pyc files contain a hash and no time; those of
packages may contain a time. This module never runs or unmarshals bytecode. Paths belong to the build machine.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path

# The script that build-python runs to make .pyc files.
COMPILE_MODULES = Path(__file__).with_name("compile_modules.py")

_MAGIC_SIZE = 4
_CRLF = b"\r\n"
_FIRST_PEP_552_MAGIC = 3392  # CPython 3.7.0a4, Lib/importlib/_bootstrap_external.py


def stamp_bytecode(bytecode: Path, epoch: int) -> bool:
    """Write `epoch` (seconds) as the source's time, if the file contains such a time. Return whether it changed."""
    data = bytecode.read_bytes()
    if len(data) < _MAGIC_SIZE + 12 or data[2:4] != _CRLF:
        return False
    offset = _MAGIC_SIZE
    (magic,) = struct.unpack_from("<H", data)
    if magic >= _FIRST_PEP_552_MAGIC:
        (flags,) = struct.unpack_from("<I", data, offset)
        if flags != 0:  # valid by the source's hash, or unchecked: it has no time
            return False
        offset += 4
    stamp = struct.pack("<I", epoch & 0xFFFFFFFF)
    if data[offset : offset + 4] == stamp:
        return False
    bytecode.write_bytes(data[:offset] + stamp + data[offset + 4 :])
    return True


def is_cached(name: str) -> bool:
    """Whether a path is that of a .pyc file in a __pycache__ folder."""
    return "/__pycache__/" in name and name.endswith(".pyc")


def has_bytecode(source: Path) -> bool:
    """Whether a source's .pyc is where Python looks for it."""
    return any((source.parent / "__pycache__").glob(f"{source.stem}.*.pyc"))


def source_of_bytecode(name: str) -> str:
    """The path of such a file's source (PEP 3147)."""
    folder, _, module = name.rpartition("/__pycache__/")
    return f"{folder}/{module.partition('.')[0]}.py"


def remove_orphaned_bytecode(library: Path) -> None:
    """Remove the .pyc files of a standard library whose sources do not exist."""
    for bytecode in library.rglob("__pycache__/*.pyc"):
        if not Path(source_of_bytecode(str(bytecode))).exists():
            bytecode.unlink()


def remove_stale_bytecode(changed_sources: Iterable[Path]) -> int:
    """Remove the .pyc files of sources whose text was changed: they contain constants of the old text."""
    count = 0
    for source in changed_sources:
        for bytecode in sorted((source.parent / "__pycache__").glob(f"{source.stem}.*.pyc")):
            bytecode.unlink()
            count += 1
    return count
