"""ELF files made by hand, so that unit tests need no compiler: a header, a few segments, a dynamic section."""

from __future__ import annotations

import struct
from collections.abc import Sequence

EM_ARM, EM_X86_64, EM_AARCH64, EM_RISCV = 40, 62, 183, 243
ET_REL, ET_EXEC, ET_DYN = 1, 2, 3
ARM_HARD, ARM_SOFT = 0x05000400, 0x05000200

_DYNAMIC_TAGS = {"needed": 1, "soname": 14, "rpath": 15, "runpath": 29}
_BASE = 0x10000


def make_elf(
    *,
    machine: int = EM_ARM,
    bits: int = 32,
    kind: int = ET_DYN,
    flags: int = ARM_HARD,
    little_endian: bool = True,
    interpreter: str | None = None,
    needed: Sequence[str] = (),
    soname: str | None = None,
    runpath: str | None = None,
    rpath: str | None = None,
    text_relocations: bool = False,
    stack: int | None = 6,
    tail: bytes = b"",
) -> bytes:
    """Make an ELF file; `stack` is the flags of PT_GNU_STACK (6: read and write, 7:
    also execute), None for no header."""
    order = "<" if little_endian else ">"
    segments: list[tuple[int, int, bytes]] = []
    if interpreter is not None:
        segments.append((3, 4, interpreter.encode() + b"\0"))
    if kind != ET_REL:
        names = [("needed", name) for name in needed]
        names += [(tag, text) for tag, text in (("soname", soname), ("rpath", rpath), ("runpath", runpath)) if text]
        strings = b"\0"
        entries = []
        for tag, text in names:
            entries.append((_DYNAMIC_TAGS[tag], len(strings)))
            strings += text.encode() + b"\0"
        if text_relocations:
            entries.append((22, 0))
        segments.append((1, 4, strings))
        segments.append((2, 6, b""))  # its bytes follow below, when the strings' address is known
    if stack is not None and kind != ET_REL:
        segments.append((0x6474E551, stack, b""))
    header_size, entry_size = (52, 32) if bits == 32 else (64, 56)
    offset = header_size + entry_size * (len(segments) + 1)
    word = "I" if bits == 32 else "Q"
    table, content, string_address = b"", b"", 0
    for number, rights, data in segments:
        if number == 1:
            string_address = _BASE + offset
        if number == 2:
            pairs = [*entries, (5, string_address), (10, len(strings)), (0, 0)]
            data = b"".join(struct.pack(order + word * 2, *pair) for pair in pairs)
        place = (offset, _BASE + offset, _BASE + offset, len(data), len(data))
        table += _program_header(order, bits, number, rights, place)
        content += data
        offset += len(data)
    whole = (0, _BASE, _BASE, offset, offset)
    table = _program_header(order, bits, 1, 5, whole) + table
    identity = bytes([0x7F, 69, 76, 70, 1 if bits == 32 else 2, 1 if little_endian else 2, 1]) + bytes(9)
    sizes = (header_size, entry_size, len(segments) + 1, 40 if bits == 32 else 64, 0, 0)
    header = struct.pack(order + "HHI" + word * 3 + "I6H", kind, machine, 1, 0, header_size, 0, flags, *sizes)
    return identity + header + table + content + tail


def make_archive(members: dict[str, bytes]) -> bytes:
    """Make a static library of members with short names."""
    data = b"!<arch>\n"
    for name, body in members.items():
        data += (
            f"{name + '/':<16}{0:<12}{0:<6}{0:<6}{644:<8}{len(body):<10}`\n".encode() + body + b"\n" * (len(body) % 2)
        )
    return data


def _program_header(order: str, bits: int, number: int, rights: int, place: tuple[int, int, int, int, int]) -> bytes:
    if bits == 32:
        return struct.pack(order + "8I", number, *place, rights, 4)
    return struct.pack(order + "II6Q", number, rights, *place, 8)
