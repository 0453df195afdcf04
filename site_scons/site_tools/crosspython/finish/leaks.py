"""Paths of the build machine inside files: finding them, and replacing them in text.

Knows how a path is spelled in files: as it is, with spaces escaped as shells and makefiles do, and percent-encoded as
in `file://` addresses. A path also covers everything below it, and its siblings `path-2` and `path.old`, which are
folders of the build machine, too. A longer word is not covered (`/work` in `/workshop`). Compressed files are not
searched.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import quote

from crosspython.errors import ConfigurationError
from crosspython.store.pieces import read_pieces

_TAIL = 120  # bytes that are shown behind a path


class BuildPaths:
    """Absolute paths of the build machine, each with the neutral text that may stand in its place."""

    def __init__(self, replacements: Mapping[str, str]) -> None:
        self._neutral: dict[bytes, bytes] = {}
        for path, neutral in replacements.items():
            if not path.startswith("/") or path.strip("/") == "":
                raise ConfigurationError(
                    "a path to keep out of products is not usable",
                    expected="an absolute folder",
                    found=repr(path),
                )
            for spelling in _spell_path(path.rstrip("/")):
                self._neutral[spelling] = neutral.encode()
        longest_first = sorted(self._neutral, key=lambda spelling: (-len(spelling), spelling))
        alternatives = b"|".join(re.escape(spelling) for spelling in longest_first)
        self._pattern = re.compile(b"(?:" + alternatives + rb")(?![A-Za-z0-9_])") if self._neutral else None

    @classmethod
    def without_neutral(cls, paths: Iterable[str]) -> BuildPaths:
        """Make an object that only finds these paths, and replaces none."""
        return cls(dict.fromkeys(paths, ""))

    def find(self, data: bytes) -> str | None:
        """Return the text around the first path found, up to the next blank or unprintable byte."""
        match = self._search(data)
        return None if match is None else _show(match)

    def find_in(self, file: Path) -> str | None:
        """The same for a file. It is read in pieces, because it may be large."""
        longest = max(map(len, self._neutral), default=0)
        for piece, is_last in read_pieces(file, longest + 2 * _TAIL):
            match = self._search(piece)
            if match is not None and (is_last or match.end() + _TAIL <= len(piece)):
                return _show(match)  # a match near the end is found again in the next piece, with the text after it
        return None

    def replace(self, data: bytes) -> tuple[bytes, int]:
        """Replace each path by its neutral text; return the new bytes and the number of replacements."""
        if self._pattern is None or self._search(data) is None:
            return data, 0
        return self._pattern.subn(lambda match: self._neutral[match.group()], data)

    def _search(self, data: bytes) -> re.Match[bytes] | None:
        """Search; bytes.find is several times quicker than the pattern, and nearly all files hold none."""
        if self._pattern is None or not any(spelling in data for spelling in self._neutral):
            return None
        return self._pattern.search(data)


def _show(match: re.Match[bytes]) -> str:
    tail = re.match(rb"[!#-&(-:=?-~]*", match.string[match.end() : match.end() + _TAIL])
    return (match.group() + (tail.group() if tail else b"")).decode(errors="replace")


def _spell_path(path: str) -> set[bytes]:
    return {path.encode(), path.replace(" ", "\\ ").encode(), quote(path).encode()}


def is_text_file(file: Path) -> bool:
    """Tell whether a file is text. It is read in pieces, because it may be large."""
    return all(is_text(piece) for piece, _ in read_pieces(file, 0))


def is_text(data: bytes) -> bool:
    """Tell whether a file may be edited as text: no text file has a NUL byte, and all binary ones of a stage have."""
    return b"\0" not in data
