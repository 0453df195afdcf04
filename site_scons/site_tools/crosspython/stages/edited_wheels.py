"""Installs wheels into a stage and edits some of their files. The RECORD is written for the edited files."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from installer.destinations import SchemeDictionaryDestination
from installer.records import RecordEntry
from installer.utils import Scheme


@dataclass
class EditedDestination(SchemeDictionaryDestination):
    """A place for wheels; `edit` is given each Python file's path in its wheel and its text,
    and returns the new text."""

    edit: Callable[[str, str], str] = lambda name, text: text

    def write_file(
        self, scheme: Scheme, path: str | os.PathLike[str], stream: BinaryIO, is_executable: bool
    ) -> RecordEntry:
        name = os.fspath(path)
        if name.endswith(".py"):
            text = stream.read().decode(errors="surrogateescape")
            stream = io.BytesIO(self.edit(name, text).encode(errors="surrogateescape"))
        return super().write_file(scheme, path, stream, is_executable)
