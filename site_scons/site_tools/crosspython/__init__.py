"""crosspython: any Python, with any package, on any embedded Linux board, built by SCons.

This package is the SCons tool (`generate`, `exists`) and the library behind it. SCons is imported by builders/ alone.
"""

from __future__ import annotations

import runpy
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crosspython.version import VERSION

if TYPE_CHECKING:
    from crosspython.environment import Environment as Environment  # a stub: what an editor knows of our methods

__version__ = VERSION


def generate(env: Any, settings: Mapping[str, Any] | None = None, **chosen: Any) -> None:
    """Give an environment crosspython's builders: `env.Tool("crosspython", target="rk3568", python="3.11")`.

    settings: the same as a mapping. What can be chosen stands in builders/settings.py
    """
    env.EnsureSConsVersion(4, 11)  # as pyproject.toml says, before anything of ours asks more of SCons
    try:
        from crosspython.builders import install_builders
        from crosspython.builders.guest import require_one_copy
    except ModuleNotFoundError as error:  # no module that makes messages can be loaded then
        lists = Path(__file__).resolve().parents[3] / "requirements.txt"
        command = f"{sys.executable} -m pip install -r {lists}" if lists.is_file() else "pip install crosspython"
        sys.exit(
            f"scons: *** crosspython needs the Python module {error.name!r}, which is not installed\n"
            f"  next:     {command}"
        )

    folder = Path(__file__).resolve().parent
    # Read from the file: the module that is loaded may be that of another copy.
    require_one_copy(folder, runpy.run_path(str(folder / "version.py"))["VERSION"])
    install_builders(env, {**(settings or {}), **chosen})


def exists(env: Any) -> bool:
    """Always true: missing programs are reported when something is built."""
    return True


def __getattr__(name: str) -> Any:
    """`env: crosspython.Environment` in an SConstruct: SCons's own class, when the file runs."""
    if name == "Environment":
        from crosspython.builders.guest import host_class

        return host_class()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
