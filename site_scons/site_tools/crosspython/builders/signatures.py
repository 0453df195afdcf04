"""SCons's own memory of what was built, as a database module for `SConsignFile`.

SCons's dblite, but that a full disk costs a warning and a rebuild next time, not a traceback: dblite writes when it is
collected as well, where nobody can catch anything.
"""

from __future__ import annotations

import sys
from typing import Any

from SCons.dblite import _Dblite


class Signatures(_Dblite):
    """dblite with a warning where it cannot write."""

    def sync(self) -> None:
        try:
            super().sync()
        except OSError as error:
            self._needs_sync = False
            sys.stderr.write(f"crosspython: warning: {self._file_name} cannot be written: {error.strerror}\n")


def open(file: str, flag: str = "r", mode: int = 0o666) -> Any:
    """Open the database, as dbm modules do."""
    return Signatures(file, flag, mode)
