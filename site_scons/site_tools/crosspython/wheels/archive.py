"""A wheel file as a tree and back: laid out as pip would put it below the prefix, packed so that its bytes tell nothing.

Knows PEP 427: where the parts of a wheel go, what WHEEL and RECORD say. The same tree gives the same bytes: names
sorted with the .dist-info folder last, one time, modes 755 or 644. Code is judged elsewhere. All paths belong to the
build machine.
"""

from __future__ import annotations

import base64
import hashlib
import shutil
import time
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path

from installer.records import Hash, InvalidRecordEntry, RecordEntry, parse_record_file
from installer.utils import construct_record_file
from packaging.tags import Tag
from packaging.utils import BuildTag, InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from crosspython.errors import AuditError
from crosspython.store.archive import unpack_archive
from crosspython.store.walk import find_files
from crosspython.wheels.tags import compress_tags

# RECORD's own line has no hash, and signatures of a RECORD are not listed in it (PEP 427).
_SIGNATURES = ("RECORD.jws", "RECORD.p7s")


@dataclass(frozen=True)
class WheelName:
    """What a wheel's file name says (PEP 427)."""

    name: str
    version: Version
    build: BuildTag
    tags: frozenset[Tag]

    def __str__(self) -> str:
        build = f"-{self.build[0]}{self.build[1]}" if self.build else ""
        return f"{self.name.replace('-', '_')}-{self.version}{build}-{compress_tags(self.tags)}.whl"


def parse_wheel_name(filename: str) -> WheelName:
    """Read a wheel's file name. Raises AuditError."""
    try:
        name, version, build, tags = parse_wheel_filename(filename)
    except (InvalidWheelFilename, InvalidVersion) as error:
        raise AuditError(
            f"{filename}: not the name of a wheel",
            expected="name-version-python-abi-platform.whl (PEP 427)",
            found=str(error),
        ) from error
    return WheelName(name, version, build, tags)


@dataclass
class WheelTree:
    """A wheel below a prefix. `names` tells which name in the wheel a file has that does not lie in site-packages."""

    root: Path
    site: Path
    dist_info: Path
    names: dict[Path, str] = field(default_factory=dict)

    def name_in_wheel(self, path: Path) -> str:
        return self.names.get(path) or path.relative_to(self.site).as_posix()

    @property
    def metadata(self) -> Message:
        return _read_headers(self.dist_info / "METADATA")

    @property
    def libs(self) -> Path:
        """The folder for libraries that are put into the wheel: its name with the end .libs, as others call it."""
        return self.site / f"{self.dist_info.name.partition('-')[0]}.libs"


def lay_out(wheel: Path, root: Path, series: str) -> WheelTree:
    """Unpack a wheel below a folder that takes the prefix's place, replacing it. Raises ArchiveError, AuditError."""
    shutil.rmtree(root, ignore_errors=True)
    site = root / f"lib/python{series}/site-packages"
    site.parent.mkdir(parents=True)
    unpack_archive(wheel, site)
    found = sorted(site.glob("*.dist-info"))
    if len(found) != 1 or not all((found[0] / name).is_file() for name in ("METADATA", "WHEEL")):
        raise AuditError(
            f"{wheel.name}: not a wheel",
            expected="one .dist-info folder at the top, with METADATA and WHEEL",
            found=", ".join(path.name for path in found) or "none",
        )
    tree = WheelTree(root, site, found[0])
    data = found[0].with_suffix(".data")
    distribution = canonicalize_name(found[0].name.partition("-")[0])
    places = {
        "purelib": site,
        "platlib": site,
        "scripts": root / "bin",
        "data": root,
        "headers": root / f"include/site/python{series}/{distribution}",
    }
    for path in sorted(find_files(data)) if data.is_dir() else ():
        _place(path, path.relative_to(data), places, tree, wheel.name)
    shutil.rmtree(data, ignore_errors=True)
    return tree


def _place(path: Path, way: Path, places: dict[str, Path], tree: WheelTree, wheel: str) -> None:
    scheme, *rest = way.parts
    if scheme not in places or not rest:
        raise AuditError(
            f"{wheel}: not a wheel", expected=f"{', '.join(places)} below .data", found=f"{way.as_posix()} there"
        )
    place = places[scheme].joinpath(*rest)
    if place.exists():
        raise AuditError(f"{wheel}: {way.as_posix()} goes where another file of the wheel lies")
    place.parent.mkdir(parents=True, exist_ok=True)
    tree.names[place] = path.relative_to(tree.site).as_posix()
    path.rename(place)


def state_tags(tree: WheelTree, tags: Iterable[Tag], *, is_pure: bool) -> None:
    """Write a wheel's tags into its WHEEL file, one a line as PEP 427 wants it."""
    file = tree.dist_info / "WHEEL"
    kept = [
        line for line in file.read_text().splitlines() if line and not line.startswith(("Tag:", "Root-Is-Purelib:"))
    ]
    stated = [f"Root-Is-Purelib: {str(is_pure).lower()}", *(f"Tag: {tag}" for tag in sorted(map(str, tags)))]
    file.write_text("\n".join([*kept, *stated]) + "\n")


def verify_record(tree: WheelTree) -> list[str]:
    """What in a wheel differs from what its RECORD says, by name; an empty list means that nothing does."""
    record = tree.dist_info / "RECORD"
    if not record.is_file():
        return ["there is no RECORD"]
    rows = {name: (name, *rest) for name, *rest in parse_record_file(record.read_text().splitlines())}
    problems = []
    for path in find_files(tree.root):
        name = tree.name_in_wheel(path)
        row = rows.pop(name, None)
        if row is None:
            problems += [f"{name} is not in RECORD"] if path.name not in _SIGNATURES else []
        elif path != record and not _is_recorded(path, row):
            problems.append(f"{name} has other bytes than RECORD says")
    return problems + [f"{name} is in RECORD only" for name in rows]


def _is_recorded(path: Path, row: tuple[str, ...]) -> bool:
    try:
        entry = RecordEntry.from_elements(*row)
    except (InvalidRecordEntry, TypeError):
        return False
    with path.open("rb") as stream:
        return entry.hash_ is not None and entry.validate_stream(stream)


def pack_wheel(tree: WheelTree, product: Path, epoch: int) -> None:
    """Write RECORD and the wheel. `epoch` (seconds) is every file's time; the product appears when it is whole."""
    entries = {tree.name_in_wheel(path): path for path in find_files(tree.root) if not _is_record(path, tree)}
    product.parent.mkdir(parents=True, exist_ok=True)
    part = product.with_name(product.name + ".part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        rows = [_add(archive, name, path, epoch) for name, path in _in_order(entries, tree)]
        record = f"{tree.dist_info.name}/RECORD"
        listing = construct_record_file([("platlib", row) for row in (*rows, RecordEntry(record, None, None))])  # type: ignore[misc]
        with listing:
            archive.writestr(_header(record, False, epoch), listing.read())
    part.replace(product)


def _in_order(entries: Mapping[str, Path], tree: WheelTree) -> list[tuple[str, Path]]:
    """By name, .dist-info last, as PEP 427 recommends: an installer then finds it without reading the rest."""
    metadata = f"{tree.dist_info.name}/"
    return sorted(entries.items(), key=lambda entry: (entry[0].startswith(metadata), entry[0]))


def _add(archive: zipfile.ZipFile, name: str, path: Path, epoch: int) -> RecordEntry:
    data = path.read_bytes()
    archive.writestr(_header(name, bool(path.stat().st_mode & 0o100), epoch), data)
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
    return RecordEntry(name, Hash("sha256", digest), len(data))


def _is_record(path: Path, tree: WheelTree) -> bool:
    return path.parent == tree.dist_info and path.name in ("RECORD", *_SIGNATURES)


def _header(name: str, executable: bool, epoch: int) -> zipfile.ZipInfo:
    year, month, day, hour, minute, second, *_ = time.gmtime(epoch)
    header = zipfile.ZipInfo(name, (year, month, day, hour, minute, second))
    header.compress_type = zipfile.ZIP_DEFLATED
    header.create_system = 3  # Unix, whoever packs: only then do installers look at the mode
    header.external_attr = (0o100755 if executable else 0o100644) << 16
    return header


def _read_headers(file: Path) -> Message:
    return HeaderParser().parsestr(file.read_text(encoding="utf-8", errors="surrogateescape"))
