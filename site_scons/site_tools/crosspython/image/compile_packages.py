"""Byte-compiles modules of packages. Run by build-python, of any series: this is Python 3.5's language and library.

On stdin: a JSON list of pairs, a module's source and its place on the board. As in all site-packages, the .pyc files
are valid by what their sources hold (PEP 552, checked); before 3.7 they note the source's time, which all files of an
image share. What cannot be compiled is printed and left out: packages bring templates and examples for other Pythons.
"""

import json
import py_compile
import sys

modes = getattr(py_compile, "PycInvalidationMode", None)
validity = {} if modes is None else {"invalidation_mode": modes.CHECKED_HASH}

for source, place in json.load(sys.stdin):
    try:
        py_compile.compile(source, dfile=place, doraise=True, **validity)
    except (py_compile.PyCompileError, ValueError) as error:
        print("not compiled:", place, error)
