"""An inventory as SPDX 3.0.1 in JSON-LD.

The same inventory gives the same bytes: the document's name space is made of the content, the time is that of all
products. Elements are called by their parts' package URLs.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit
from uuid import NAMESPACE_URL, uuid5

from spdx_python_model import v3_0_1 as spdx

from crosspython.papers.part import Change, Inventory, Part
from crosspython.version import VERSION
from crosspython.workshop import EPOCH

_VERSION = "3.0.1"
_Kind = TypeVar("_Kind", bound=spdx.Element)


def write_spdx(inventory: Inventory) -> str:
    """The document, as text."""
    return _Document(inventory).text()


class _Document:
    """One document in the making."""

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        parts = sorted(inventory.parts, key=lambda part: part.ref)
        content = repr(replace(inventory, parts=tuple(parts), facts=dict(sorted(inventory.facts.items()))))
        self.space = f"urn:uuid:{uuid5(NAMESPACE_URL, content)}#"
        self.all = spdx.SHACLObjectSet()
        self.elements: list[spdx.Element] = []
        self.licenses: dict[str, spdx.simplelicensing_LicenseExpression] = {}
        self.creation = spdx.CreationInfo(specVersion=_VERSION)
        self.creation.created = datetime.fromtimestamp(EPOCH, UTC)
        agent = self._add(spdx.SoftwareAgent, "agent", name=f"crosspython {VERSION}")
        self.creation.createdBy = [agent]
        self.all.add(self.creation)

    def text(self) -> str:
        inventory = self.inventory
        product = self._package("product", inventory.name, inventory.version, inventory.sha256)
        product.software_primaryPurpose = spdx.software_SoftwarePurpose.firmware
        product.comment = "; ".join(f"{name}: {value}" for name, value in sorted(inventory.facts.items()))
        parts = sorted(inventory.parts, key=lambda part: part.ref)
        packages = {part.ref: self._part(part) for part in parts}
        self._relate(product, spdx.RelationshipType.contains, packages.values())
        for part in parts:
            needs = [packages[ref] for ref in part.depends if ref in packages]
            self._relate(packages[part.ref], spdx.RelationshipType.dependsOn, needs)
        sbom = self._add(spdx.software_Sbom, "sbom", rootElement=[product], element=list(self.elements))
        sbom.software_sbomType = [spdx.software_SbomType.build]
        document = self._add(spdx.SpdxDocument, "document", name=inventory.name, rootElement=[sbom])
        document.profileConformance = [
            spdx.ProfileIdentifierType.core,
            spdx.ProfileIdentifierType.software,
            spdx.ProfileIdentifierType.simpleLicensing,
        ]
        stream = io.BytesIO()
        spdx.JSONLDSerializer(indent=2, sort_keys=True).write(self.all, stream)
        return stream.getvalue().decode() + "\n"

    def _part(self, part: Part) -> spdx.software_Package:
        package = self._package(part.ref, part.name, part.version, part.sha256)
        package.software_primaryPurpose = spdx.software_SoftwarePurpose.library
        package.software_packageUrl = part.purl
        package.externalIdentifier = [
            spdx.ExternalIdentifier(externalIdentifierType=kind, identifier=value)
            for kind, value in (
                (spdx.ExternalIdentifierType.packageUrl, part.purl),
                (spdx.ExternalIdentifierType.cpe23, part.cpe),
            )
            if value
        ]
        places = [origin.url for origin in part.origins if urlsplit(origin.url).scheme]
        if places:
            package.software_downloadLocation = places[0]
        if told := _source_info(part):
            package.software_sourceInfo = told
        if part.license:
            self._relate(package, spdx.RelationshipType.hasDeclaredLicense, [self._license(part.license)])
        elif part.stated:
            package.comment = f"states as its licence: {part.stated}"
        self._relate(package, spdx.RelationshipType.patchedBy, [self._patch(part, change) for change in part.changes])
        return package

    def _package(self, called: str, name: str, version: str, sha256: str) -> spdx.software_Package:
        package = self._add(spdx.software_Package, called, name=name)
        if version:
            package.software_packageVersion = version
        package.verifiedUsing = _hashes(sha256)
        return package

    def _license(self, expression: str) -> spdx.simplelicensing_LicenseExpression:
        if expression not in self.licenses:
            kind = spdx.simplelicensing_LicenseExpression
            said = {"simplelicensing_licenseExpression": expression}
            self.licenses[expression] = self._add(kind, f"license-{expression}", **said)
        return self.licenses[expression]

    def _patch(self, part: Part, change: Change) -> spdx.software_File:
        file = self._add(spdx.software_File, f"{part.ref}-{change.name}", name=change.name)
        file.software_primaryPurpose = spdx.software_SoftwarePurpose.patch
        file.verifiedUsing = _hashes(hashlib.sha256(change.text.encode()).hexdigest())
        if change.mends:
            file.comment = f"mends {', '.join(change.mends)}"
        return file

    def _relate(self, one: spdx.Element, kind: str, others: Iterable[spdx.Element]) -> None:
        if targets := list(others):
            name = f"{str(one.get_id()).partition('#')[2]}-{kind.rpartition('/')[2]}"
            self._add(spdx.Relationship, name, from_=one, relationshipType=kind, to=targets)

    def _id(self, called: str) -> str:
        return self.space + quote(called, safe="%")

    def _add(self, kind: type[_Kind], called: str, **said: Any) -> _Kind:
        element = kind(_id=self._id(called), creationInfo=self.creation, **said)
        self.all.add(element)
        self.elements.append(element)
        return element


def _hashes(sha256: str) -> list[spdx.Hash]:
    return [spdx.Hash(algorithm=spdx.HashAlgorithm.sha256, hashValue=sha256)] if sha256 else []


def _source_info(part: Part) -> str:
    """How a part was made, in words: SPDX has no field for the hashes of its sources."""
    told = [part.made] if part.made else []
    told += [f"source {origin.filename}, sha256:{origin.sha256}" for origin in part.origins if origin.sha256]
    told += [f"the build edits {', '.join(part.edited)}"] if part.edited else []
    return "; ".join(told)
