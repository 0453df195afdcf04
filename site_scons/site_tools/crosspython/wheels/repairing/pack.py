"""Packs a tree into a wheel whose bytes depend only on the tree and on the wheel that it was unpacked from.

Knows PEP 427: the order of the members, what RECORD says. Names are sorted with the .dist-info folder last; all members
are deflated and have one time, and the modes 755 or 644. The files that are as they were are not compressed again. All
paths belong to the build machine.
"""

from __future__ import annotations

import base64
import hashlib
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path

from installer.records import Hash, RecordEntry
from installer.utils import construct_record_file

from crosspython.store.pieces import read_pieces
from crosspython.store.walk import find_files
from crosspython.wheels.repairing import dist_info
from crosspython.wheels.repairing.archive import WheelTree
from crosspython.wheels.repairing.unchanged import Members, Unchanged


def pack_wheel(tree: WheelTree, product: Path, epoch: int) -> None:
    """Write RECORD and the wheel. `epoch` (seconds) is every file's time; the product appears when it is whole."""
    entries = {tree.name_in_wheel(path): path for path in find_files(tree.root) if not _is_record(path, tree)}
    product.parent.mkdir(parents=True, exist_ok=True)
    part = product.with_name(product.name + ".part")
    with tree.source.open("rb") as source, _Archive(part, "w") as archive:
        members = Members(source)
        rows = [archive.add(name, path, epoch, members) for name, path in _in_order(entries, tree)]
        record = f"{tree.dist_info.name}/RECORD"
        listing = construct_record_file([("platlib", row) for row in (*rows, RecordEntry(record, None, None))])  # type: ignore[misc]
        with listing:
            archive.writestr(_header(record, False, epoch), listing.read())
    part.replace(product)


def _in_order(entries: Mapping[str, Path], tree: WheelTree) -> list[tuple[str, Path]]:
    """The files sorted by name, .dist-info last, as PEP 427 recommends: an installer finds it without reading the
    rest."""
    metadata = f"{tree.dist_info.name}/"
    return sorted(entries.items(), key=lambda entry: (entry[0].startswith(metadata), entry[0]))


def _is_record(path: Path, tree: WheelTree) -> bool:
    return path.parent == tree.dist_info and path.name in ("RECORD", *dist_info.SIGNATURES)


class _Archive(zipfile.ZipFile):
    """A zip archive that also takes compressed bytes."""

    def add(self, name: str, path: Path, epoch: int, members: Members) -> RecordEntry:
        """Add a file, or the member that it still is."""
        status = path.stat()
        header = _header(name, bool(status.st_mode & 0o100), epoch)
        header.file_size = status.st_size  # zipfile needs it to choose the large format
        same = members.find(name, path)
        sha256 = self._copy(header, same, members) if same else self._compress(header, path)
        digest = base64.urlsafe_b64encode(sha256).decode().rstrip("=")
        return RecordEntry(name, Hash("sha256", digest), status.st_size)

    def _compress(self, header: zipfile.ZipInfo, path: Path) -> bytes:
        sum_ = hashlib.sha256()
        with self.open(header, "w") as member:
            for piece, _ in read_pieces(path, 0):
                sum_.update(piece)
                member.write(piece)
        return sum_.digest()

    def _copy(self, header: zipfile.ZipInfo, same: Unchanged, members: Members) -> bytes:
        """Do what `open` and `close` of a member do, with sizes and checksum that are known from the start."""
        assert self.fp is not None
        header.header_offset = self.fp.tell()
        header.CRC, header.compress_size = same.crc, same.compressed
        self.fp.write(header.FileHeader())
        for piece in members.read(same):
            self.fp.write(piece)
        self.filelist.append(header)
        self.NameToInfo[header.filename] = header
        self.start_dir = self.fp.tell()
        return same.sha256


def _header(name: str, executable: bool, epoch: int) -> zipfile.ZipInfo:
    year, month, day, hour, minute, second, *_ = time.gmtime(epoch)
    header = zipfile.ZipInfo(name, (year, month, day, hour, minute, second))
    header.compress_type = zipfile.ZIP_DEFLATED
    header.create_system = 3  # Unix, whoever packs: only then do installers look at the mode
    header.external_attr = (0o100755 if executable else 0o100644) << 16
    return header
