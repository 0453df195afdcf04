"""Which calling convention for floating-point numbers an ELF file follows.

Of our architectures, two have several conventions. ARM states it in the ELF flags of linked files and in the build
attributes of every object (Addenda to the ABI for the Arm Architecture, Tag_ABI_VFP_args). RISC-V states it in the ELF
flags of all files (RISC-V ELF psABI, "File Header"). All other architectures have one convention and get None.
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

    A compiler states the convention only if it is not the base one, but it always states the kind of floating-point
    numbers. An object that states neither usually comes from assembler code, and can be linked with both conventions.
    """
    values: dict[str, int] = {}
    for section in elf.iter_sections("SHT_ARM_ATTRIBUTES"):
        for subsection in section.iter_subsections():
            for scope in subsection.iter_subsubsections("TAG_FILE"):
                values |= {attribute.tag: attribute.value for attribute in scope.iter_attributes()}
    if "TAG_ABI_VFP_ARGS" not in values and values.get("TAG_ABI_FP_NUMBER_MODEL", 0) == 0:
        return None
    return _ARM_VFP_ARGS.get(values.get("TAG_ABI_VFP_ARGS", 0))
