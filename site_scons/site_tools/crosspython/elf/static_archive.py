"""Static libraries: the objects inside a `.a` file.

Knows the common `ar` format with the GNU and BSD ways of long names (ar(5)), enough to look at each object; a thin
archive holds names only and is refused, because it points back to the folder it was built in. Paths belong to the
build machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from crosspython.elf.file import ElfFile, read_elf_bytes
from crosspython.errors import AuditError

ARCHIVE_MAGIC = b"!<arch>\n"
THIN_ARCHIVE_MAGIC = b"!<thin>\n"

_HEADER_SIZE = 60


def read_archive_members(path: Path) -> Iterator[ElfFile]:
    """Yield the ELF facts of each object, as `libz.a(inflate.o)`. Raises AuditError when damaged or thin."""
    data = path.read_bytes()
    if data.startswith(THIN_ARCHIVE_MAGIC):
        raise AuditError(f"{path}: a thin archive, which only names files of the build machine")
    if not data.startswith(ARCHIVE_MAGIC):
        raise AuditError(f"{path}: not a static library")
    for name, body in _iterate_members(data, path):
        elf = read_elf_bytes(body, path.with_name(f"{path.name}({name})"))
        if elf is not None:
            yield elf


def _iterate_members(data: bytes, path: Path) -> Iterator[tuple[str, bytes]]:
    offset = len(ARCHIVE_MAGIC)
    long_names = b""
    while offset < len(data):
        header = data[offset : offset + _HEADER_SIZE]
        size_field = header[48:58].strip()
        if len(header) < _HEADER_SIZE or header[58:] != b"`\n" or not size_field.isdigit():
            raise AuditError(f"{path}: a damaged static library", found=f"no member header at byte {offset}")
        offset += _HEADER_SIZE
        body = data[offset : offset + int(size_field)]
        if len(body) < int(size_field):
            raise AuditError(f"{path}: a damaged static library", found=f"it ends inside the member at byte {offset}")
        offset += len(body) + len(body) % 2
        raw_name = header[:16].rstrip()
        if raw_name == b"//":
            long_names = body
        else:
            yield _spell_name(raw_name, body, long_names)


def _spell_name(raw_name: bytes, body: bytes, long_names: bytes) -> tuple[str, bytes]:
    """Return a member's name and its own bytes: GNU keeps long names in a table, BSD before the member's bytes."""
    if raw_name.startswith(b"#1/") and raw_name[3:].isdigit():
        length = int(raw_name[3:])
        return body[:length].rstrip(b"\0").decode(errors="replace"), body[length:]
    if raw_name.startswith(b"/") and raw_name[1:].isdigit():
        start = int(raw_name[1:])
        raw_name = long_names[start:].partition(b"\n")[0]
    return raw_name.removesuffix(b"/").decode(errors="replace"), body
