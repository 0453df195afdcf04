"""A compiler launcher that notes each compilation, for editors: they read compile_commands.json.

Source of that file's form: Clang's manual, "JSON Compilation Database Format Specification". Paths belong to the build
machine.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from crosspython.store.disk import write_whole
from crosspython.toolchain.launcher import RECORDER

FILE = "compile_commands.json"
_SUFFIXES = frozenset((".c", ".cc", ".cpp", ".cxx", ".c++", ".C", ".S", ".s", ".f", ".f90", ".F90"))
# GCC's options whose value is an argument of its own, and may look like a source.
_WITH_VALUE = frozenset(("-o", "-x", "-I", "-L", "-include", "-imacros", "-isystem", "-idirafter", "-MF", "-MT", "-MQ"))
# One file for each call, called by the first number that is free: processes of several namespaces share their numbers.
_SCRIPT = """\
#!/bin/sh
# Notes one call of the compiler, and calls it. What cannot be noted is compiled all the same.
number=0
while [ -w "$CROSSPYTHON_COMMANDS" ] && [ $number -lt 1000 ]; do
    file=$CROSSPYTHON_COMMANDS/$$-$number
    if (set -C; : > "$file") 2>/dev/null; then
        printf '%s\\0' "$PWD" "$@" > "$file"
        break
    fi
    number=$((number + 1))
done
exec "$@"
"""


def recorder_environment(folder: Path) -> dict[str, str]:
    """The variables that put the recorder in front of the compiler.

    folder: a new one, for the recorder and its notes
    """
    (folder / "calls").mkdir(parents=True)
    program = folder / RECORDER
    program.write_text(_SCRIPT)
    program.chmod(0o755)
    return {"CROSSPYTHON_LAUNCHER": str(program), "CROSSPYTHON_COMMANDS": str(folder / "calls")}


def write_commands(folder: Path, file: Path) -> int:
    """Write compile_commands.json of what was noted in recorder_environment's folder; the number of its entries.

    Sources that are gone again, such as those of a configure script's questions, have none.
    """
    entries = [entry for call in sorted((folder / "calls").iterdir()) for entry in _entries(call)]
    entries.sort(key=lambda entry: (entry["file"], entry["arguments"]))
    write_whole(file, json.dumps(entries, indent=1) + "\n")
    return len(entries)


def _entries(call: Path) -> Iterator[dict[str, str | list[str]]]:
    directory, *arguments = call.read_bytes().decode(errors="surrogateescape").removesuffix("\0").split("\0")
    for before, argument in pairwise(arguments):
        if before in _WITH_VALUE or argument.startswith("-") or Path(argument).suffix not in _SUFFIXES:
            continue
        source = os.path.join(directory, argument)
        if os.path.isfile(source):
            yield {"directory": directory, "file": os.path.normpath(source), "arguments": arguments}
