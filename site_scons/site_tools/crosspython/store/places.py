"""The places of a source, in order. Pure, except for one check: whether the user put a file into the store.

A place is an address or a path of the build machine, as text. fetch.py and download.py get files from places.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from urllib.parse import quote, urlsplit
from urllib.request import url2pathname

from crosspython.errors import ConfigurationError, hide_logins
from crosspython.store.pools import pool_addresses
from crosspython.store.sources import Source


def places_of(source: Source, folder: Path, mirror: str | None, pools: Callable[[], Sequence[str]]) -> Iterator[str]:
    """The places of a source: a file that the user put into the store's `folder`, the mirror, upstream, the pools.
    `pools` is called only if the places before it are not sufficient."""
    by_hand = folder / source.filename
    if by_hand.is_file():
        yield str(by_hand)
    if mirror:
        is_address = "://" in mirror
        yield from (
            f"{mirror.rstrip('/')}/{quote(name, safe='+~') if is_address else name}" for name in source.filenames
        )
    if source.url is not None:
        yield source.url
    if source.pool is not None:
        for base in pools():
            yield from pool_addresses(base, source.pool)


def check_mirror(mirror: str | None) -> None:
    """Raise ConfigurationError for an address of an unknown scheme."""
    if mirror and "://" in mirror and urlsplit(mirror).scheme not in ("http", "https", "file"):
        raise ConfigurationError(
            f"mirror={hide_logins(mirror)}: not a mirror",
            expected="a folder, or an address with http://, https:// or file://",
        )


def local_path(place: str) -> Path | None:
    """The file that a place names on this machine; None if it is an address of another one."""
    if place.startswith("file:"):
        return Path(url2pathname(urlsplit(place).path))
    return None if "://" in place else Path(place)
