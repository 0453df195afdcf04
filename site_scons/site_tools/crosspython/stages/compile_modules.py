"""Byte-compiles modules to where their installed copies will look for it.
Run by build-python, which may be of any series.

    python compile_modules.py LIST ROOT

A line of LIST names a module's source and its installed copy, which need not be there yet; without ROOT, that is its
place on the board. What cannot be compiled is left out: CompilePython comes later and says why.
The .pyc files are those of a standard
library: valid whatever time their sources bear (PEP 552, unchecked).
"""

import importlib.util
import os
import py_compile
import sys


def main(listing: str, root: str) -> None:
    with open(listing) as lines:
        for line in lines:
            source, copy = line.rstrip("\n").split("\t")
            compiled = importlib.util.cache_from_source(copy)
            os.makedirs(os.path.dirname(compiled), exist_ok=True)
            try:
                mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
                py_compile.compile(source, compiled, copy[len(root) :], doraise=True, invalidation_mode=mode)
            except (py_compile.PyCompileError, ValueError):
                pass


main(*sys.argv[1:])
