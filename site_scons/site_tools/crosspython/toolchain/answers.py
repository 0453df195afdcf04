"""Answers that all configure scripts of one compiler share, so that each question is tested only once.

Knows which answers can be shared. If a function of the libc, a header or a size exists, it also exists with all options
that a script adds. If one is missing, that may change, so only positive answers are shared. This module writes the
questions as files for the compiler, and reads the compiler's output. The caller runs the compiler, with an empty
sysroot.
Paths belong to the build machine.

The names are autoconf's cache variables (its manual, "Cache Variable Index"); scripts read them as a site file ("Site
Defaults").
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from crosspython.elf.symbols import exported_functions, sizes_of_variables
from crosspython.toolchain.query import try_ask

DECIDED = "enable_year2038=no\n"
"""An answer that does not come from the compiler.

All products have one size of time_t (docs/decisions/0027), and our compiler call selects it. So a script must not
search for a larger one, or fail because there is none (autoconf's manual, AC_SYS_YEAR2038_RECOMMENDED).
"""

_QUESTIONS = Path(__file__).with_name("answers.toml")

# The headers that autoconf includes before a header that it tests (AC_INCLUDES_DEFAULT).
_DEFAULT_HEADERS = """\
#include <stdio.h>
#include <sys/types.h>
#include <sys/stat.h>
#include <stdlib.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>
#include <inttypes.h>
#include <stdint.h>
#include <unistd.h>
"""
_SIZES = "#include <pthread.h>\n#include <stddef.h>\n#include <stdint.h>\n#include <sys/types.h>\n#include <wchar.h>\n"
# glibc's gnu/stubs.h lists functions that exist but always fail; autoconf treats them as missing.
_MACROS = "#include <limits.h>\n#if __has_include(<gnu/stubs.h>)\n#include <gnu/stubs.h>\n#endif\n"


def write_questions(folder: Path) -> tuple[tuple[str, ...], ...]:
    """Write the questions for a compiler as files. Returns the arguments of the compiler's calls, which have to run in
    that folder; each of them may fail."""
    questions = tomllib.loads(_QUESTIONS.read_text())
    files = {f"{_shell_name(header)}.c": f"{_DEFAULT_HEADERS}#include <{header}>\n" for header in questions["headers"]}
    for name, text in files.items():
        (folder / name).write_text(text)
    lines = [f"char sizeof_{name}[sizeof({kind})] = {{1}};" for name, kind in questions["sizes"].items()]
    for name, kind in questions["alignments"].items():
        lines.append(f"struct in_{name} {{ char first; {kind} second; }};")
        lines.append(f"char alignof_{name}[offsetof(struct in_{name}, second)] = {{1}};")
    (folder / "sizes.c").write_text(_SIZES + "\n".join(lines) + "\n")
    (folder / "macros.c").write_text(_MACROS)
    return (
        ("-w", "-S", *files),
        ("-w", "-c", "sizes.c"),
        ("-E", "-dM", "macros.c", "-o", "macros.txt"),
    )


def read_answers(folder: Path, libc: Path | None) -> str:
    """The text of a site file, made from the compiler's output in a folder. libc: its shared library"""
    macros = folder / "macros.txt"
    defined = dict(re.findall(r"^#define (\w+) ?(.*)$", macros.read_text(), re.MULTILINE)) if macros.exists() else {}
    stubs = {name.removeprefix("__stub_") for name in defined if name.startswith("__stub_")}
    answers: dict[str, str] = {}
    if libc is not None and defined:
        answers |= {f"func_{name}": "yes" for name in exported_functions(libc) - stubs}
    for header in tomllib.loads(_QUESTIONS.read_text())["headers"]:
        if (folder / f"{_shell_name(header)}.s").exists():
            answers[f"header_{_shell_name(header)}"] = "yes"
    if (folder / "sizes.o").exists():
        answers |= {name: str(size) for name, size in sizes_of_variables(folder / "sizes.o").items()}
    if "__BYTE_ORDER__" in defined:
        answers["c_bigendian"] = "no" if defined["__BYTE_ORDER__"] == "__ORDER_LITTLE_ENDIAN__" else "yes"
    return DECIDED + "".join(f"ac_cv_{name}={value}\n" for name, value in sorted(answers.items()))


def find_shared_libc(compiler: Path) -> Path | None:
    """The shared libc that a compiler links with: glibc's soname, or for musl and uClibc the linker's name."""
    for name in ("libc.so.6", "libc.so"):
        status, answer, _ = try_ask(compiler, f"-print-file-name={name}")
        path = Path(answer.strip())
        if status == 0 and path.is_absolute() and path.is_file():
            with path.open("rb") as file:
                if file.read(4) == b"\x7fELF":  # an ELF file, not a linker script
                    return path
    return None


def _shell_name(header: str) -> str:
    """A header's name in autoconf's variables: sys/types.h becomes sys_types_h."""
    return re.sub(r"\W", "_", header)
