"""The files that have to accompany a product that is given to others: the texts of all licences, the places of the
sources, patches, and a table of all parts. The layout is that of Buildroot's legal-info (its manual, "Legal notice and
licensing").
"""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from crosspython.papers.part import Part
from crosspython.store.disk import write_whole
from crosspython.store.formats import read_members
from crosspython.store.tree import reading
from crosspython.workshop import LICENSES

_COLUMNS = (
    "product",
    "package",
    "version",
    "kind",
    "license",
    "license files",
    "source archive",
    "source site",
    "source sha256",
    "patches",
)


@dataclass(frozen=True)
class Delivered:
    """A part of some products, with the texts of its licence by file name."""

    part: Part
    products: tuple[str, ...]
    texts: Mapping[str, bytes]


def write_legal_info(delivered: Sequence[Delivered], folder: Path) -> list[str]:
    """Write the folder anew. Returns the titles of those parts for which no text of a licence was found."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    table = io.StringIO(newline="")
    hashes: dict[str, str] = {}
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for each in delivered:
        place = f"{each.part.name}-{each.part.version}".rstrip("-")
        for name, text in each.texts.items():
            _put(folder / "licenses" / place / name.replace("/", "-"), text)
        for change in each.part.changes:
            _put(folder / "patches" / place / change.name, change.text.encode())
        hashes |= {origin.filename: origin.sha256 for origin in each.part.origins if origin.sha256}
        writer.writerow(_row(each))
    write_whole(folder / "manifest.csv", table.getvalue())
    write_whole(folder / "sources.sha256", "".join(f"{hashes[name]}  {name}\n" for name in sorted(hashes)))
    return [each.part.title for each in delivered if not each.texts]


def _row(each: Delivered) -> list[str]:
    part = each.part
    return [
        " ".join(each.products),
        part.name,
        part.version,
        part.kind,
        part.license or part.stated or "unknown",
        " ".join(name.replace("/", "-") for name in each.texts),
        " ".join(origin.filename for origin in part.origins),
        " ".join(origin.url for origin in part.origins),
        " ".join(origin.sha256 for origin in part.origins),
        " ".join(change.name for change in part.changes),
    ]


def _put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def texts_in_stage(stage: Path, name: str) -> dict[str, bytes]:
    """The texts of a component's licence, from its stage archive. Raises ArchiveError."""
    texts, place = {}, f"{LICENSES}/{name}/"
    with reading(stage):
        for member in read_members(stage):
            if member.name.startswith(place) and member.open is not None:
                with member.open() as stream:
                    texts[member.name.removeprefix(place)] = stream.read()
    return texts
