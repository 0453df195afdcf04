"""Checks the files in a wheel's .dist-info folder: WHEEL, METADATA, entry points, RECORD.

Knows the requirements of the binary distribution format (PEP 427, PEP 376 and their successors on packaging.python.org)
and of the entry points' format, and where pip is more tolerant. It reads one folder, and reports all mistakes in it.
All paths belong to the build machine.
"""

from __future__ import annotations

import configparser
import csv
import hashlib
import io
import posixpath
import re
from base64 import urlsafe_b64encode
from collections import defaultdict
from collections.abc import Mapping
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path

from crosspython.wheels.core_metadata import judge_metadata, judge_text

# RECORD's own line has no hash. Signatures of RECORD are made after it, and need neither a line nor a hash (PEP 427).
SIGNATURES = ("RECORD.jws", "RECORD.p7s")
# "sha256 or better; specifically, md5, sha1 and sha224 are not permitted" (PEP 427).
_HASHES = ("sha256", "sha384", "sha512", "sha3_256", "sha3_384", "sha3_512", "blake2b", "blake2s")
# The value of an entry point for a script: a module and an object in it, perhaps with extras, which are obsolete (entry
# points specification).
_OBJECT = re.compile(r"[\w.]+\s*:\s*[\w.]+\s*(?:\[.*\])?", re.UNICODE)
_SCRIPTS = ("console_scripts", "gui_scripts")
_MARK = "\ufeff"
_LONGEST = 40  # characters of what a message shows


def find_damage(dist_info: Path) -> list[str]:
    """The reasons why an installer cannot read WHEEL, METADATA or entry points, in words."""
    problems = list[str]()
    for name, judge in (
        ("WHEEL", _judge_wheel),
        ("METADATA", judge_metadata),
        ("entry_points.txt", _judge_entry_points),
    ):
        if (dist_info / name).is_file():
            problems += judge_text(name, (dist_info / name).read_bytes(), judge)
    return problems


def read_headers(file: Path) -> Message:
    """The fields of a METADATA or WHEEL in which find_damage found none."""
    return HeaderParser().parsestr(file.read_text(encoding="utf-8"))


def read_programs(dist_info: Path) -> list[str]:
    """The names of the programs that an installer makes from entry points. find_damage must have found no mistakes in
    them."""
    file = dist_info / "entry_points.txt"
    return [name for name, _ in _read_programs(file.read_text(encoding="utf-8"))] if file.is_file() else []


def compare_record(record: Path, names: Mapping[str, Path]) -> list[str]:
    """The differences between a wheel's files and its RECORD, by name; empty: there are none.

    names: the files, by their names in the wheel
    """
    if not record.is_file():
        return ["there is no RECORD"]
    rows, problems = _read_record(record)
    if problems:
        return problems
    for name, path in names.items():
        told = rows.pop(_plain(name), [])
        if path == record or path.name in SIGNATURES:
            continue
        if not told:
            problems.append(f"{name} is not in RECORD")
        for digest, size in told:
            problems += [f"{name} {difference}" for difference in _compare(path, digest, size)]
    return problems + [f"{name} is in RECORD only" for name in rows if not name.endswith("/")]


def _judge_wheel(text: str) -> list[str]:
    """Check WHEEL: an installer refuses a wheel with a later major version of the format (PEP 427)."""
    version = str(HeaderParser().parsestr(text).get("Wheel-Version", "")).strip()
    if not version:
        return ["has no Wheel-Version"]
    if not re.fullmatch(r"\d+(\.\d+)*", version, re.ASCII):
        return [f"its Wheel-Version is {version[:_LONGEST]!r}"]
    if version.partition(".")[0].lstrip("0") in ("", "1"):
        return []
    return [f"is of Wheel-Version {version[:_LONGEST]}, which no pip takes yet"]


def _judge_entry_points(text: str) -> list[str]:
    """Check the entry points: pip reads all of them, and makes programs from some."""
    try:
        scripts = _read_programs(text)
    except configparser.Error as error:
        return [" ".join(re.sub(r"(?:file: )?'<string>',?", "", error.message).split())]
    return [problem for name, value in scripts if (problem := _judge_script(name, value))]


def _judge_script(name: str, value: str) -> str | None:
    first, *further = value.strip().splitlines() or [""]
    if "/" in name:
        return f"{name} = {first}: the name of a program has no slash"
    if len(name.split()) > 1:
        return f"{name} = {first}: the name of a program has no blank"
    if further:
        return f"{name} = {first}: the next line, {further[0]!r}, is indented, so it is a part of this one"
    return None if _OBJECT.fullmatch(first) else f"{name} = {first}: names no function"


def _read_programs(text: str) -> list[tuple[str, str]]:
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # names are case-sensitive
    parser.read_string(text)
    return [(name, value) for group in _SCRIPTS if parser.has_section(group) for name, value in parser.items(group)]


def _read_record(record: Path) -> tuple[dict[str, list[tuple[str, str]]], list[str]]:
    """Hashes and sizes by name, and the lines that cannot be read. A name may occur more than once."""
    rows: dict[str, list[tuple[str, str]]] = defaultdict(list)
    text = _read_text(record)
    if text is None:
        return rows, ["RECORD is not UTF-8 text"]
    lines = io.StringIO(text.removeprefix(_MARK), newline="")
    try:
        for number, columns in enumerate(csv.reader(lines, strict=True), 1):
            if len(columns) != 3:
                return rows, [f"RECORD, row {number}: has {len(columns)} columns instead of 3"]
            name, digest, size = columns
            # uv finds no such row of a .data file.
            if ".data/" in name and posixpath.normpath(name) != name.rstrip("/"):
                return rows, [f"RECORD, row {number}: {name!r} is another spelling of {_plain(name)!r}"]
            rows[_plain(name)].append((digest, size))
    except csv.Error as error:
        return rows, [f"RECORD cannot be read: {error}"]
    return rows, []


def _plain(name: str) -> str:
    """The name in the archive for a name in RECORD: pip reads `./a` as `a`, and `a\\b` as `a/b`."""
    plain = posixpath.normpath(name.replace("\\", "/"))
    return plain + "/" if name.endswith("/") else plain


def _compare(path: Path, told: str, size: str) -> list[str]:
    kind, equals, value = told.partition("=")
    kind = kind.lower()
    if not told:
        return ["has no hash in RECORD"]
    if not equals or kind not in _HASHES:
        return [f"has a hash in RECORD that cannot be verified: {told[:_LONGEST]!r}"]
    with path.open("rb") as file:
        digest = urlsafe_b64encode(hashlib.file_digest(file, kind).digest()).decode().rstrip("=")
    if digest != value.rstrip("=") or (size and size != str(path.stat().st_size)):
        return ["has other bytes than RECORD says"]
    return []


def _read_text(path: Path) -> str | None:
    try:
        return path.read_bytes().decode()
    except UnicodeDecodeError:
        return None
