"""Installs wheels into a stage, without some of their files, and edits others. The RECORD tells what was installed."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import BinaryIO
from zipfile import ZipFile

from installer.destinations import SchemeDictionaryDestination
from installer.records import RecordEntry
from installer.sources import WheelContentElement, WheelFile
from installer.utils import Scheme


class PartOfWheel(WheelFile):
    """A wheel without the files that match the globs of `leave_out`."""

    def __init__(self, archive: ZipFile, leave_out: Sequence[str]) -> None:
        super().__init__(archive)
        self._leave_out = leave_out

    def get_contents(self) -> Iterator[WheelContentElement]:
        for element in super().get_contents():
            path = element[0][0]
            if not any(fnmatchcase(path, glob) for glob in self._leave_out):
                yield element


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
