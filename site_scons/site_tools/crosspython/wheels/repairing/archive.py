"""Unpacks a wheel into a tree, as pip would install it below the prefix, and refuses what is no wheel.

Knows PEP 427: where the parts of a wheel go, what WHEEL and RECORD say. pack.py makes a wheel of the tree. Code is
judged elsewhere. All paths belong to the build machine.
"""

from __future__ import annotations

import shutil
import struct
import unicodedata
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import IO

from packaging.tags import Tag
from packaging.utils import BuildTag, InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from crosspython.errors import AuditError
from crosspython.store.archive import unpack_archive
from crosspython.store.walk import find_files
from crosspython.wheels.repairing import dist_info
from crosspython.wheels.tags import compress_tags

_END, _END_SIZE = b"PK\x05\x06", 22  # the record at the end of a zip archive, without its comment
# The version of the format, the flags and the method of compression in the header of a member (APPNOTE.TXT, 4.3.7,
# 4.4.3, 4.4.4).
_HEADER = struct.Struct("<4xHHH")
_NEWEST = 63
_ENCRYPTED = 1 << 0 | 1 << 6 | 1 << 13


@dataclass(frozen=True)
class WheelName:
    """The parts of a wheel's file name (PEP 427)."""

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
            f"{filename}: this is not the name of a wheel",
            expected="name-version-python-abi-platform.whl (PEP 427)",
            found=str(error),
        ) from error
    return WheelName(name, version, build, tags)


@dataclass
class WheelTree:
    """A wheel below a prefix. source: the wheel that was unpacked; names: the names in the wheel of files that are not
    in site-packages"""

    source: Path
    root: Path
    site: Path
    dist_info: Path
    names: dict[Path, str] = field(default_factory=dict)

    def name_in_wheel(self, path: Path) -> str:
        return self.names.get(path) or path.relative_to(self.site).as_posix()

    @property
    def metadata(self) -> Message:
        return dist_info.read_headers(self.dist_info / "METADATA")

    @property
    def libs(self) -> Path:
        """The folder for libraries that are put into the wheel: the package's name with .libs, as in other tools."""
        return self.site / f"{self.dist_info.name.partition('-')[0]}.libs"


def lay_out_wheel(wheel: Path, root: Path, series: str) -> WheelTree:
    """Unpack a wheel below a folder that takes the prefix's place, replacing it. Raises ArchiveError, AuditError."""
    shutil.rmtree(root, ignore_errors=True)
    site = root / f"lib/python{series}/site-packages"
    site.parent.mkdir(parents=True)
    unpack_archive(wheel, site)
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    tree = WheelTree(wheel, root, site, _find_dist_info(wheel, names, site))
    damage = [*_judge_names(names, tree), *dist_info.find_damage(tree.dist_info)]
    if not damage:
        damage = [f"{name} is a script and an entry point" for name in _scripts_twice(tree)]
    if damage:
        raise AuditError(f"{wheel.name} is damaged", evidence=damage)
    distribution = canonicalize_name(tree.dist_info.name.partition("-")[0])
    places = {
        "purelib": site,
        "platlib": site,
        "scripts": root / "bin",
        "data": root,
        "headers": root / f"include/site/python{series}/{distribution}",
    }
    for data in sorted(path for path in site.glob("*.data") if path.is_dir() and not path.is_symlink()):
        for path in sorted(find_files(data)):
            _place(path, path.relative_to(data), places, tree, wheel.name)
        shutil.rmtree(data)
    return tree


def _find_dist_info(wheel: Path, names: Sequence[str], site: Path) -> Path:
    """The only .dist-info folder. As in pip, it is searched in the unchanged names of the archive."""
    found = sorted(site.glob("*.dist-info"))
    needed = ("METADATA", "WHEEL")
    whole = [f"{folder.name}/{name}" in names and (folder / name).is_file() for folder in found for name in needed]
    if len(found) != 1 or not all(whole):
        raise AuditError(
            f"{wheel.name}: not a wheel",
            expected="one .dist-info folder at the top, with METADATA and WHEEL",
            found=", ".join(path.name for path in found) or "none",
        )
    return found[0]


def _judge_names(names: Sequence[str], tree: WheelTree) -> list[str]:
    """The problems with members that installers treat differently: uv refuses names with control characters, and
    programs in folders; pip uses any .data folder, others only the one with the name of the .dist-info."""
    odd = [name for name in names if any(unicodedata.category(letter) == "Cc" for letter in name)]
    tops = sorted({name.partition("/")[0] for name in names if "/" in name})
    data = f"{tree.dist_info.name.removesuffix('.dist-info')}.data"
    strange = [top for top in tops if top.endswith(".data") and top != data]
    deep = [name for name in names if name.startswith(f"{data}/scripts/") and name.rstrip("/").count("/") > 2]
    return [
        *(f"{name!r} has a control character in its name" for name in odd),
        *(f"{top} belongs to another package: its own would be {data}" for top in strange),
        *(f"{name} is a program in a subfolder" for name in deep),
    ]


def judge_archive(wheel: Path) -> list[str]:
    """The problems with a ready wheel that pip accepts and uv refuses: members that are neither deflated nor stored,
    members whose own header says something else than the archive's directory, which alone pip reads, and bytes after
    the end of the archive (APPNOTE.TXT, 4.3.7, 4.3.16)."""
    usual = (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED)
    with zipfile.ZipFile(wheel) as archive, wheel.open("rb") as file:
        problems = [
            f"{each.filename} is not deflated" for each in archive.infolist() if each.compress_type not in usual
        ]
        problems += [problem for each in archive.infolist() for problem in _judge_header(file, each)]
        file.seek(-_END_SIZE - len(archive.comment), 2)
        return problems + ([] if file.read(len(_END)) == _END else ["has data after the end of the archive"])


def _judge_header(file: IO[bytes], member: zipfile.ZipInfo) -> list[str]:
    file.seek(member.header_offset)
    version, flags, method = _HEADER.unpack(file.read(_HEADER.size))
    if version > _NEWEST:
        return [f"{member.filename} is in version {version / 10} of the zip format, says its header"]
    if flags & _ENCRYPTED:
        return [f"{member.filename} is encrypted, says its header"]
    differs = method != member.compress_type
    return [f"{member.filename} is compressed in another way, says its header"] if differs else []


def _scripts_twice(tree: WheelTree) -> list[str]:
    """Programs that are a file of the wheel and also an entry point: some installers refuse that."""
    folder = tree.site / tree.dist_info.name.replace(".dist-info", ".data") / "scripts"
    return [name for name in dist_info.read_programs(tree.dist_info) if (folder / name).exists()]


def name_dist_info(tree: WheelTree, name: WheelName) -> None:
    """Rename a tree's .dist-info, and the names in .data, to the name in the file name, which is normalized (PEP 427,
    Escaping and Unicode)."""
    distribution = "-".join(str(name).split("-")[:2])
    old, new = tree.dist_info, tree.site / f"{distribution}.dist-info"
    if old == new:
        return
    old.rename(new)
    tree.dist_info = new
    for path, inside in tree.names.items():
        tree.names[path] = f"{distribution}.data/{inside.partition('/')[2]}"


def _place(path: Path, way: Path, places: dict[str, Path], tree: WheelTree, wheel: str) -> None:
    scheme, *rest = way.parts
    if scheme not in places or not rest:
        raise AuditError(
            f"{wheel}: not a wheel", expected=f"{', '.join(places)} below .data", found=f"{way.as_posix()} there"
        )
    place = places[scheme].joinpath(*rest)
    if place.exists():
        raise AuditError(f"{wheel}: {way.as_posix()} would overwrite another file of the wheel")
    place.parent.mkdir(parents=True, exist_ok=True)
    tree.names[place] = path.relative_to(tree.site).as_posix()
    path.rename(place)


def state_tags(tree: WheelTree, tags: Iterable[Tag], *, is_pure: bool) -> None:
    """Write a wheel's tags into its WHEEL file, one a line as PEP 427 wants it."""
    file = tree.dist_info / "WHEEL"
    lines = file.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if line and not line.startswith(("Tag:", "Root-Is-Purelib:"))]
    stated = [f"Root-Is-Purelib: {str(is_pure).lower()}", *(f"Tag: {tag}" for tag in sorted(map(str, tags)))]
    file.write_text("\n".join([*kept, *stated]) + "\n", encoding="utf-8")


def verify_record(tree: WheelTree) -> list[str]:
    """The differences between a wheel's files and its RECORD, by name; empty: there are none."""
    names = {tree.name_in_wheel(path): path for path in find_files(tree.root)}
    return dist_info.compare_record(tree.dist_info / "RECORD", names)
