"""Dask's distributed scheduler, the engine of a farm: a package that is installed only where a farm is wanted."""

from __future__ import annotations

from importlib.util import find_spec

from crosspython.errors import HostToolError


def require_distributed(what: str) -> None:
    """Check that the package is installed. what: needs it, as the user typed it. Raises HostToolError."""
    if find_spec("distributed") is None:
        raise HostToolError(
            f"{what} needs the Python package distributed, which is not installed",
            next='pip install "crosspython[farm]"',
        )
