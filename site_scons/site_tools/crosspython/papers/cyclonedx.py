"""An inventory as CycloneDX 1.6 in JSON (ECMA-424).

The same inventory gives the same bytes: the serial number is made of the content, the time is that of all products.
"""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from cyclonedx.model import (
    AttachedText,
    ExternalReference,
    ExternalReferenceType,
    HashAlgorithm,
    HashType,
    Property,
    XsUri,
)
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import (
    Component,
    ComponentType,
    Diff,
    Patch,
    PatchClassification,
    Pedigree,
)
from cyclonedx.model.dependency import Dependency
from cyclonedx.model.issue import IssueClassification, IssueType
from cyclonedx.model.license import DisjunctiveLicense, License, LicenseExpression
from cyclonedx.model.tool import ToolRepository
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.spdx import is_supported_id
from packageurl import PackageURL

from crosspython.papers.part import PACKAGE, Change, Inventory, Origin, Part
from crosspython.version import VERSION
from crosspython.workshop import EPOCH

_OWN = "crosspython:"


def write_cyclonedx(inventory: Inventory) -> str:
    """The document, as text."""
    root = Component(
        name=inventory.name,
        version=inventory.version,
        type=ComponentType.FIRMWARE,
        bom_ref="product",
        hashes=_hashes(inventory.sha256),
    )
    parts = {part.ref: _component(part) for part in inventory.parts}
    metadata = BomMetaData(
        component=root,
        timestamp=datetime.fromtimestamp(EPOCH, UTC),
        tools=ToolRepository(
            components=[Component(name="crosspython", version=VERSION, type=ComponentType.APPLICATION)]
        ),
        properties=[Property(name=f"{_OWN}{name}", value=value) for name, value in sorted(inventory.facts.items())],
    )
    bom = Bom(
        metadata=metadata,
        components=parts.values(),
        dependencies=[Dependency(root.bom_ref, [Dependency(each.bom_ref) for each in parts.values()])],
        serial_number=UUID(int=0),
    )
    for part in inventory.parts:
        bom.register_dependency(parts[part.ref], [parts[ref] for ref in part.depends if ref in parts])
    bom.serial_number = uuid5(NAMESPACE_URL, JsonV1Dot6(bom).output_as_string(indent=2))
    return f"{JsonV1Dot6(bom).output_as_string(indent=2)}\n"


def _component(part: Part) -> Component:
    return Component(
        name=part.name,
        version=part.version or None,
        type=ComponentType.LIBRARY,
        bom_ref=part.ref,
        purl=PackageURL.from_string(part.purl),
        cpe=part.cpe or None,
        licenses=_licenses(part),
        hashes=_hashes(part.sha256),
        external_references=[_reference(origin, part) for origin in part.origins if origin.url],
        pedigree=_pedigree(part),
        properties=[
            Property(name=f"{_OWN}{name}", value=value)
            for name, value in (("kind", part.kind), ("made", part.made))
            if value
        ],
    )


def _licenses(part: Part) -> list[License]:
    if part.license:
        is_single = is_supported_id(part.license)
        return [DisjunctiveLicense(id=part.license) if is_single else LicenseExpression(part.license)]
    return [DisjunctiveLicense(name=part.stated)] if part.stated else []


def _hashes(sha256: str) -> list[HashType]:
    return [HashType(alg=HashAlgorithm.SHA_256, content=sha256)] if sha256 else []


def _reference(origin: Origin, part: Part) -> ExternalReference:
    is_source = not origin.filename.endswith(".whl")
    return ExternalReference(
        type=ExternalReferenceType.SOURCE_DISTRIBUTION if is_source else ExternalReferenceType.DISTRIBUTION,
        url=XsUri(origin.url),
        hashes=_hashes(origin.sha256),
        comment="one of these alternatives" if len(part.origins) > 1 and part.kind != PACKAGE else None,
    )


def _pedigree(part: Part) -> Pedigree | None:
    """The changes to upstream's source."""
    if not part.changes and not part.edited:
        return None
    return Pedigree(
        patches=[_patch(change) for change in part.changes],
        notes=f"the build edits {', '.join(part.edited)}" if part.edited else None,
    )


def _patch(change: Change) -> Patch:
    return Patch(
        type=PatchClassification.BACKPORT if change.mends else PatchClassification.UNOFFICIAL,
        diff=Diff(text=AttachedText(content=change.text), url=XsUri(change.name)),
        resolves=[IssueType(type=IssueClassification.SECURITY, id=cve, name=cve) for cve in change.mends],
    )
