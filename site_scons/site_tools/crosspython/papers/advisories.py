"""Reads advisories about known vulnerabilities from files of the OSV format (ossf.github.io/osv-schema), and finds the
parts of a product that they concern.

The files are in a folder, or in a zip archive such as the OSV database offers for each ecosystem. There may be hundreds
of thousands of files, so only files that contain a wanted name are parsed.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cvss import CVSS2, CVSS3, CVSS4, CVSSError
from packageurl import PackageURL
from packaging.utils import canonicalize_name

from crosspython.errors import ConfigurationError
from crosspython.papers.part import Part
from crosspython.papers.version_order import Incomparable, release_key, version_key, version_of_tag

# Severities in rising order. "unknown" is the last, because such a vulnerability may be as severe as any other.
SEVERITIES = ("none", "low", "medium", "high", "critical", "unknown")

_CVSS = {"CVSS_V4": CVSS4, "CVSS_V3": CVSS3, "CVSS_V2": CVSS2}
_SPELT = {"moderate": "medium", "important": "high"}
# Ecosystems whose versions of a library are upstream's. Distributions have versions of their own (3.0.1-1+deb12u2).
_OF_RELEASES = ("", "oss-fuzz", "bitnami", "conancenter", "git", "generic", "vcpkg")
_ECOSYSTEMS = {"pypi": "pkg:pypi/", "crates.io": "pkg:cargo/"}


@dataclass(frozen=True)
class Affected:
    """The package and the versions that an advisory concerns.

    ranges:   lists of events in their order: ("introduced", "1.0"), ("fixed", "1.2")
    versions: single versions that the advisory lists
    commits:  the advisory also lists commits of a repository; releases cannot be compared with these
    """

    ecosystem: str
    name: str
    purl: str
    cpes: tuple[str, ...]
    ranges: tuple[tuple[tuple[str, str], ...], ...]
    versions: frozenset[str]
    commits: bool


@dataclass(frozen=True)
class Advisory:
    """One advisory. names: its id, and its ids in other databases"""

    id: str
    names: tuple[str, ...]
    summary: str
    severity: str
    affected: tuple[Affected, ...]


@dataclass(frozen=True)
class Judgement:
    """The result of comparing a part with an advisory. is_certain: the part's version could be compared; fixed: the
    versions without the vulnerability"""

    is_certain: bool
    fixed: tuple[str, ...] = ()


def read_advisories(place: Path, parts: Sequence[Part]) -> Iterator[Advisory]:
    """The advisories of a database that may be about some of these parts. Those that were withdrawn are left out.

    place: a folder of JSON files, at any depth, or a zip archive of them, or one such file
    Raises ConfigurationError: it cannot be read, or holds none.
    """
    wanted, count, broken = _wanted(parts), 0, []
    for name, data in _files(place):
        count += 1
        if not wanted.search(data):
            continue
        try:
            found = json.loads(data)
            records = found if isinstance(found, list) else [found]
            advisories = [_read_record(record) for record in records]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            broken.append(f"{name}: {error}")
            continue
        yield from (advisory for advisory in advisories if advisory is not None)
    if broken or not count:
        raise ConfigurationError(
            f"cve_db={place}: not a database of advisories",
            evidence=broken[:10],
            expected="JSON files of the OSV format, in a folder or a zip archive",
            found="no JSON file" if not count else f"{len(broken)} files that cannot be read",
        )


def judge(part: Part, advisory: Advisory) -> Judgement | None:
    """Compare a part with an advisory; None: the advisory does not concern this part, or not this version of it."""
    judgements = [found for each in advisory.affected if _is_about(part, each) and (found := _judge(part, each))]
    certain = [each for each in judgements if each.is_certain]
    if certain:
        return Judgement(True, tuple(dict.fromkeys(version for each in certain for version in each.fixed)))
    return judgements[0] if judgements else None


def _wanted(parts: Sequence[Part]) -> re.Pattern[bytes]:
    """A pattern that matches any of the parts' names, in all usual spellings."""
    names = {part.name for part in parts} | {product for part in parts if (product := _cpe_product(part.cpe)[1])}
    spelt = sorted("[-_.]+".join(map(re.escape, re.split("[-_.]+", name))) for name in names)
    return re.compile("|".join(spelt or ["(?!)"]).encode(), re.IGNORECASE)


def _files(place: Path) -> Iterator[tuple[str, bytes]]:
    try:
        if place.is_dir():
            for path in sorted(place.rglob("*.json")):
                yield str(path.relative_to(place)), path.read_bytes()
        elif zipfile.is_zipfile(place):
            with zipfile.ZipFile(place) as archive:
                for name in sorted(name for name in archive.namelist() if name.endswith(".json")):
                    yield name, archive.read(name)
        else:
            yield place.name, place.read_bytes()
    except (OSError, zipfile.BadZipFile) as error:
        raise ConfigurationError(f"cve_db={place}: cannot be read", found=str(error)) from error


def _read_record(record: Mapping[str, Any]) -> Advisory | None:
    if record.get("withdrawn"):
        return None
    aliases = [str(name) for name in record.get("aliases", ())]
    return Advisory(
        id=str(record["id"]),
        names=tuple(dict.fromkeys([str(record["id"]), *aliases])),
        summary=" ".join(str(record.get("summary") or record.get("details") or "").split())[:120],
        severity=_severity(record),
        affected=tuple(_read_affected(entry) for entry in record.get("affected", ())),
    )


def _read_affected(entry: Mapping[str, Any]) -> Affected:
    package = entry.get("package", {})
    ranges = entry.get("ranges", ())
    own = [entry.get("database_specific") or {}, entry.get("ecosystem_specific") or {}]
    own += [each.get("database_specific") or {} for each in ranges]
    cpes = [str(each) for told in own for each in (told.get("cpe"), *(told.get("cpes") or ())) if each]
    events = [
        tuple((str(kind), str(version)) for event in each["events"] for kind, version in event.items())
        for each in ranges
        if each.get("type") != "GIT"
    ]
    return Affected(
        ecosystem=str(package.get("ecosystem", "")).partition(":")[0].lower(),
        name=str(package.get("name", "")),
        purl=str(package.get("purl", "")),
        cpes=tuple(cpes),
        ranges=tuple(events),
        versions=frozenset(map(str, entry.get("versions", ()))),
        commits=any(each.get("type") == "GIT" for each in ranges),
    )


def _severity(record: Mapping[str, Any]) -> str:
    """The severity by the newest kind of CVSS score in the record, for all packages or for one; else the word that the
    database gives."""
    told = [*(record.get("severity") or ())]
    for entry in record.get("affected", ()):
        told += entry.get("severity") or ()
    for kind, read in _CVSS.items():
        for score in (each["score"] for each in told if each.get("type") == kind):
            try:
                return str(read(score).severities()[0] if kind != "CVSS_V4" else read(score).severity).lower()
            except CVSSError:
                continue
    word = str((record.get("database_specific") or {}).get("severity", "")).lower()
    word = _SPELT.get(word, word)
    return word if word in SEVERITIES else "unknown"


def _is_about(part: Part, affected: Affected) -> bool:
    if affected.purl:
        return _same_package(part, affected.purl)
    if prefix := _ECOSYSTEMS.get(affected.ecosystem):
        return part.purl.startswith(prefix) and canonicalize_name(affected.name) == canonicalize_name(part.name)
    vendor, product = _cpe_product(part.cpe)
    if product and any(_cpe_product(cpe) == (vendor, product) for cpe in affected.cpes):
        return True
    is_release = part.purl.startswith("pkg:generic/") and affected.ecosystem in _OF_RELEASES
    return is_release and affected.name.lower() in {part.name.lower(), product} - {""}


def _same_package(part: Part, purl: str) -> bool:
    try:
        told, own = PackageURL.from_string(purl), PackageURL.from_string(part.purl)
    except ValueError:
        return False
    return (told.type, told.namespace, told.name) == (own.type, own.namespace, own.name)


def _cpe_product(cpe: str) -> tuple[str, str]:
    """Vendor and product of a CPE 2.3 name."""
    fields = re.split(r"(?<!\\):", cpe)
    return (fields[3], fields[4]) if len(fields) > 4 else ("", "")


def _judge(part: Part, affected: Affected) -> Judgement | None:
    if part.version in affected.versions or _is_tagged(part, affected.versions):
        return Judgement(True, _fixed(affected))
    if not part.version:
        return Judgement(False)
    try:
        if any(_is_within(part, events) for events in affected.ranges):
            return Judgement(True, _fixed(affected))
    except Incomparable:
        return Judgement(False, _fixed(affected))
    knows_only_commits = affected.commits and not affected.ranges and not affected.versions
    return Judgement(False) if knows_only_commits else None


def _is_tagged(part: Part, versions: frozenset[str]) -> bool:
    """Whether one of these versions is a tag of the part's repository that means its release."""
    if not part.purl.startswith("pkg:generic/"):
        return False
    try:
        own = release_key(part.version)
    except Incomparable:
        return False
    for tag in versions:
        try:
            if release_key(version_of_tag(tag)) == own:
                return True
        except Incomparable:
            continue
    return False


def _is_within(part: Part, events: Sequence[tuple[str, str]]) -> bool:
    """Whether a version is affected, by OSV's algorithm (its specification, "Evaluation"): each event, in order, may
    change the answer. "0" is before all versions."""
    own = version_key(part, part.version)
    is_within = ("introduced", "0") in events
    known: list[tuple[Any, str]] = [(version_key(part, version), kind) for kind, version in events if version != "0"]
    for key, kind in sorted(known):
        if kind == "introduced" and own >= key:
            is_within = True
        elif (kind == "fixed" and own >= key) or (kind == "last_affected" and own > key):
            is_within = False
    return is_within


def _fixed(affected: Affected) -> tuple[str, ...]:
    return tuple(version for events in affected.ranges for kind, version in events if kind == "fixed")
