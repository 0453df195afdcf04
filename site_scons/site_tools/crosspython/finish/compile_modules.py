"""Byte-compiles modules; the .pyc files are written to the places of their installed copies. build-python of any series
runs this file, so it uses only the language and library of Python 3.5.

    python compile_modules.py LIST ROOT unchecked|checked [strict]

A line of LIST names a module's source and its installed copy, which need not be there yet; without ROOT, that is its
place on the board. A .pyc is valid by a hash of its source, if that is checked, and never by its time (PEP 552);
Pythons before 3.7 know only the time, which is then stored. Modules that cannot be compiled are left out
and printed, or with `strict` reported at the end as a failure.
"""

import importlib.util
import os
import py_compile
import sys
from typing import Any


def validity(mode: str) -> "dict[str, Any]":
    """The keyword of compile() that chooses how Python checks the validity of the .pyc."""
    modes = getattr(py_compile, "PycInvalidationMode", None)
    return {} if modes is None else {"invalidation_mode": modes[mode.upper() + "_HASH"]}


def main(listing: str, root: str, mode: str, strict: str = "") -> None:
    failed = []
    with open(listing) as lines:
        for line in lines:
            source, copy = line.rstrip("\n").split("\t")
            compiled = importlib.util.cache_from_source(copy)
            os.makedirs(os.path.dirname(compiled), exist_ok=True)
            try:
                py_compile.compile(source, compiled, copy[len(root) :], doraise=True, **validity(mode))
            except (py_compile.PyCompileError, ValueError) as error:
                failed.append(str(error))
    if strict and failed:
        sys.exit("".join(failed))
    print("".join(failed), end="")


main(*sys.argv[1:])
