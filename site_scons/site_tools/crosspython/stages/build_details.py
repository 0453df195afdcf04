"""What a build of Python says of itself: to its own sysconfig, and since 3.14 to everybody (PEP 739).

Knows where that is written in an installed tree, and what of it CPython's build gets wrong for another machine. Paths belong
to the build machine. Nothing of the tree is run.
"""

from __future__ import annotations

import ast
import json
import posixpath
from pathlib import Path
from typing import Any

from crosspython.errors import ToolchainError

STABLE_ABI_SUFFIX = ".abi3.so"
# Those of its entries that are paths; what is relative is so to base_prefix, and that to the file's own folder (PEP 739).
_PATHS = (
    ("base_interpreter",),
    ("libpython", "dynamic"),
    ("libpython", "dynamic_stableabi"),
    ("libpython", "static"),
    ("c_api", "headers"),
    ("c_api", "pkgconfig_path"),
)


def read_build_time_vars(library: Path) -> dict[str, Any]:
    """The variables of sysconfig, from the _sysconfigdata of a standard library's folder."""
    (file,) = library.glob("_sysconfigdata_*.py")
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "build_time_vars":
            variables: dict[str, Any] = ast.literal_eval(node.value)
            return variables
    raise ToolchainError(f"{file}: no build_time_vars", next="build the target's Python again")


def correct_build_details(library: Path, machine: str) -> None:
    """Let build-details.json speak of the target alone, and be right wherever the tree lies.

    CPython's generator (Tools/build/generate-build-details.py) asks the interpreter that runs it for the suffixes of extension
    modules, and leaves them out of `abi` where there is no libpython to link with, and out of `libpython` whether extensions are
    linked with it. PEP 739 lets it; maturin and Meson (1.12) cannot do without.

    machine: what the target's `uname -m` says
    """
    path = library / "build-details.json"
    details, variables = json.loads(path.read_text()), read_build_time_vars(library)
    suffix = variables["EXT_SUFFIX"]
    details["platform"] = f"linux-{machine}"
    details["abi"] |= {"extension_suffix": suffix, "stable_abi_suffix": STABLE_ABI_SUFFIX}
    details.setdefault("libpython", {})["link_extensions"] = bool(variables["LIBPYTHON"])
    details["suffixes"]["extensions"] = [suffix, STABLE_ABI_SUFFIX, ".so"]
    _make_relative(details, library.name)
    path.write_text(json.dumps(details, indent=2) + "\n")


def _make_relative(details: dict[str, Any], library: str) -> None:
    prefix = details["base_prefix"]
    for *parents, name in _PATHS:
        place = details.get(parents[0], {}) if parents else details
        if place.get(name, "").startswith(f"{prefix}/"):
            place[name] = f"./{posixpath.relpath(place[name], prefix)}"
    details["base_prefix"] = posixpath.relpath(prefix, f"{prefix}/lib/{library}")
