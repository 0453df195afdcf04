"""What the distribution of this build machine knows of a library that no component brings: asked of apt.

Knows the names of Debian's development packages, and the .dsc file that describes a source in an archive. Without apt
it knows nothing. It guesses which package is meant, by its name alone.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from crosspython.run.asking import ask_program
from crosspython.store.download import Unavailable, WriteError
from crosspython.store.fetch import Store
from crosspython.store.places import local_path
from crosspython.store.pools import pool_addresses
from crosspython.store.sources import Source

# Folders of headers that belong to no library.
_COMMON = ("sys", "linux", "include", "bits", "net")
_FIELD = re.compile(r"^(?P<name>[\w-]+): *(?P<value>.*(?:\n[ \t].*)*)", re.MULTILINE)
# In Debian's and Ubuntu's archives, and in Debian's security archive; as pool_addresses finds it again.
_FOLDER = re.compile(r"pool/(?:updates/)?(?:main|universe)/(?P<folder>.+)/[^/]+")
_FILE = re.compile(r"^ (?P<sha256>[0-9a-f]{64}) +\d+ (?P<name>\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class Development:
    """A development package. source, version: of its source package; folder: the source's, below pool/main/."""

    name: str
    summary: str
    source: str
    version: str
    folder: str


@dataclass(frozen=True)
class PoolSource:
    """Upstream's archive in the pool, and the development packages that Debian builds it with."""

    source: Source
    beneath: tuple[str, ...]


def find_development(wanted: str) -> Development | None:
    """The development package that probably has a header, a library or a package of pkg-config: `portaudio.h`,
    `asound`, `libcurl`, `gtk+-2.0`. None if no name fits, or if this machine has no apt."""
    names = _ask("pkgnames").split()
    for word in _words(wanted):
        # libcurl4-openssl-dev is for curl; libalsa-ocaml-dev is another language's
        called = re.compile(rf"(?:lib)?{re.escape(word)}[\d.-]*(?P<kind>(?:-(?!ocaml)[\w.]+)?)-dev")
        fitting = [(len(match["kind"]), len(name), name) for name in names if (match := called.fullmatch(name))]
        if fitting:
            return _describe(min(fitting)[-1])
    return None


def find_source(package: Development, store: Store) -> PoolSource | None:
    """Upstream's archive of a development package, as its .dsc file in the archive states it. None if there is none.
    Fetches that file, so not with `offline`."""
    title = f"{package.source}_{package.version.partition(':')[2] or package.version}"
    text = _read_from_pool(f"{package.folder}/{title}.dsc", store)
    names = {match["name"]: match["sha256"] for match in _FILE.finditer(text)}
    upstream = re.compile(
        rf"{re.escape(title.rpartition('-')[0] or title)}\.orig\.tar\.\w+|{re.escape(title)}\.tar\.\w+"
    )
    found = next((name for name in sorted(names) if upstream.fullmatch(name)), None)
    if found is None:
        return None
    needs = re.findall(r"[\w.+-]+-dev\b", _fields(text).get("Build-Depends", ""))
    return PoolSource(Source(names[found], pool=f"{package.folder}/{found}"), tuple(dict.fromkeys(needs)))


def _words(wanted: str) -> Iterator[str]:
    """What a package may be called that has this, the likeliest name first."""
    path = re.sub(r"\.(?:h|hh|hpp|hxx|so[.\d]*|pc)$|[-_]config$", "", wanted.lower())
    for part in path.split("/"):
        name = part.removeprefix("lib")
        # usb-1.0 comes from libusb-1.0-0-dev, asoundlib.h from libasound2-dev
        words = dict.fromkeys((name, re.sub(r"[-_]?\d[\d.]*$", "", name), name.removesuffix("lib")))
        yield from (word for word in words if word and part not in _COMMON)


def _describe(name: str) -> Development | None:
    fields = _fields(_ask("show", "--no-all-versions", "--", name))
    folder = _FOLDER.fullmatch(fields.get("Filename", ""))
    if folder is None:
        return None
    source = re.fullmatch(r"(?P<name>\S+)(?: \((?P<version>\S+)\))?", fields.get("Source", name))
    assert source is not None  # deb-control(5), Source
    summary = (fields.get("Description-en") or fields.get("Description", "")).partition("\n")[0]
    return Development(name, summary, source["name"], source["version"] or fields["Version"], folder["folder"])


def _fields(text: str) -> dict[str, str]:
    """The fields of a paragraph (deb-control(5), deb822); the first one of a name."""
    found: dict[str, str] = {}
    for match in _FIELD.finditer(text):
        found.setdefault(match["name"], match["value"])
    return found


def _ask(*arguments: str) -> str:
    return ask_program(("apt-cache", *arguments))


def _read_from_pool(pool: str, store: Store) -> str:
    """The text of a file in one of the pools; empty if none has it."""
    with tempfile.TemporaryDirectory() as folder:
        part = Path(folder, "file")
        for address in (address for base in store.pools() for address in pool_addresses(base, quote(pool, safe="/+"))):
            try:
                place = local_path(address)
                if place is None:
                    store.downloader.download(address, part, pool.rpartition("/")[2])
                return (place or part).read_text(encoding="utf-8")
            except (Unavailable, WriteError, OSError, UnicodeDecodeError):
                part.unlink(missing_ok=True)
    return ""
