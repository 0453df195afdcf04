"""Binds a shared library to older versions of the symbols that it uses, if it also works with these.

A library that was linked with a newer libc needs the newest version of each symbol. On a board that lacks one of these
versions the loader refuses the library. This module knows the version tables: a number for each symbol, and the meaning
of each number (Linux Standard Base, "Symbol Versioning"). The caller has to know which older versions are sufficient.
Only little-endian files are handled, because all of our machines are little-endian.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elftools.elf.elffile import ELFFile

_NEED, _AUXILIARY = struct.Struct("<HHLLL"), struct.Struct("<LHHLL")
_NUMBER = struct.Struct("<H")


@dataclass(frozen=True)
class _Version:
    """One version that is needed of a library: its number, the offset of its entry in the file, and the hash and offset
    of its name."""

    library: str
    name: str
    number: int
    offset: int
    hash: int
    place: int


def lower_versions(library: Path, older: Mapping[str, str]) -> list[str]:
    """Bind symbols to older versions. The library must already need each of these versions of the same other library.
    Changes the file.

    older: the wanted version by the name of the symbol
    Returns the symbols that cannot be bound; the file is then left unchanged.
    """
    data = bytearray(library.read_bytes())
    with library.open("rb") as stream:
        elf: Any = ELFFile(stream)
        known = {version.number: version for version in _asked_for(elf, data)}
        table = elf.get_section_by_name(".gnu.version").header.sh_offset
        symbols = list(elf.get_section_by_name(".dynsym").iter_symbols())
    places = {index: table + _NUMBER.size * index for index in range(len(symbols))}
    found = {(version.library, version.name): version for version in known.values()}
    lacking = []
    for index, symbol in enumerate(symbols):
        own = known.get(_NUMBER.unpack_from(data, places[index])[0])
        if own is None or symbol.name not in older or symbol.entry.st_shndx != "SHN_UNDEF":
            continue
        wanted = found.get((own.library, older[symbol.name]))
        if wanted is None:
            lacking.append(str(symbol.name))
        else:
            _NUMBER.pack_into(data, places[index], wanted.number)
    if not lacking:
        used = {_NUMBER.unpack_from(data, place)[0] for place in places.values()}
        _forget_unused(data, known, used)
        library.write_bytes(data)
    return lacking


def _asked_for(elf: Any, data: bytearray) -> Iterator[_Version]:
    section = elf.get_section_by_name(".gnu.version_r")
    names = elf.get_section(section.header.sh_link)
    need = section.header.sh_offset
    while True:
        _, count, file, first, following = _NEED.unpack_from(data, need)
        offset = need + first
        for _ in range(count):
            hash_, _, number, place, step = _AUXILIARY.unpack_from(data, offset)
            yield _Version(names.get_string(file), names.get_string(place), number, offset, hash_, place)
            offset += step
        if not following:
            return
        need += following


def _forget_unused(data: bytearray, known: Mapping[int, _Version], used: Collection[int]) -> None:
    """Overwrite the entries of versions that no symbol uses any more with copies of used entries. The table keeps its
    size."""
    for number, version in known.items():
        others = [known[other] for other in used if other in known and known[other].library == version.library]
        if number not in used and others:
            _, flags, own, _, step = _AUXILIARY.unpack_from(data, version.offset)
            _AUXILIARY.pack_into(data, version.offset, others[0].hash, flags, own, others[0].place, step)
