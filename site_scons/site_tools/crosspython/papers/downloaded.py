"""The files that the build of a package would download, as parts: an override declares them ([[fetches]]).

A file is known by its address and hash. Its name and version are read from the address, as far as it tells them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from packageurl import PackageURL

from crosspython.errors import ArchiveError
from crosspython.papers.part import LIBRARY, Origin, Part
from crosspython.papers.sources import LICENSE_FILES
from crosspython.store.formats import read_members
from crosspython.store.sources import Source
from crosspython.store.tree import reading
from crosspython.wheels.model import Fetch

_SUFFIX = re.compile(r"\.(tar(\.\w+)?|t[bgx]z|zip|gz|xz|bz2|zst|whl)\Z")
_VERSIONED = re.compile(r"(?P<name>.+?)[-_]v?(?P<version>\d[\w.+-]*)")


def describe_fetches(fetches: Iterable[Fetch]) -> tuple[Part, ...]:
    """The declared downloads of a package as parts of its wheel."""
    return tuple(map(_describe, fetches))


def _describe(fetch: Fetch) -> Part:
    from packageurl.contrib.url2purl import get_purl

    # A repository's archive and a package of an index have kinds of purl of their own.
    purl: PackageURL | None = get_purl(fetch.url)  # type: ignore[no-untyped-call]
    filename = Source(fetch.sha256, fetch.url).filename
    if purl is None or purl.type == "generic" or not purl.version:
        name, version = _read_name(PurePosixPath(fetch.file).name or filename)
        purl = PackageURL("generic", None, fetch.cmake or name, version)
    told = {"download_url": fetch.url, "checksum": f"sha256:{fetch.sha256}"}
    return Part(
        kind=LIBRARY,
        name=purl.name,
        version=purl.version or "",
        purl=PackageURL(purl.type, purl.namespace, purl.name, purl.version, told).to_string(),
        license=fetch.license,
        origins=(Origin(filename, fetch.sha256, fetch.url),),
        made="compiled from a source that the build of the package would download",
    )


def _read_name(filename: str) -> tuple[str, str | None]:
    """Name and version in the name of a file: "zlib-1.3.1.tar.gz"."""
    stem = _SUFFIX.sub("", filename)
    match = _VERSIONED.fullmatch(stem)
    return (match["name"], match["version"]) if match else (stem, None)


def texts_in_archive(file: Path) -> dict[str, bytes]:
    """The texts of licences in the top folder of an archive of sources; empty if the file is no archive."""
    texts = {}
    try:
        with reading(file):
            for member in read_members(file):
                path = PurePosixPath(member.name)
                if len(path.parts) <= 2 and path.name.upper().startswith(LICENSE_FILES) and member.open is not None:
                    with member.open() as stream:
                        texts[path.name] = stream.read()
    except ArchiveError:
        return {}
    return texts
