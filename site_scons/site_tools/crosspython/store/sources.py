"""Source: one file that a recipe may be built from, named by its SHA-256; where its bytes come from does not matter."""

from __future__ import annotations

from urllib.parse import urlsplit

import msgspec


class Source(msgspec.Struct, frozen=True):
    """One alternative of a recipe's sources.

    url:  upstream's own address
    pool: the path below pool/main/ of a Debian archive that carries the same bytes
    indexed: whether its address comes from a package index, which may want to know who asks
    """

    sha256: str
    url: str | None = None
    pool: str | None = None
    indexed: bool = False

    @property
    def filename(self) -> str:
        """The name that the file has in the store, and that the user knows it by."""
        return self.filenames[0]

    @property
    def filenames(self) -> tuple[str, ...]:
        """The names under which a mirror may carry the file: upstream's, then the distribution's."""
        paths = (urlsplit(self.url).path if self.url else "", self.pool or "")
        names = dict.fromkeys(path.rpartition("/")[2] for path in paths)
        return tuple(name for name in names if name not in ("", ".", "..")) or (self.sha256,)
