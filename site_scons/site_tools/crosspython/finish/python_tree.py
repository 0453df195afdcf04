"""An installed tree of Python: which files are tests, which files a board does not need, and the facts that the build
recorded about itself.

CPython records these facts in sysconfig's data, and since 3.14 in build-details.json (PEP 739). This module knows which
of them are wrong after a cross build. Paths belong to the build machine. Nothing of the tree is run.
"""

from __future__ import annotations

import ast
import json
import posixpath
import re
from collections.abc import Container, Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from crosspython.errors import ToolchainError
from crosspython.finish.bytecode import is_cached, source_of_bytecode

# The suffixes of extension modules of the stable ABI; since 3.15 there is one without the GIL, too (PEP 803).
_STABLE_ABI_SUFFIXES = (".abi3.so", ".abi3t.so")
# Those of its entries that are paths; what is relative is so to base_prefix, and that to the file's own folder (PEP
# 739).
_PATHS = (
    ("base_interpreter",),
    ("libpython", "dynamic"),
    ("libpython", "dynamic_stableabi"),
    ("libpython", "static"),
    ("c_api", "headers"),
    ("c_api", "pkgconfig_path"),
)

# Files that only tests of CPython itself need, or that cannot run without tkinter. They get an archive of their own.
TESTS = (
    "lib/python3.*/test",
    "lib/python3.*/*/test",
    "lib/python3.*/*/tests",
    "lib/python3.*/idlelib",
    "lib/python3.*/turtledemo",
    "lib/python3.*/tkinter",
    "lib/python3.*/turtle.py",
    "lib/python3.*/__pycache__/turtle.*.pyc",
    "lib/python3.*/lib-dynload/_test*.so",
    "lib/python3.*/lib-dynload/_ctypes_test*.so",
    "lib/python3.*/lib-dynload/_xxtestfuzz*.so",
    "lib/python3.*/lib-dynload/xxlimited*.so",
    "lib/python3.*/lib-dynload/xxsubtype*.so",
    "bin/idle3*",
)

# Files below the prefix that a board does not need: `slim=1` leaves them out. The words are shown to the user.
SLIM = {
    "headers and tools for compiling C extensions": (
        "include",
        "lib/pkgconfig",
        "lib/*.a",
        "lib/python3.*/config-3.*",
        "bin/python3*-config",
    ),
    "manuals": ("share/doc", "share/info", "share/man"),
    "pydoc": ("lib/python3.*/pydoc_data", "lib/python3.*/pydoc.py", "bin/pydoc3*"),
    "ensurepip, which gives a venv its pip": ("lib/python3.*/ensurepip",),
    "lib2to3": ("lib/python3.*/lib2to3", "bin/2to3*"),
}


def _compile(globs: Iterable[str]) -> re.Pattern[str]:
    """These names and all below them; `*` is one name."""
    return re.compile("(?:" + "|".join(re.escape(glob).replace(r"\*", "[^/]*") for glob in globs) + ")(?:/|$)")


_TESTS = _compile(TESTS)
_SLIM = _compile(glob for globs in SLIM.values() for glob in globs)


def is_test(name: str) -> bool:
    """Whether a name below the prefix belongs to CPython's own tests, or to files that only tests need. The tests are
    half of an installation."""
    return bool(_TESTS.match(name)) and "/site-packages/" not in name


def is_slimmed(name: str) -> bool:
    """Whether a name below the prefix is left out by `slim=1`."""
    return bool(_SLIM.match(name))


def is_no_test(name: str) -> bool:
    return not is_test(name)


def slimmed(links: Mapping[str, str], *, without_sources: bool) -> dict[str, str]:
    """The names of a whole Python that a slim bundle keeps, with their names there.

    links: all names, with the target of a link, and "" for all others
    without_sources: a .pyc is moved to the place where Python imports it without its source; the source is left out
                     (PEP 3147)
    """
    kept = {name for name in links if not is_slimmed(name) and not is_test(name)}
    kept -= {name for name in kept if is_cached(name) and source_of_bytecode(name) not in kept}
    while dangling := {name for name in kept if _dangles(name, links[name], kept)}:
        kept -= dangling
    places = {name: name for name in links if name in kept}
    for name in kept if without_sources else ():
        source = source_of_bytecode(name)
        if is_cached(name) and source in kept:
            places[name] = f"{source}c"
            places.pop(source, None)
    return places


def _dangles(name: str, target: str, kept: Container[str]) -> bool:
    """Whether a link among the programs and libraries has no target."""
    if not target or not (name.startswith("bin/") or PurePosixPath(name).match("lib/*.so*")):
        return False
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), target)) not in kept


def read_build_time_vars(library: Path) -> dict[str, Any]:
    """The variables of sysconfig, from the _sysconfigdata of a standard library's folder."""
    (file,) = library.glob("_sysconfigdata*.py")  # in 3.5 the name has no suffix
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "build_time_vars":
            variables: dict[str, Any] = ast.literal_eval(node.value)
            return variables
    raise ToolchainError(f"{file}: no build_time_vars", next="build the target's Python again")


def correct_build_details(library: Path, machine: str) -> None:
    """Correct build-details.json: it must describe the target, wherever the tree is.

    CPython's generator (Tools/build/generate-build-details.py) takes the suffixes of extension modules from the
    interpreter that runs it. Without a shared libpython it leaves these suffixes out of `abi`, and it leaves
    `link_extensions` out of `libpython`. PEP 739 allows this, but maturin and Meson (1.12) need both.

    machine: what the target's `uname -m` says
    """
    path = library / "build-details.json"
    details, variables = json.loads(path.read_text()), read_build_time_vars(library)
    suffix = variables["EXT_SUFFIX"]
    details["platform"] = f"linux-{machine}"
    generated = details["suffixes"]["extensions"]
    renamed = (each.replace(_place_of(generated[0]), _place_of(suffix)) for each in generated)
    extensions = list(dict.fromkeys(renamed))  # without the platform, two of them may be equal
    details["suffixes"]["extensions"] = extensions
    details["abi"]["extension_suffix"] = suffix
    if stable := [each for each in _STABLE_ABI_SUFFIXES if each in extensions]:
        details["abi"]["stable_abi_suffix"] = stable[0]
    details.setdefault("libpython", {})["link_extensions"] = bool(variables["LIBPYTHON"])
    _make_relative(details, library.name)
    path.write_text(json.dumps(details, indent=2) + "\n")


def _place_of(suffix: str) -> str:
    """The platform in a suffix: `-x86_64-linux-gnu` for `.cpython-314-x86_64-linux-gnu.so`; "" if the suffix names no
    platform, as with uClibc."""
    _, dash, place = suffix.removeprefix(".cpython-").removesuffix(".so").partition("-")
    return dash + place


def _make_relative(details: dict[str, Any], library: str) -> None:
    prefix = details["base_prefix"]
    for *parents, name in _PATHS:
        place = details.get(parents[0], {}) if parents else details
        if place.get(name, "").startswith(f"{prefix}/"):
            place[name] = f"./{posixpath.relpath(place[name], prefix)}"
    details["base_prefix"] = posixpath.relpath(prefix, f"{prefix}/lib/{library}")
