"""Static libraries: the objects inside a `.a` file.

A thin archive holds names only and is refused, because it points back to the folder it was built in. Paths belong to
the build machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from crosspython.elf.file import ElfFile, read_elf_bytes
from crosspython.errors import DamagedFileError
from crosspython.store.ar import ARCHIVE_MAGIC, read_ar

THIN_ARCHIVE_MAGIC = b"!<thin>\n"


def read_archive_members(path: Path) -> Iterator[ElfFile]:
    """Yield the ELF facts of each object, as `libz.a(inflate.o)`. Raises DamagedFileError when damaged or thin."""
    with path.open("rb") as file:
        magic = file.read(len(THIN_ARCHIVE_MAGIC))
        if magic == THIN_ARCHIVE_MAGIC:
            raise DamagedFileError(path, "a thin archive, which only names files of the build machine")
        if magic != ARCHIVE_MAGIC:
            raise DamagedFileError(path, "not a static library")
        try:
            for member in read_ar(file):
                file.seek(member.start)
                elf = read_elf_bytes(file.read(member.size), path.with_name(f"{path.name}({member.name})"))
                if elf is not None:
                    yield elf
        except ValueError as error:
            raise DamagedFileError(path, "a damaged static library", found=str(error)) from error
