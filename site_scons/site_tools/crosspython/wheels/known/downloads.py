"""What a build wanted to download, read from its log and its source, in the form that an override takes.

Knows the messages of CMake and git, and the wraps of Meson. What they do not tell is marked to be filled in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from configparser import ConfigParser, Error
from pathlib import Path

from crosspython.wheels.model import Fetch

HASH = "FILL IN: what sha256sum prints for this file"
ARCHIVE = "FILL IN: an archive of what its build takes from {}"
PLACE = "FILL IN: the path in its source at which its build looks for it"

# FetchContent and ExternalProject name their scripts after what they fetch: download-foo.cmake,
# download-foo-populate.cmake, foo-populate-gitclone.cmake.
_CMAKE = re.compile(
    r"CMake Error at (?:\S*/)?(?:download-)?(?P<name>[\w.+-]+?)(?:-populate)?(?:-gitclone)?\.cmake:\d+ \(message\):\s+"
    r"(?:Each download failed!\s+error:\s+downloading\s+'(?P<url>[^']+)'"
    r"|Failed to clone repository:\s+'(?P<git>[^']+)')"
)
_MESON = re.compile(r"^ERROR: Subproject (?P<name>[\w.+-]+) is buildable: NO$", re.MULTILINE)
_ARCHIVE = re.compile(r"https?://[^\s'\"<>()]+\.(?:tar(?:\.\w+)?|t[gbx]z|zip|gz|whl)\b")


def find_downloads(lines: Sequence[str], source: Path) -> tuple[Fetch, ...]:
    """The files that a failed build wanted to download; empty if nothing tells them.

    lines: of its log; source: the folder of the package's source
    """
    text = "\n".join(lines)
    found = [
        Fetch(match["url"] or ARCHIVE.format(match["git"]), HASH, cmake=match["name"])
        for match in _CMAKE.finditer(text)
    ]
    found += [fetch for match in _MESON.finditer(text) for fetch in _wrapped(match["name"], source)]
    found = found or [Fetch(url, HASH, file=PLACE) for url in _ARCHIVE.findall(text)]
    return tuple(dict.fromkeys(found))


def _wrapped(name: str, source: Path) -> Iterator[Fetch]:
    """The files that a wrap names and that are not there (Meson's manual, "Wrap dependency system manual")."""
    for file in sorted(source.rglob(f"subprojects/{name}.wrap")):
        wrap = ConfigParser(interpolation=None)
        try:
            wrap.read(file, encoding="utf-8")
            kind = wrap[wrap.sections()[0]]
        except (Error, IndexError, UnicodeDecodeError, OSError):
            continue
        folder = file.parent.relative_to(source)
        if wrap.sections()[0] == "wrap-git":
            place = folder / kind.get("directory", name)
            yield Fetch(ARCHIVE.format(f"{kind.get('url')}, {kind.get('revision')}"), HASH, folder=str(place))
        for part in ("source", "patch"):
            place = folder / "packagecache" / kind.get(f"{part}_filename", "")
            if f"{part}_url" in kind and not (source / place).is_file():
                yield Fetch(kind[f"{part}_url"], kind.get(f"{part}_hash", HASH), file=str(place))
