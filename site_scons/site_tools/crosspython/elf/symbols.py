"""Names in an ELF file: what a library offers to whoever links with it, and how large an object's variables are.

Reads, never writes. Paths belong to the build machine.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerSymSection

from crosspython.errors import AuditError


def exported_functions(library: Path) -> frozenset[str]:
    """The functions that a linker finds in a shared library.

    A symbol that is there for programs of old alone has a hidden version, `name@VERSION`; linkers take `name@@VERSION`
    or a symbol without any (binutils' ld manual, VERSION).
    """
    with library.open("rb") as stream:
        elf: Any = ELFFile(stream)
        table = elf.get_section_by_name(".dynsym")
        if table is None:
            raise AuditError(f"{library}: no shared library", expected="a .dynsym section", found="none")
        versions = next((part for part in elf.iter_sections() if isinstance(part, GNUVerSymSection)), None)
        return frozenset(
            str(symbol.name)
            for index, symbol in enumerate(table.iter_symbols())
            if _is_function(symbol) and not (versions is not None and _is_hidden(versions.get_symbol(index)))
        )


def sizes_of_variables(object_file: Path) -> dict[str, int]:
    """Bytes of each named variable in an object file."""
    with object_file.open("rb") as stream:
        elf: Any = ELFFile(stream)
        table = elf.get_section_by_name(".symtab")
        symbols = table.iter_symbols() if table is not None else ()
        return {
            str(symbol.name): int(symbol.entry.st_size)
            for symbol in symbols
            if symbol.entry.st_info.type == "STT_OBJECT" and symbol.name
        }


def _is_function(symbol: Any) -> bool:
    return (
        symbol.entry.st_shndx != "SHN_UNDEF"
        and symbol.entry.st_info.type in ("STT_FUNC", "STT_GNU_IFUNC", "STT_LOOS")
        and symbol.entry.st_info.bind in ("STB_GLOBAL", "STB_WEAK")
        and symbol.entry.st_other.visibility == "STV_DEFAULT"
    )


def _is_hidden(version: Any) -> bool:
    """pyelftools gives the number's names, and hides its top bit in `ndx` as it stands (VERSYM_HIDDEN, glibc's elf.h)."""
    return isinstance(version.entry.ndx, int) and bool(version.entry.ndx & 0x8000)
