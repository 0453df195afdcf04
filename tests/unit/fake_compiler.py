"""A cross compiler of a few lines of shell, so that unit tests need no real one.

What it "compiles" is an ELF file made by hand; what it was called with is kept beside it.
"""

from __future__ import annotations

from pathlib import Path

from tests.unit.made_elf import make_elf

TOOLS = ("g++", "ar", "ranlib", "strip", "objcopy", "readelf")
GLIBC = ("__GNUC__ 12", "__GNUC_MINOR__ 2", "__GNUC_PATCHLEVEL__ 0", "__GLIBC__ 2", "__GLIBC_MINOR__ 31")
LINUX = ("LINUX_VERSION_CODE 267008",)

CLANG = (*GLIBC, "__clang__ 1", "__clang_major__ 18", "__clang_minor__ 1", "__clang_patchlevel__ 3")

# Clang's own answers: it knows no -print-sysroot, and shows its commands.
_CLANGS_ANSWERS = """\
case $* in
-print-sysroot) echo "clang: error: unknown argument: '-print-sysroot'" >&2; exit 1 ;;
-print-prog-name=*) [ -e "$here/${{1#*=}}" ] || exit 1 ;;
*-\\###*) printf ' "%s" "-cc1" {isysroot}"-"\\n "%s" "-o" "a.out"\\n' "$0" "$here/elf" >&2; exit ;;
esac
"""

_SCRIPT = """\
#!/bin/sh
here={folder}
echo "$0 $*" >> "$here/calls"
{answers}
case $* in
-dumpmachine) echo {triplet}; exit ;;
-print-sysroot) echo {sysroot}; exit ;;
-print-file-name=*) echo "$here/${{1#*=}}"; exit ;;
-print-prog-name=*) echo "$here/${{1#*=}}"; exit ;;
*-dM*) cat "$here/macros"; exit ;;
esac
{first}
while [ $# -gt 0 ]; do
    case $1 in -o) cp "$here/elf" "$2" ;; esac
    shift
done
"""


def make_compiler(
    folder: Path,
    prefix: str = "arm-linux-gnueabihf",
    *,
    triplet: str | None = None,
    sysroot: str = "/",
    macros: tuple[str, ...] = (*GLIBC, *LINUX),
    elf: bytes = make_elf(interpreter="/lib/ld-linux-armhf.so.3"),
    first: str = "",
    answers: str = "",
) -> Path:
    """Make `<folder>/<prefix>-gcc` and its companions.

    answers, first: shell code that runs before it answers, and before it compiles
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "macros").write_text("".join(f"#define {macro}\n" for macro in macros))
    (folder / "elf").write_bytes(elf)
    text = _SCRIPT.format(
        folder=f"'{folder}'", triplet=triplet or prefix, sysroot=f"'{sysroot}'", first=first, answers=answers
    )
    for tool in ("gcc", *TOOLS):
        (folder / f"{prefix}-{tool}").write_text(text)
        (folder / f"{prefix}-{tool}").chmod(0o755)
    return folder / f"{prefix}-gcc"


def make_clang(
    folder: Path, prefix: str = "arm-linux-gnueabihf", *, sysroot: str = "/board", first: str = "", llvm: str = "llvm-"
) -> Path:
    """Make `<folder>/<prefix>-clang` and its companions: LLVM's binutils, or with another `llvm` those of that prefix.

    sysroot: "": it has none
    """
    isysroot = f'"-isysroot" "{sysroot}" ' if sysroot else ""
    answers = _CLANGS_ANSWERS.format(isysroot=isysroot)
    gcc = make_compiler(folder, prefix, macros=(*CLANG, *LINUX), first=first, answers=answers)
    names = {"gcc": f"{prefix}-clang", "g++": f"{prefix}-clang++"}
    for tool in ("gcc", *TOOLS):
        gcc.with_name(f"{prefix}-{tool}").rename(folder / names.get(tool, f"{llvm}{tool}"))
    return folder / f"{prefix}-clang"
