"""Source: one file that a recipe may be built from, named by its SHA-256; where its bytes come from does not matter."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """One alternative of a recipe's sources.

    url:  upstream's own address
    pool: the path below pool/main/ of a Debian archive that carries the same bytes
    """

    sha256: str
    url: str | None = None
    pool: str | None = None

    @property
    def filename(self) -> str:
        """The name that mirrors and the user know the file by."""
        return (self.url or self.pool or self.sha256).rpartition("/")[2]
