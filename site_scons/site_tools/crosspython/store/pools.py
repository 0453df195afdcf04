"""The distribution's source pools: the archives that this build machine is configured to use, and the paths in them.

It asks apt, and knows the layout of Debian's and Ubuntu's archives. It contains no host names, and fetches nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from urllib.parse import urlsplit

from crosspython.run.asking import ask_program

_COMMAND = ("apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages")
_SCHEMES = ("http", "https", "file")


@cache
def apt_pools() -> tuple[str, ...]:
    """The base addresses of the archives in apt's configuration; empty without apt.

    Source: apt-get(8), `indextargets`; asked once a process, and only when a pool is wanted.
    """
    bases = (line.strip().rstrip("/") for line in ask_program(_COMMAND).splitlines())
    return tuple(dict.fromkeys(base for base in bases if urlsplit(base).scheme in _SCHEMES))


def pool_addresses(base: str, pool: str) -> Iterator[str]:
    """Possible addresses of `pool` in an archive, a path such as z/zlib/zlib_1.3.orig.tar.gz; the likeliest one first.

    Debian's security archive has its files below pool/updates/main. Ubuntu keeps some of what Debian has in main in
    universe (Debian's and Ubuntu's archives themselves; no document promises it).
    """
    base = base.rstrip("/")
    yield f"{base}/pool/main/{pool}"
    if "security" in base:
        yield f"{base}/pool/updates/main/{pool}"
    if "ubuntu" in urlsplit(base).path:
        yield f"{base}/pool/universe/{pool}"
