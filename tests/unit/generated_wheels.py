"""Wheels that hypothesis makes: valid ones, and the same with one or two faults.

A valid wheel is as the standards allow, which is more than backends write. A fault is what a careless backend, a broken
download or somebody's script may leave; none is an attack on other programs. The board is a 64-bit one.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from hypothesis import strategies as st

from tests.unit.made_elf import EM_AARCH64, EM_X86_64, make_archive, make_elf

ARM64 = {"machine": EM_AARCH64, "bits": 64, "flags": 0}
TAG = "cp313-cp313-linux_aarch64"
PURE = "py3-none-any"
SUFFIX = ".cpython-313-aarch64-linux-gnu.so"
_COMPRESSIONS = (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED)


@dataclass
class Member:
    name: str
    data: bytes = b""
    mode: int = 0o100644
    compression: int = zipfile.ZIP_DEFLATED
    date: tuple[int, int, int, int, int, int] = (1980, 1, 1, 0, 0, 0)


@dataclass
class MadeWheel:
    """A wheel before it is written. rows: edits of RECORD's rows; archive: edits of the whole file's bytes."""

    name: str
    version: str
    tag: str
    build: str
    members: list[Member]
    algorithm: str = "sha256"
    line_end: str = "\n"
    faults: list[str] = field(default_factory=list)
    rows: list[Callable[[list[list[str]]], list[list[str]]]] = field(default_factory=list)
    archive: list[Callable[[bytes], bytes]] = field(default_factory=list)

    @property
    def distribution(self) -> str:
        return re.sub(r"[-_.]+", "_", self.name).lower()

    @property
    def dist_info(self) -> str:
        return f"{self.distribution}-{self.version}.dist-info"

    @property
    def filename(self) -> str:
        return "-".join(filter(None, (self.distribution, self.version, self.build, self.tag))) + ".whl"

    def member(self, name: str) -> Member:
        return next(member for member in self.members if member.name == f"{self.dist_info}/{name}")

    def write(self, folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / self.filename
        rows = [
            [each.name, self._hash(each.data), str(len(each.data))] for each in self.members if each.name[-1:] != "/"
        ]
        rows.append([f"{self.dist_info}/RECORD", "", ""])
        for edit in self.rows:
            rows = edit(rows)
        record = io.StringIO(newline="")
        csv.writer(record, lineterminator=self.line_end).writerows(rows)
        members = (
            [*self.members, Member(f"{self.dist_info}/RECORD", record.getvalue().encode())] if rows else self.members
        )
        with zipfile.ZipFile(path, "w") as archive:
            for each in members:
                header = zipfile.ZipInfo(each.name, each.date)
                header.filename = each.name  # ZipInfo cuts it at a NUL
                header.external_attr = each.mode << 16
                header.compress_type = each.compression
                archive.writestr(header, each.data)
        data = path.read_bytes()
        for change in self.archive:
            data = change(data)
        path.write_bytes(data)
        return path

    def _hash(self, data: bytes) -> str:
        digest = base64.urlsafe_b64encode(hashlib.new(self.algorithm, data).digest())
        return f"{self.algorithm}={digest.decode().rstrip('=')}"


_LETTERS = st.characters(categories=("L", "N"), max_codepoint=0x2FFF)
_WORDS = st.text(st.one_of(_LETTERS, st.sampled_from(" -_+@,'~()[]{}=%$#!;&\"")), min_size=1, max_size=10).map(
    lambda text: "f" + text.strip() + "x"
)
_NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,6}([._-]{1,2}[A-Za-z0-9]{1,5}){0,2}", fullmatch=True).filter(
    lambda name: name.isascii()
)
_VERSIONS = st.sampled_from(
    [
        "1.0",
        "0",
        "1",
        "2024.1.31",
        "1.0.0",
        "1!2.0",
        "1.0a1",
        "1.0rc2",
        "1.0.post1",
        "1.0.dev3",
        "1.0+local.7",
        "1.0a1.post2.dev3",
    ]
)
_TEXTS = st.sampled_from(
    [b"", b"x = 1\n", b"\xef\xbb\xbfx = 1\n", b"# \xe9 latin\n", b"\0\1\2", b"a\r\nb\r\n", b"no end", b"\n" * 5000]
)
_SCRIPTS = st.sampled_from([b"#!python\nx\n", b"#!pythonw\n", b"#!/bin/sh\necho\n", b"\x00binary", b"", b"plain\n"])
_DATES = st.sampled_from([(1980, 1, 1, 0, 0, 0), (2024, 2, 29, 23, 59, 58), (2107, 12, 31, 23, 59, 58)])


def _extension(name: str) -> bytes:
    return make_elf(**ARM64, needed=["libc.so.6"], tail=f"\0PyInit_{name}\0".encode())  # type: ignore[arg-type]


@st.composite
def _files(draw: st.DrawFn, package: str) -> dict[str, bytes]:
    """Modules and data of a package, below folders of any depth."""
    files = {f"{package}/__init__.py": draw(_TEXTS)}
    for _ in range(draw(st.integers(0, 4))):
        way = [
            *draw(st.lists(_WORDS, max_size=3)),
            "m" + draw(_WORDS) + draw(st.sampled_from([".py", ".txt", ".pyi", ""])),
        ]
        files["/".join([package, "d", *way])] = draw(_TEXTS)
    return files


@st.composite
def valid_wheels(draw: st.DrawFn) -> MadeWheel:
    """A wheel that every installer takes, with pure content or with code for the board."""
    name, version = draw(_NAMES), draw(_VERSIONS)
    made = MadeWheel(name, version, PURE, draw(st.sampled_from(["", "", "1", "2abc"])), [])
    package = made.distribution
    files = draw(_files(package))
    code = draw(st.sampled_from(["", "", "module", "abi3", "program", "static"]))
    if code:
        made.tag = TAG if code != "abi3" else "cp38-abi3-linux_aarch64"
        files |= {
            "module": {f"{package}/_speed{SUFFIX}": _extension("_speed")},
            "abi3": {f"{package}/_speed.abi3.so": _extension("_speed")},
            "program": {
                f"{package}/d/tool": make_elf(
                    **ARM64, kind=3, interpreter="/lib/ld-linux-aarch64.so.1", needed=["libc.so.6"]
                )
            },  # type: ignore[arg-type]
            "static": {f"{package}/d/libtoy.a": make_archive({"a.o": make_elf(**ARM64, kind=1)})},  # type: ignore[arg-type]
        }[code]
    data = f"{made.distribution}-{version}.data"
    for scheme, place in (
        ("scripts", ""),
        ("data", "share/"),
        ("headers", ""),
        ("purelib", "pure_"),
        ("platlib", "plat_"),
    ):
        if draw(st.integers(0, 3)) == 0:
            files[f"{data}/{scheme}/{place}{draw(_WORDS)}"] = draw(_SCRIPTS if scheme == "scripts" else _TEXTS)
    if draw(st.booleans()):
        files[f"{made.dist_info}/entry_points.txt"] = draw(
            st.sampled_from(
                [
                    b"[console_scripts]\ntoy = a.b:main\n",
                    b"",
                    b"[x.y]\nA = a\n",
                    b"[gui_scripts]\ng=a:b.c [e]\n",
                    b"# only\n",
                ]
            )
        )
    if draw(st.booleans()):
        files[f"{made.dist_info}/licenses/{draw(_WORDS)}"] = b"MIT\n"
    headers = [b"Metadata-Version: 2.1", f"Name: {name}".encode(), f"Version: {version}".encode()]
    headers += draw(
        st.sampled_from(
            [
                [],
                ["Author: Jérôme".encode()],
                [b"Requires-Dist: x>1; extra == 'y'", b"Provides-Extra: y"],
                [b"License: a\n        b"],
            ]
        )
    )
    files[f"{made.dist_info}/METADATA"] = b"\n".join(
        [*headers, b"", draw(st.sampled_from([b"", b"text\n", b"caf\xc3\xa9"]))]
    )
    wheel = [
        b"Wheel-Version: 1.0",
        b"Generator: x",
        b"Root-Is-Purelib: " + (b"false" if code else b"true"),
        f"Tag: {made.tag}".encode(),
    ]
    if made.build:
        wheel.append(f"Build: {made.build}".encode())
    files[f"{made.dist_info}/WHEEL"] = b"\n".join(wheel) + b"\n"
    made.members = [
        Member(
            each,
            content,
            draw(st.sampled_from([0o100644, 0o100755, 0o100600, 0o644])),
            draw(st.sampled_from(_COMPRESSIONS)),
            draw(_DATES),
        )
        for each, content in files.items()
    ]
    if draw(st.integers(0, 4)) == 0:
        made.members.insert(1, Member(f"{package}/", mode=0o40755))
    made.algorithm = draw(st.sampled_from(["sha256", "sha256", "sha384", "sha512"]))
    made.line_end = draw(st.sampled_from(["\n", "\r\n"]))
    return made


def _drop(name: str) -> Callable[[MadeWheel], None]:
    def fault(made: MadeWheel) -> None:
        made.members = [each for each in made.members if each.name != f"{made.dist_info}/{name}"]

    return fault


def _edit(name: str, edit: Callable[[bytes], bytes]) -> Callable[[MadeWheel], None]:
    def fault(made: MadeWheel) -> None:
        if any(each.name == f"{made.dist_info}/{name}" for each in made.members):
            made.member(name).data = edit(made.member(name).data)

    return fault


def _add(name: str, data: bytes = b"x", mode: int = 0o100644) -> Callable[[MadeWheel], None]:
    """`name` has {package}, {info} and {data} in it."""

    def fault(made: MadeWheel) -> None:
        folders = {
            "package": made.distribution,
            "info": made.dist_info,
            "data": made.dist_info.replace(".dist-info", ".data"),
        }
        made.members.insert(len(made.members) // 2, Member(name.format(**folders), data, mode))

    return fault


def _row(edit: Callable[[list[list[str]]], list[list[str]]]) -> Callable[[MadeWheel], None]:
    return lambda made: made.rows.append(edit)


def _bytes(edit: Callable[[bytes], bytes]) -> Callable[[MadeWheel], None]:
    return lambda made: made.archive.append(edit)


def _set(**values: object) -> Callable[[MadeWheel], None]:
    return lambda made: made.__dict__.update(values)


def _every(**values: object) -> Callable[[MadeWheel], None]:
    def fault(made: MadeWheel) -> None:
        made.members = [replace(each, **values) for each in made.members]  # type: ignore[arg-type]

    return fault


FAULTS: dict[str, Callable[[MadeWheel], None]] = {
    "no METADATA": _drop("METADATA"),
    "no WHEEL": _drop("WHEEL"),
    "no RECORD": _row(lambda rows: []),
    "RECORD lacks a file": _row(lambda rows: rows[1:]),
    "RECORD tells of a file that is not there": _row(lambda rows: [["gone.py", "sha256=x", "1"], *rows]),
    "RECORD has another hash": _row(lambda rows: [[rows[0][0], rows[0][1][:-4] + "AAAA", rows[0][2]], *rows[1:]]),
    "RECORD has another size": _row(lambda rows: [[rows[0][0], rows[0][1], "123456"], *rows[1:]]),
    "RECORD has no hash": _row(lambda rows: [[rows[0][0], "", ""], *rows[1:]]),
    "RECORD has no size": _row(lambda rows: [[*row[:2], ""] for row in rows]),
    "RECORD tells of a file twice": _row(lambda rows: [*rows, rows[0]]),
    "RECORD lacks itself": _row(lambda rows: rows[:-1]),
    "RECORD has a hash of its own": _row(lambda rows: [*rows[:-1], [rows[-1][0], "sha256=abc", "9"]]),
    "RECORD has four columns": _row(lambda rows: [[*row, "x"] for row in rows]),
    "RECORD by md5": _set(algorithm="md5"),
    "RECORD by sha1": _set(algorithm="sha1"),
    "RECORD by blake2b": _set(algorithm="blake2b"),
    "RECORD has a dot in front": _row(lambda rows: [["./" + row[0], *row[1:]] for row in rows]),
    "RECORD has backslashes": _row(lambda rows: [[row[0].replace("/", "\\"), *row[1:]] for row in rows]),
    "RECORD has an empty row": _row(lambda rows: [[], *rows]),
    "RECORD has folders": _row(lambda rows: [["folder/", "", ""], *rows]),
    "no Wheel-Version": _edit("WHEEL", lambda data: data.replace(b"Wheel-Version: 1.0\n", b"")),
    "Wheel-Version 2.0": _edit("WHEEL", lambda data: data.replace(b": 1.0", b": 2.0")),
    "Wheel-Version 1.9": _edit("WHEEL", lambda data: data.replace(b": 1.0", b": 1.9")),
    "Wheel-Version x": _edit("WHEEL", lambda data: data.replace(b": 1.0", b": x")),
    "no Root-Is-Purelib": _edit("WHEEL", lambda data: re.sub(rb"Root.*\n", b"", data)),
    "Root-Is-Purelib: maybe": _edit("WHEEL", lambda data: re.sub(rb"Purelib: .*\n", b"Purelib: maybe\n", data)),
    "no Tag": _edit("WHEEL", lambda data: re.sub(rb"Tag.*\n", b"", data)),
    "another Tag": _edit("WHEEL", lambda data: re.sub(rb"Tag: .*\n", b"Tag: py2-none-win32\n", data)),
    "WHEEL with CRLF": _edit("WHEEL", lambda data: data.replace(b"\n", b"\r\n")),
    "WHEEL is empty": _edit("WHEEL", lambda data: b""),
    "WHEEL is not UTF-8": _edit("WHEEL", lambda data: data + b"X: \xff\n"),
    "METADATA is empty": _edit("METADATA", lambda data: b""),
    "METADATA is not UTF-8": _edit("METADATA", lambda data: data.replace(b"\n", b"\nX: \xe9\n", 1)),
    "METADATA with CRLF": _edit("METADATA", lambda data: data.replace(b"\n", b"\r\n")),
    "METADATA begins with a blank line": _edit("METADATA", lambda data: b"\n" + data),
    "METADATA with NUL": _edit("METADATA", lambda data: b"\0" + data),
    "METADATA of another package": _edit("METADATA", lambda data: re.sub(rb"Name: .*", b"Name: other", data)),
    "METADATA of another version": _edit("METADATA", lambda data: re.sub(rb"(?m)^Version: .*", b"Version: 77", data)),
    "METADATA with a bad version": _edit("METADATA", lambda data: re.sub(rb"(?m)^Version: .*", b"Version: one", data)),
    "METADATA with two names": _edit("METADATA", lambda data: b"Name: other\n" + data),
    "METADATA needs what cannot be read": _edit("METADATA", lambda data: b"Requires-Dist: x >>> 1\n" + data),
    "METADATA names a file of this machine": _edit(
        "METADATA", lambda data: b"Requires-Dist: x @ file:///srv/x\n" + data
    ),
    "METADATA with a bad marker": _edit("METADATA", lambda data: b"Requires-Dist: x; python == 3\n" + data),
    "Metadata-Version 9": _edit("METADATA", lambda data: data.replace(b"Version: 2.1", b"Version: 9.0")),
    "no Metadata-Version": _edit("METADATA", lambda data: data.replace(b"Metadata-Version: 2.1\n", b"")),
    "Requires-Python 2": _edit("METADATA", lambda data: b"Requires-Python: ~=2.7\n" + data),
    "Requires-Python x": _edit("METADATA", lambda data: b"Requires-Python: x\n" + data),
    "a second .dist-info": _add("other-1.0.dist-info/METADATA"),
    "a .dist-info in a folder": _add("{package}/{info}/METADATA"),
    ".dist-info is a file": _add("x-1.dist-info"),
    "a signature": _add("{info}/RECORD.jws", b"{}"),
    "INSTALLER is there": _add("{info}/INSTALLER", b"x\n"),
    "direct_url.json is there": _add("{info}/direct_url.json", b"{}"),
    "a member above": _add("../above.py"),
    "a member above, from a folder": _add("{package}/../../above.py"),
    "a member with dots that stays": _add("{package}/x/../y.py"),
    "a member at the root": _add("/root.py"),
    "a member with a dot in front": _add("./dot.py"),
    "a member with two slashes": _add("{package}//two.py"),
    "a member with a backslash": _add("{package}\\back.py"),
    "a member with a drive": _add("C:/drive.py"),
    "a member with a line end": _add("{package}/two\nlines.py"),
    "a member with a return": _add("{package}/two\rlines.py"),
    "a member of control characters": _add("{package}/\x01\x1b[31m.py"),
    "a member with a blank at its end": _add("{package}/blank "),
    "a member with a long name": _add("{package}/" + "n" * 256 + ".py"),
    "a member in deep folders": _add("{package}/" + "deep/" * 300 + "x.py"),
    "a member with a path that is too long": _add("{package}/" + "deeper/" * 800 + "x.py"),
    "a folder with content": _add("{package}/folder/", b"content"),
    "a file and a folder at once": _add("{package}/__init__.py/x.py"),
    "a member twice": _add("{package}/__init__.py", b"y = 2\n"),
    "names that differ in case": _add("{package}/__INIT__.py"),
    "names that differ in normalization": lambda made: (
        _add("{package}/e\u0301.py")(made),
        _add("{package}/\xe9.py", b"1")(made),
    )[0],
    "a link": _add("{package}/link", b"__init__.py", 0o120777),
    "a link to the outside": _add("{package}/link", b"../../../etc/hostname", 0o120777),
    "a named pipe": _add("{package}/pipe", b"", 0o10644),
    "a setuid file": _add("{package}/setuid", b"x", 0o104755),
    "a file that nobody may read": _add("{package}/secret", b"x", 0o100000),
    "a scheme that is none": _add("{data}/lib/x"),
    "a file in .data": _add("{data}/x"),
    "an empty name in .data": _add("{data}/scripts/"),
    ".data of another package": _add("other-1.0.data/scripts/other"),
    ".data of another spelling": lambda made: _add(f"{made.name}-{made.version}.0.data/purelib/spelled.py")(made),
    "a script in a folder": _add("{data}/scripts/sub/run", b"#!python\n"),
    "a script over an entry point": lambda made: (
        _add("{data}/scripts/toy", b"#!python\n")(made),
        _add("{info}/entry_points.txt", b"[console_scripts]\ntoy=a:b\n")(made),
    )[0],
    "the same module in purelib": _add("{data}/purelib/{package}/__init__.py", b"z\n"),
    "an entry point without function": _edit("entry_points.txt", lambda data: b"[console_scripts]\na = b\n"),
    "an entry point with a path": _edit("entry_points.txt", lambda data: b"[console_scripts]\n../../a = b:c\n"),
    "an entry point without name": _edit("entry_points.txt", lambda data: b"[console_scripts]\n= b:c\n"),
    "an entry point with a blank": _edit("entry_points.txt", lambda data: b"[console_scripts]\na b = b:c\n"),
    "an entry point twice": _edit("entry_points.txt", lambda data: b"[console_scripts]\na = b:c\na = d:e\n"),
    "no section of entry points": _edit("entry_points.txt", lambda data: b"a = b:c\n"),
    "entry points in UTF-16": _edit("entry_points.txt", lambda data: "[console_scripts]".encode("utf-16")),
    "bytecode": _add("{package}/__pycache__/__init__.cpython-313.pyc", b"\0" * 16),
    "a .pth": _add("zzz_toy.pth", b"import os\n"),
    "code for another machine": _add("{package}/_x" + SUFFIX, make_elf(machine=EM_X86_64, bits=64, flags=0)),
    "code of another Python": _add("{package}/_x.cpython-311-aarch64-linux-gnu.so", _extension("_x")),
    "code that is cut": _add("{package}/_cut" + SUFFIX, _extension("_cut")[:90]),
    "code of a header alone": _add("{package}/_head" + SUFFIX, b"\x7fELF"),
    "code of nonsense": _add("{package}/_wild" + SUFFIX, b"\x7fELF\x02\x01\x01" + b"\xff" * 200),
    "code that needs a library": _add("{package}/_needs" + SUFFIX, make_elf(**ARM64, needed=["libfoo.so.1"])),  # type: ignore[arg-type]
    "code with an RPATH": _add("{package}/_rpath" + SUFFIX, make_elf(**ARM64, needed=["libc.so.6"], rpath="/srv/lib")),  # type: ignore[arg-type]
    "a static library that is cut": _add("{package}/cut.a", make_archive({"a.o": make_elf(**ARM64, kind=1)})[:100]),  # type: ignore[arg-type]
    "a static library of nonsense": _add("{package}/wild.a", b"!<arch>\n" + b"\xff" * 99),
    "tags of another machine": _set(tag="cp313-cp313-linux_x86_64"),
    "tags of another Python": _set(tag="cp311-cp311-linux_aarch64"),
    "tags that are none": _set(tag="cp313-cp313-"),
    "tags that are many": _set(tag="py2.py3-none-any"),
    "tags of a system that is unknown": _set(tag="cp313-cp313-hurd_1"),
    "a build number without digit": _set(build="x1"),
    "no compression that is usual: bzip2": _every(compression=zipfile.ZIP_BZIP2),
    "no compression that is usual: lzma": _every(compression=zipfile.ZIP_LZMA),
    "no modes": _every(mode=0),
    "the archive is cut": _bytes(lambda data: data[: len(data) * 2 // 3]),
    "the archive is cut at its end": _bytes(lambda data: data[:-9]),
    "the archive is empty": _bytes(lambda data: b""),
    "the archive is a page": _bytes(lambda data: b"<!DOCTYPE html><html></html>"),
    "bytes before the archive": _bytes(lambda data: b"#!/bin/sh\n" + data),
    "bytes behind the archive": _bytes(lambda data: data + b"\n" * 9),
    "a byte is another": _bytes(lambda data: data[:60] + bytes(byte ^ 0x55 for byte in data[60:61]) + data[61:]),
    "a byte in the middle is another": _bytes(
        lambda data: (
            data[: len(data) // 2] + bytes(byte ^ 1 for byte in data[len(data) // 2 :][:1]) + data[len(data) // 2 + 1 :]
        )
    ),
    "a compression that is unknown": _bytes(lambda data: _patch(data, 8, 10, b"\x63\0")),
    "an encrypted member": _bytes(lambda data: _patch(data, 6, 8, b"\1\0")),
    "a checksum that is wrong": _bytes(lambda data: _patch(data, 14, 16, b"\1\2\3\4")),
    "a date that is none": _bytes(lambda data: _patch(data, 10, 12, b"\xff\xff\xff\xff")),
}


def _patch(data: bytes, local: int, central: int, value: bytes) -> bytes:
    """Other bytes in the first member's two headers, at these places behind their signatures (APPNOTE.TXT, 4.3)."""
    for signature, place in ((b"PK\x03\x04", local), (b"PK\x01\x02", central)):
        start = data.find(signature) + place
        data = data[:start] + value + data[start + len(value) :]
    return data


@st.composite
def broken_wheels(draw: st.DrawFn) -> MadeWheel:
    """A wheel with one fault or two. Some are none to an installer: then they are none to us."""
    made = draw(valid_wheels())
    made.faults = draw(st.lists(st.sampled_from(sorted(FAULTS)), min_size=1, max_size=2, unique=True))
    for fault in made.faults:
        FAULTS[fault](made)
    return made
