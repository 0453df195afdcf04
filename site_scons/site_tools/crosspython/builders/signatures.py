"""SCons's own memory of what was built, as a database module for `SConsignFile` (SCons's manual page, dbm_module).

It is a file with a pickled dictionary, like SCons's own. But on a full disk the user gets a warning and the next run
rebuilds, where SCons's own ends with a traceback. A damaged file also costs only one rebuild.
"""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from typing import Any


class Signatures(dict[str, bytes]):
    """The records of all folders, by the folder's path; written when SCons asks for it, if any is new."""

    def __init__(self, file: Path) -> None:
        super().__init__(_read(file))
        self._file, self._has_news = file, False

    def __setitem__(self, folder: str, record: bytes) -> None:
        super().__setitem__(folder, record)
        self._has_news = True

    def sync(self) -> None:
        if not self._has_news:
            return
        self._has_news = False
        part = self._file.with_name(f"{self._file.name}.part")
        try:
            part.write_bytes(pickle.dumps(dict(self), protocol=4))
            part.replace(self._file)
        except OSError as error:
            _warn(f"{self._file} cannot be written: {error.strerror}")

    def close(self) -> None:
        self.sync()


def open(file: str, flag: str = "r", mode: int = 0o666) -> Any:
    """Open the database, as dbm modules do."""
    return Signatures(Path(f"{file}.dblite"))


def _read(file: Path) -> dict[str, bytes]:
    try:
        known = pickle.loads(file.read_bytes())
    except FileNotFoundError:
        return {}
    except Exception as error:  # pickle raises exceptions of any kind for damaged bytes
        _warn(f"{file} is damaged, so everything is built again: {error}")
        return {}
    return known if isinstance(known, dict) else {}


def _warn(text: str) -> None:
    sys.stderr.write(f"crosspython: warning: {text}\n")
