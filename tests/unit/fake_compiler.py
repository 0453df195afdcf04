"""A cross compiler of a few lines of shell, so that unit tests need no real one.

What it "compiles" is an ELF file made by hand; what it was called with is kept beside it.
"""

from __future__ import annotations

from pathlib import Path

from tests.unit.made_elf import make_elf

TOOLS = ("g++", "ar", "ranlib", "strip", "objcopy", "readelf")
GLIBC = ("__GNUC__ 12", "__GNUC_MINOR__ 2", "__GNUC_PATCHLEVEL__ 0", "__GLIBC__ 2", "__GLIBC_MINOR__ 31")
LINUX = ("LINUX_VERSION_CODE 267008",)

_SCRIPT = """\
#!/bin/sh
here={folder}
echo "$0 $*" >> "$here/calls"
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
) -> Path:
    """Make `<folder>/<prefix>-gcc` and its companions; `first` is shell code that runs before it compiles."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "macros").write_text("".join(f"#define {macro}\n" for macro in macros))
    (folder / "elf").write_bytes(elf)
    text = _SCRIPT.format(folder=f"'{folder}'", triplet=triplet or prefix, sysroot=f"'{sysroot}'", first=first)
    for tool in ("gcc", *TOOLS):
        (folder / f"{prefix}-{tool}").write_text(text)
        (folder / f"{prefix}-{tool}").chmod(0o755)
    return folder / f"{prefix}-gcc"
