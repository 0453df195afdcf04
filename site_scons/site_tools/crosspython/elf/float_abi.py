"""Which calling convention for floating-point numbers an ELF file follows.

Knows the two architectures of ours that have a choice. ARM states it in the flags of what was linked and in the build
attributes of every object (Addenda to the ABI for the Arm Architecture, Tag_ABI_VFP_args); RISC-V in the flags of all
(RISC-V ELF psABI, "File Header"). Everything else has one convention and gets None.
"""

from __future__ import annotations

from typing import Any

_ARM_SOFT = 0x200
_ARM_HARD = 0x400
_ARM_VFP_ARGS = {0: "soft", 1: "hard"}  # 2 is toolchain-specific, 3 fits both

_RISCV_FLOAT = 0x6
_RISCV_NAMES = {0x0: "soft", 0x2: "single", 0x4: "hard", 0x6: "quad"}


def read_float_abi(elf: Any) -> str | None:
    """Return "hard", "soft" (on RISC-V also "single" and "quad"), or None where pyelftools' file states neither."""
    flags = elf.header.e_flags
    if elf.header.e_machine == "EM_RISCV":
        return _RISCV_NAMES[flags & _RISCV_FLOAT]
    if elf.header.e_machine != "EM_ARM":
        return None
    if elf.header.e_type in ("ET_EXEC", "ET_DYN") and flags & (_ARM_HARD | _ARM_SOFT):
        return "hard" if flags & _ARM_HARD else "soft"
    return _read_arm_attributes(elf)


def _read_arm_attributes(elf: Any) -> str | None:
    """Judge an object as GNU ld does before it links it (bfd, elf32-arm.c).

    A compiler states the convention only if it is not the base one, but always which kind of numbers it uses; what
    states neither is usually assembler, and links with either convention.
    """
    values: dict[str, int] = {}
    for section in elf.iter_sections("SHT_ARM_ATTRIBUTES"):
        for subsection in section.iter_subsections():
            for scope in subsection.iter_subsubsections("TAG_FILE"):
                values |= {attribute.tag: attribute.value for attribute in scope.iter_attributes()}
    if "TAG_ABI_VFP_ARGS" not in values and values.get("TAG_ABI_FP_NUMBER_MODEL", 0) == 0:
        return None
    return _ARM_VFP_ARGS.get(values.get("TAG_ABI_VFP_ARGS", 0))
