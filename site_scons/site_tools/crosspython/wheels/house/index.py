"""The wheelhouse's simple index: HTML (PEP 503) and JSON (PEP 691) with hashes, and metadata beside wheels (PEP 658).

They are plain files for any static web server; pip's --find-links reads the folder itself. The index is always written
from the wheels that are there, so wheels that were removed leave no trace.
Paths belong to the build machine, addresses in the index are relative.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from html import escape
from pathlib import Path
from urllib.parse import quote

from packaging.metadata import parse_email

from crosspython.errors import ArchiveError
from crosspython.store.disk import write_whole
from crosspython.wheels.repairing.archive import parse_wheel_name

_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head><meta name="pypi:repository-version" content="1.1"><title>{title}</title></head>
<body>
{links}
</body>
</html>
"""


@dataclass(frozen=True)
class IndexedWheel:
    """One wheel's entry in the index."""

    filename: str
    version: str
    size: int
    sha256: str
    metadata_sha256: str
    requires_python: str | None


def write_index(wheelhouse: Path, leave_out: Collection[Path] = ()) -> None:
    """Write `simple/` and the metadata of each wheel in a folder. Raises ArchiveError for a file that is no wheel."""
    projects: dict[str, list[IndexedWheel]] = defaultdict(list)
    metadata = set()
    for wheel in sorted({*wheelhouse.glob("*.whl")} - {*leave_out}):
        projects[parse_wheel_name(wheel.name).name].append(_index(wheel))
        metadata.add(f"{wheel.name}.metadata")
    for stale in wheelhouse.glob("*.whl.metadata"):
        if stale.name not in metadata:
            stale.unlink()
    simple = wheelhouse / "simple"
    shutil.rmtree(simple, ignore_errors=True)
    for project, wheels in sorted(projects.items()):
        write_whole(simple / project / "index.html", _project_page(project, wheels))
        write_whole(simple / project / "index.json", _to_json(_describe_project(project, wheels)))
    links = "\n".join(f'<a href="{project}/">{project}</a><br>' for project in sorted(projects))
    write_whole(simple / "index.html", _PAGE.format(title="Simple index", links=links))
    listing = {"meta": {"api-version": "1.1"}, "projects": [{"name": project} for project in sorted(projects)]}
    write_whole(simple / "index.json", _to_json(listing))


def read_metadata(wheel: Path) -> str:
    """The METADATA of a wheel file. Raises ArchiveError."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            names = [
                name for name in archive.namelist() if name.endswith(".dist-info/METADATA") and name.count("/") == 1
            ]
            return archive.read(names[0]).decode("utf-8")
    except (OSError, zipfile.BadZipFile, IndexError, UnicodeDecodeError) as error:
        raise ArchiveError(
            f"{wheel.name}: not a wheel", expected="a zip archive with METADATA", found=str(error)
        ) from error


def _index(wheel: Path) -> IndexedWheel:
    text = read_metadata(wheel)
    write_whole(wheel.with_name(wheel.name + ".metadata"), text)
    with wheel.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return IndexedWheel(
        filename=wheel.name,
        version=str(parse_wheel_name(wheel.name).version),
        size=wheel.stat().st_size,
        sha256=digest,
        metadata_sha256=hashlib.sha256(text.encode()).hexdigest(),
        requires_python=parse_email(text)[0].get("requires_python"),
    )


def _project_page(project: str, wheels: list[IndexedWheel]) -> str:
    return _PAGE.format(title=f"Links for {project}", links="\n".join(map(_link, wheels)))


def _link(wheel: IndexedWheel) -> str:
    """The HTML link of a wheel. data-dist-info-metadata is the attribute's name before PEP 714."""
    attributes = [
        f'{name}="sha256={wheel.metadata_sha256}"' for name in ("data-core-metadata", "data-dist-info-metadata")
    ]
    if wheel.requires_python:
        attributes.append(f'data-requires-python="{escape(wheel.requires_python)}"')
    return f'<a href="{_address(wheel)}#sha256={wheel.sha256}" {" ".join(attributes)}>{escape(wheel.filename)}</a><br>'


def _describe_project(project: str, wheels: list[IndexedWheel]) -> dict[str, object]:
    files = [
        {
            "filename": wheel.filename,
            "url": _address(wheel),
            "hashes": {"sha256": wheel.sha256},
            "core-metadata": {"sha256": wheel.metadata_sha256},
            "size": wheel.size,
            **({"requires-python": wheel.requires_python} if wheel.requires_python else {}),
        }
        for wheel in wheels
    ]
    versions = list(dict.fromkeys(wheel.version for wheel in wheels))
    return {"meta": {"api-version": "1.1"}, "name": project, "versions": versions, "files": files}


def _address(wheel: IndexedWheel) -> str:
    return f"../../{quote(wheel.filename)}"


def _to_json(value: object) -> str:
    return json.dumps(value, indent=1, sort_keys=True) + "\n"
