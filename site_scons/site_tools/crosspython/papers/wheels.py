"""The parts of a finished wheel: the package, the libraries that it contains, and the parts that its SBOMs name.

Knows core metadata, and PEP 770: the SBOMs in .dist-info/sboms name the libraries that were put into a wheel.
"""

from __future__ import annotations

import json
import tomllib
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from packageurl import PackageURL
from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.metadata import RawMetadata, parse_email
from packaging.utils import canonicalize_name

from crosspython.errors import ArchiveError, hide_logins
from crosspython.papers.part import LIBRARY, PACKAGE, Origin, Part, full_cpe
from crosspython.papers.sources import LICENSE_FILES
from crosspython.papers.stated_licenses import read_stated_license
from crosspython.store.fetch import hash_file
from crosspython.store.formats import read_members
from crosspython.store.tree import reading
from crosspython.wheels.model import LockedPackage, WheelReport

_ENGINES = {
    "ready": "taken as it is from the package index",
    "cross": "cross-compiled from source",
    "emulated": "compiled from source in the emulator",
}


@dataclass(frozen=True)
class WheelFile:
    """A wheel's metadata, the texts of its licence by their names in it, and the SBOMs that it brings, as JSON."""

    metadata: RawMetadata
    license_texts: Mapping[str, bytes]
    sboms: tuple[Any, ...]


def read_wheel_file(wheel: Path) -> WheelFile:
    """Read what a wheel says of itself. Raises ArchiveError."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            names = sorted(name for name in archive.namelist() if ".dist-info/" in name and not name.endswith("/"))
            by_place = {name.partition(".dist-info/")[2]: name for name in names}
            metadata = parse_email(archive.read(by_place["METADATA"]))[0]
            texts = {place: archive.read(name) for place, name in by_place.items() if _is_license(place, metadata)}
            sboms = [archive.read(name) for place, name in by_place.items() if place.startswith("sboms/")]
    except (OSError, zipfile.BadZipFile, KeyError) as error:
        raise ArchiveError(f"{wheel}: not a wheel", expected="a zip archive with METADATA", found=str(error)) from error
    return WheelFile(metadata, texts, tuple(found for text in sboms if (found := _as_json(text)) is not None))


def describe_wheel(
    wheel: Path,
    report: WheelReport,
    package: LockedPackage | None,
    versions: Mapping[str, str],
    libraries: tuple[Part, ...] = (),
    crates: tuple[Part, ...] = (),
) -> tuple[Part, ...]:
    """A wheel as a part, and behind it what it brings.

    package:   what was locked; None where no lock is known
    versions:  of all packages in the wheelhouse, by name
    libraries: that were put into it
    crates:    that it was compiled with
    """
    file = read_wheel_file(wheel)
    license, stated = read_stated_license(file.metadata)
    brought = tuple(part for sbom in file.sboms for part in _parts_of(sbom))
    needs = [package_ref(name, versions[name]) for name in (package.depends if package else ()) if name in versions]
    holds = (*libraries, *crates, *brought)
    part = Part(
        kind=PACKAGE,
        name=report.name,
        version=report.version,
        purl=package_purl(report.name, report.version),
        license=license,
        stated=stated,
        sha256=hash_file(wheel),
        origins=_origins(package, report),
        depends=tuple(sorted({*needs, *(each.ref for each in holds)})),
        made=_ENGINES.get(report.engine, report.engine),
    )
    return part, *holds


def package_purl(name: str, version: str) -> str:
    return PackageURL("pypi", None, name, version or None).to_string()


def package_ref(name: str, version: str) -> str:
    return package_purl(name, version).partition("?")[0]


def packages_in_stage(stage: Path) -> list[Part]:
    """The Python packages that are installed in a stage archive: pip, in CPython's. Raises ArchiveError."""
    found = []
    with reading(stage):
        for member in read_members(stage):
            if member.name.endswith(".dist-info/METADATA") and member.open is not None:
                with member.open() as stream:
                    metadata = parse_email(stream.read())[0]
                found.append(_installed(metadata))
    return found


def _installed(metadata: RawMetadata) -> Part:
    name, version = canonicalize_name(metadata.get("name", "")), metadata.get("version", "")
    license, stated = read_stated_license(metadata)
    purl = package_purl(name, version)
    return Part(PACKAGE, name, version, purl, license=license, stated=stated, made="installed by CPython")


def find_owners(sonames: set[str], stages: Mapping[str, Path]) -> dict[str, str]:
    """The component that each library belongs to. stages: stage archives by component; missing archives are skipped."""
    owners: dict[str, str] = {}
    for component, stage in stages.items():
        if not stage.is_file() or sonames <= owners.keys():
            continue
        with reading(stage):
            names = {member.name.rpartition("/")[2] for member in read_members(stage)}
        owners |= {soname: component for soname in sonames & names if soname not in owners}
    return owners


def library_of_compiler(soname: str, compiler: str) -> Part:
    """A library that belongs to no component, as a part: it came with the compiler, such as "gcc 12.2.0"."""
    name = soname.partition(".so")[0]
    license = next((text for known, text in _runtime().items() if name == known), "")
    kind, _, version = compiler.partition(" ")
    if not license:
        return Part(
            LIBRARY, soname, "", PackageURL("generic", None, soname).to_string(), made="came with the toolchain"
        )
    return Part(
        kind=LIBRARY,
        name=name,
        version=version,
        purl=PackageURL("generic", kind, name, version).to_string(),
        cpe=full_cpe(f"gnu:{kind}", version),
        license=license,
        made=f"came with the compiler, {compiler}",
    )


def as_held(component: Part) -> Part:
    """A component of which wheels contain a copy, as a part without dependencies: a wheel lists the libraries that it
    contains."""
    return replace(component, depends=())


@cache
def _runtime() -> dict[str, str]:
    """The licences of GCC's libraries (its manual, "Runtime Library Exception"), by name."""
    table: dict[str, str] = tomllib.loads((Path(__file__).parent / "runtime.toml").read_text())["libraries"]
    return table


def _is_license(place: str, metadata: RawMetadata) -> bool:
    """Whether a file in .dist-info is a text of the licence: PEP 639 says where they are,
    older backends put them beside METADATA."""
    named = metadata.get("license_files", ())
    last = place.rpartition("/")[2].upper()
    is_usual = "/" not in place and last.startswith(LICENSE_FILES)
    return place.startswith(("licenses/", "license_files/")) or place in named or is_usual


def _origins(package: LockedPackage | None, report: WheelReport) -> tuple[Origin, ...]:
    if package is None:
        return ()
    if package.commit is not None:
        return (Origin(package.commit.id, "", hide_logins(package.commit.url)),)
    taken = [file for file in package.wheels if file.name == report.filename] if report.engine == "ready" else []
    file = taken[0] if taken else package.sdist
    return (Origin(file.name, file.sha256, hide_logins(file.url or "")),) if file is not None else ()


def _as_json(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _parts_of(sbom: Any) -> Iterator[Part]:
    """The components of a CycloneDX document, those inside others, too; what is another thing is passed over."""
    waiting = sbom.get("components", []) if isinstance(sbom, dict) and sbom.get("bomFormat") == "CycloneDX" else []
    while waiting:
        entry = waiting.pop()
        if not isinstance(entry, dict):
            continue
        waiting += entry.get("components", [])
        if (part := _read_component(entry)) is not None:
            yield part


def _read_component(entry: dict[str, Any]) -> Part | None:
    name, version = str(entry.get("name", "")), str(entry.get("version", ""))
    if not name:
        return None
    try:
        purl = PackageURL.from_string(entry["purl"]).to_string()
    except (KeyError, ValueError, TypeError, AttributeError):
        purl = PackageURL("generic", None, name, version or None).to_string()
    return Part(
        kind=LIBRARY,
        name=name,
        version=version,
        purl=purl,
        cpe=str(entry.get("cpe", "")),
        license=_read_expression(entry.get("licenses")),
        made="named by an SBOM in the wheel",
    )


def _read_expression(licenses: Any) -> str:
    """CycloneDX has one expression, or a list of single licences, which all count."""
    try:
        told = [each.get("expression") or each["license"]["id"] for each in licenses or ()]
        text = " AND ".join(f"({each})" for each in told) if len(told) > 1 else "".join(told)
        return canonicalize_license_expression(text) if text else ""
    except (InvalidLicenseExpression, KeyError, TypeError, AttributeError):
        return ""
