"""The facts in an ELF file: the machine that it was made for, what it needs, and how it was linked.

This module only reads. The audit compares the facts with the target. The only decisions here are about names: which
file is an executable, and which float ABI a set of flags means. Paths belong to the build machine. The names are those
of the System V ABI and of glibc's elf.h.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Literal

from elftools.elf.constants import P_FLAGS
from elftools.elf.dynamic import DynamicSegment
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection, GNUVerSymSection

from crosspython.elf.float_abi import read_float_abi
from crosspython.elf.time_functions import time_functions
from crosspython.elf.versions import libc_with
from crosspython.errors import DamagedFileError
from crosspython.store.walk import find_files
from crosspython.targets.libc import Libc

ELF_MAGIC = b"\x7fELF"

Kind = Literal["executable", "shared", "relocatable", "core"]

_DF_TEXTREL = 0x4
_R_NONE = 0  # the same number on all machines
_DF_1_PIE = 0x08000000


@dataclass(frozen=True)
class ElfFile:
    """One ELF file's facts.

    `machine` is elf.h's name (EM_ARM); `float_abi` is None where the file states none; `rpath` is where it looks for
    libraries, and `has_runpath` that this is a DT_RUNPATH and no DT_RPATH; `is_dynamic` says that the dynamic loader
    has something to do with it; `kernel` is the oldest that may run it.
    """

    path: Path
    kind: Kind
    machine: str
    bits: int
    little_endian: bool
    flags: int
    float_abi: str | None
    interpreter: str | None = None
    soname: str | None = None
    needed: tuple[str, ...] = ()
    rpath: str | None = None
    has_runpath: bool = False
    is_dynamic: bool = False
    version_needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    has_text_relocations: bool = False
    has_executable_stack: bool = False
    has_symbol_table: bool = False
    kernel: str | None = None

    def libc_versions(self) -> dict[str, Libc]:
        """Return the needed versions of a libc's symbols, GLIBC_2.28, each with the libc that brought it."""
        versions = sorted({version for versions in self.version_needs.values() for version in versions})
        return {version: libc for version in versions if (libc := libc_with(version))}

    def time_functions(self) -> dict[int, tuple[str, ...]]:
        """Return the called functions that show the size of time_t, by its bits; reads the file again."""
        return time_functions(self.path)

    def symbols_needing(self, version: str) -> tuple[str, ...]:
        """Return the names of the undefined symbols that are bound to a version; reads the file again."""
        with self.path.open("rb") as stream:
            return tuple(sorted(_symbols_of_version(ELFFile(stream), version)))


def read_elf(path: Path) -> ElfFile | None:
    """Read a file's ELF facts; None when it is no ELF file. Raises AuditError for a damaged one."""
    with path.open("rb") as stream:
        if stream.read(4) != ELF_MAGIC:
            return None
        return _read_stream(stream, path)


def read_elf_bytes(data: bytes, path: Path) -> ElfFile | None:
    """Read ELF facts from bytes, for an object inside a static archive; `path` is only its name."""
    return _read_stream(io.BytesIO(data), path) if data.startswith(ELF_MAGIC) else None


def has_elf_magic(path: Path) -> bool:
    """Whether a file begins with ELF's magic number; the rest may be missing."""
    with path.open("rb") as file:
        return file.read(len(ELF_MAGIC)) == ELF_MAGIC


def find_elf_files(tree: Path) -> Iterator[ElfFile]:
    """Yield the ELF files of a tree, sorted by path, without following symbolic links."""
    for path in find_files(tree):
        elf = read_elf(path)
        if elf is not None:
            yield elf


def _read_stream(stream: IO[bytes], path: Path) -> ElfFile:
    try:
        return _read_facts(ELFFile(stream), path)
    except Exception as error:  # for damaged files pyelftools raises all kinds of errors, even AssertionError
        raise DamagedFileError(path, "a damaged ELF file", found=f"{type(error).__name__}: {error}") from error


def _read_facts(elf: Any, path: Path) -> ElfFile:
    header = elf.header
    tags: dict[str, list[Any]] = {}
    interpreter = kernel = dynamic = None
    stack = None
    for segment in elf.iter_segments():
        kind = segment.header.p_type
        if isinstance(segment, DynamicSegment):
            dynamic, tags = segment, _read_tags(segment)
        elif kind == "PT_INTERP":
            interpreter = segment.get_interp_name()
        elif kind == "PT_GNU_STACK":
            stack = bool(segment.header.p_flags & P_FLAGS.PF_X)
        elif kind == "PT_NOTE" and kernel is None:
            kernel = _read_kernel(segment)
    rpath = tags.get("DT_RUNPATH") or tags.get("DT_RPATH")
    soname = tags.get("DT_SONAME")
    return ElfFile(
        path=path,
        kind=_name_kind(header.e_type, interpreter, soname is not None, tags),
        machine=str(header.e_machine) if isinstance(header.e_machine, str) else f"EM_{header.e_machine}",
        bits=elf.elfclass,
        little_endian=elf.little_endian,
        flags=header.e_flags,
        float_abi=read_float_abi(elf),
        interpreter=interpreter,
        soname=soname[0] if soname else None,
        needed=tuple(tags.get("DT_NEEDED", ())),
        rpath=rpath[0] if rpath else None,
        has_runpath="DT_RUNPATH" in tags,
        is_dynamic=bool(tags),
        version_needs=_read_version_needs(elf) if tags else {},
        has_text_relocations=_has_text_relocations(elf, dynamic, tags),
        has_executable_stack=_is_stack_executable(header, stack),
        has_symbol_table=any(section.header.sh_type == "SHT_SYMTAB" for section in elf.iter_sections()),
        kernel=kernel,
    )


def _read_tags(segment: Any) -> dict[str, list[Any]]:
    tags: dict[str, list[Any]] = {}
    names = {"DT_NEEDED": "needed", "DT_SONAME": "soname", "DT_RPATH": "rpath", "DT_RUNPATH": "runpath"}
    for tag in segment.iter_tags():
        name = str(tag.entry.d_tag)
        tags.setdefault(name, []).append(getattr(tag, names[name]) if name in names else tag.entry.d_val)
    return tags


def _has_flag(tags: Mapping[str, list[Any]], name: str, flag: int) -> bool:
    return any(int(value) & flag for value in tags.get(name, ()))


def _has_text_relocations(elf: Any, dynamic: Any, tags: Mapping[str, list[Any]]) -> bool:
    """Whether a file has text relocations. The flag is not believed if all relocations are in writable segments: GNU ld
    for RISC-V (2.40) also sets it for relocations that it reserved for thread-local variables and then did not need
    (R_RISCV_NONE)."""
    if "DT_TEXTREL" not in tags and not _has_flag(tags, "DT_FLAGS", _DF_TEXTREL):
        return False
    writable = [
        range(segment.header.p_vaddr, segment.header.p_vaddr + segment.header.p_memsz)
        for segment in elf.iter_segments("PT_LOAD")
        if segment.header.p_flags & P_FLAGS.PF_W
    ]
    entries = [
        relocation.entry
        for table in dynamic.get_relocation_tables().values()
        for relocation in table.iter_relocations()
    ]
    kept = [entry for entry in entries if entry.get("r_info_type") != _R_NONE]
    return not entries or any(all(entry.r_offset not in place for place in writable) for entry in kept)


def _name_kind(file_type: Any, interpreter: str | None, has_soname: bool, tags: Mapping[str, list[Any]]) -> Kind:
    """Name the kind of file. A position-independent executable has the ELF type of a shared library. Its interpreter
    alone is no evidence: libc.so.6 has one, too, but also a soname."""
    if file_type == "ET_REL":
        return "relocatable"
    if file_type == "ET_CORE":
        return "core"
    is_program = file_type == "ET_EXEC" or _has_flag(tags, "DT_FLAGS_1", _DF_1_PIE)
    return "executable" if is_program or (interpreter is not None and not has_soname) else "shared"


def _is_stack_executable(header: Any, stated: bool | None) -> bool:
    """Tell whether loading this file makes stacks executable.

    Without a PT_GNU_STACK header the loader falls back to the machine's default, which is executable everywhere but on
    AArch64 (glibc, sysdeps/*/stackinfo.h). An object file has no such header: its linker decides.
    """
    if stated is not None or header.e_type not in ("ET_EXEC", "ET_DYN"):
        return bool(stated)
    return bool(header.e_machine != "EM_AARCH64")


def _read_kernel(segment: Any) -> str | None:
    """Return the oldest kernel that .note.ABI-tag allows, such as 3.2.0 (LSB core specification)."""
    for note in segment.iter_notes():
        if note["n_name"] == "GNU" and note["n_type"] == "NT_GNU_ABI_TAG":
            description = note["n_desc"]
            return f"{description.abi_major}.{description.abi_minor}.{description.abi_tiny}"
    return None


def _read_version_needs(elf: Any) -> dict[str, tuple[str, ...]]:
    needs: dict[str, tuple[str, ...]] = {}
    for section in elf.iter_sections():
        if isinstance(section, GNUVerNeedSection):
            for library, versions in section.iter_versions():
                needs[str(library.name)] = tuple(sorted(str(version.name) for version in versions))
    return needs


def _symbols_of_version(elf: Any, wanted: str) -> set[str]:
    table = elf.get_section_by_name(".dynsym")
    indexes: set[int] = set()
    numbers = None
    for section in elf.iter_sections():
        if isinstance(section, GNUVerSymSection):
            numbers = section
        elif isinstance(section, GNUVerNeedSection):
            for _library, versions in section.iter_versions():
                indexes |= {version["vna_other"] for version in versions if version.name == wanted}
    if table is None or numbers is None:
        return set()
    used = (index for index in range(numbers.num_symbols()) if numbers.get_symbol(index)["ndx"] in indexes)
    return {str(table.get_symbol(index).name) for index in used}
