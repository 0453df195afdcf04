"""Symbols of an ELF file: those that it defines, those that it needs, and the sizes of an object's variables.

Reads, never writes. Paths belong to the build machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerDefSection, GNUVerSymSection

from crosspython.errors import AuditError

_HIDDEN = 0x8000  # VERSYM_HIDDEN of glibc's elf.h


@dataclass(frozen=True)
class VersionedSymbol:
    """A symbol that a library defines, with its version.

    is_hidden: only old programs use it; linkers do not (see exported_functions)
    size:      of a variable, in bytes; place: its address, equal for two names of one variable
    """

    name: str
    version: str
    is_hidden: bool = False
    is_variable: bool = False
    is_weak: bool = False
    size: int = 0
    place: int = 0


def versioned_symbols(library: Path) -> tuple[VersionedSymbol, ...]:
    """All symbols with a version that a shared library defines. Raises AuditError if the file is no such library."""
    with library.open("rb") as stream:
        elf: Any = ELFFile(stream)
        table, versions = elf.get_section_by_name(".dynsym"), _versions(elf)
        definitions = next((part for part in elf.iter_sections() if isinstance(part, GNUVerDefSection)), None)
        if table is None or versions is None or definitions is None:
            raise AuditError(
                f"{library}: not a shared library with versions of symbols", expected="a .gnu.version_d section"
            )
        names = {node["vd_ndx"]: next(aux).name for node, aux in definitions.iter_versions()}
        return tuple(
            VersionedSymbol(
                str(symbol.name),
                names[number & ~_HIDDEN],
                is_hidden=bool(number & _HIDDEN),
                is_variable=symbol.entry.st_info.type == "STT_OBJECT",
                is_weak=symbol.entry.st_info.bind == "STB_WEAK",
                size=int(symbol.entry.st_size),
                place=int(symbol.entry.st_value),
            )
            for index, symbol in enumerate(table.iter_symbols())
            if _is_defined(symbol)
            and isinstance(number := versions.get_symbol(index)["ndx"], int)
            and symbol.name != names.get(number & ~_HIDDEN)  # each version is also defined as a symbol of that name
        )


def exported_functions(library: Path) -> frozenset[str]:
    """The functions that a linker finds in a shared library.

    A symbol that exists only for old programs has a hidden version, `name@VERSION`. Linkers use `name@@VERSION`, or a
    symbol without a version (binutils' ld manual, VERSION).
    """
    with library.open("rb") as stream:
        elf: Any = ELFFile(stream)
        table = elf.get_section_by_name(".dynsym")
        if table is None:
            raise AuditError(f"{library}: not a shared library", expected="a .dynsym section", found="none")
        versions = _versions(elf)
        return frozenset(
            str(symbol.name)
            for index, symbol in enumerate(table.iter_symbols())
            if _is_function(symbol) and not (versions is not None and _is_hidden(versions.get_symbol(index)))
        )


def exported_names(file: Path) -> frozenset[str]:
    """The functions and variables of a program or library that others find at run time, of whatever version."""
    with file.open("rb") as stream:
        table: Any = ELFFile(stream).get_section_by_name(".dynsym")
        symbols = table.iter_symbols() if table is not None else ()
        return frozenset(str(symbol.name) for symbol in symbols if _is_defined(symbol) and _is_visible(symbol))


def unbound_names(file: Path) -> frozenset[str]:
    """The names that a program or library needs from any loaded library: undefined names without a version.

    A weak name may stay undefined and does not count.
    """
    with file.open("rb") as stream:
        elf: Any = ELFFile(stream)
        table = elf.get_section_by_name(".dynsym")
        versions = _versions(elf)
        return frozenset(
            str(symbol.name)
            for index, symbol in enumerate(table.iter_symbols() if table is not None else ())
            if not _is_defined(symbol)
            and symbol.name
            and symbol.entry.st_info.bind == "STB_GLOBAL"
            and not (versions is not None and isinstance(versions.get_symbol(index)["ndx"], int))
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


def _versions(elf: Any) -> Any:
    """The section with the number of each dynamic symbol's version; None where symbols have none."""
    return next((part for part in elf.iter_sections() if isinstance(part, GNUVerSymSection)), None)


def _is_function(symbol: Any) -> bool:
    return (
        _is_defined(symbol)
        and symbol.entry.st_info.type in ("STT_FUNC", "STT_GNU_IFUNC", "STT_LOOS")
        and symbol.entry.st_info.bind in ("STB_GLOBAL", "STB_WEAK")
        and symbol.entry.st_other.visibility == "STV_DEFAULT"
    )


def _is_defined(symbol: Any) -> bool:
    return bool(symbol.entry.st_shndx != "SHN_UNDEF")


def _is_visible(symbol: Any) -> bool:
    """Whether other files can use a symbol. STB_LOOS is GNU's STB_GNU_UNIQUE, for variables in C++ templates."""
    return symbol.entry.st_info.bind in ("STB_GLOBAL", "STB_WEAK", "STB_LOOS") and symbol.entry.st_other.visibility in (
        "STV_DEFAULT",
        "STV_PROTECTED",
    )


def _is_hidden(version: Any) -> bool:
    """Whether a version is hidden. pyelftools gives special numbers as names; in all others, the top bit of `ndx` means
    hidden."""
    return isinstance(version.entry.ndx, int) and bool(version.entry.ndx & _HIDDEN)
