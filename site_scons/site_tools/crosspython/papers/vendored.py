"""Libraries of other projects that CPython's source contains and that become part of it: expat, libmpdec, HACL*.

Since 3.12 CPython lists them in Misc/sbom.spdx.json. For older releases, the versions of the two important ones are
read from their headers. Licences are data here, because CPython's document does not contain them.
"""

from __future__ import annotations

import json
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from packageurl import PackageURL

from crosspython.papers.part import LIBRARY, Origin, Part, full_cpe
from crosspython.store.formats import read_members
from crosspython.store.tree import reading

_DOCUMENT = "Misc/sbom.spdx.json"
# In each the version is three macros, whose names have this prefix.
_HEADERS = {"Modules/expat/expat.h": ("expat", "XML"), "Modules/_decimal/libmpdec/mpdecimal.h": ("mpdecimal", "MPD")}
_MACROS = ("MAJOR_VERSION", "MINOR_VERSION", "MICRO_VERSION")


def vendored_in(source: Path) -> tuple[Part, ...]:
    """The libraries in an archive of CPython's source, as far as the archive lists them. Raises ArchiveError."""
    headers: dict[str, str] = {}
    with reading(source):
        for member in read_members(source):
            place = member.name.partition("/")[2]
            if member.open is None or place not in (_DOCUMENT, *_HEADERS):
                continue
            with member.open() as stream:
                text = stream.read().decode("utf-8", errors="replace")
            if place == _DOCUMENT:
                return tuple(_read_package(package) for package in json.loads(text)["packages"])
            headers[place] = text
    found = [_read_header(place, text) for place, text in sorted(headers.items())]
    return tuple(part for part in found if part is not None)


def _read_package(package: dict[str, Any]) -> Part:
    name, version = str(package["name"]), str(package.get("versionInfo", ""))
    told = {each["referenceType"]: str(each["referenceLocator"]) for each in package.get("externalRefs", ())}
    hashes = {each["algorithm"]: str(each["checksumValue"]) for each in package.get("checksums", ())}
    place = str(package.get("downloadLocation", ""))
    return Part(
        kind=LIBRARY,
        name=name,
        version=version,
        purl=told.get("purl") or PackageURL("generic", None, name, version or None).to_string(),
        cpe=told.get("cpe23Type", ""),
        license=_known().get(name, {}).get("license", ""),
        origins=(Origin(place.rpartition("/")[2], hashes.get("SHA256", ""), place),) if "://" in place else (),
        made="is part of CPython's source",
    )


def _read_header(place: str, text: str) -> Part | None:
    name, prefix = _HEADERS[place]
    found = [re.search(rf"#\s*define\s+{prefix}_{macro}\s+(\d+)", text) for macro in _MACROS]
    version = ".".join(match[1] for match in found if match)
    if not all(found):
        return None
    return Part(
        kind=LIBRARY,
        name=name,
        version=version,
        purl=PackageURL("generic", None, name, version).to_string(),
        cpe=full_cpe(_known()[name]["cpe"], version),
        license=_known()[name]["license"],
        made="is part of CPython's source",
    )


@cache
def _known() -> dict[str, dict[str, str]]:
    known: dict[str, dict[str, str]] = tomllib.loads((Path(__file__).parent / "vendored.toml").read_text())
    return known
