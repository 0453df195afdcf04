"""Where a product comes from, as an in-toto Statement v1 with SLSA's provenance v1: written, read and compared.

A statement contains the product's hash, its materials, its builder and the settings. The same build gives the same
statement, because it contains no time. Sources: in-toto/attestation, spec/v1; slsa.dev/spec/v1.0/provenance.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crosspython.errors import CheckError
from crosspython.papers.part import Part
from crosspython.store.fetch import hash_file
from crosspython.store.walk import find_files
from crosspython.version import VERSION

SUFFIX = ".intoto.json"
SIGNATURE = ".sig"
_STATEMENT, _PREDICATE = "https://in-toto.io/Statement/v1", "https://slsa.dev/provenance/v1"
BUILD_TYPE = "urn:crosspython:build:v1"


@dataclass(frozen=True)
class Material:
    """Something that a product was made of. of: the part that it belongs to, by its package URL"""

    name: str
    sha256: str
    uri: str = ""
    of: str = ""


@dataclass(frozen=True)
class Statement:
    """The statement about one product.

    digest:     of the file, {"sha256": ...}; or of a folder, {"dirHash": ...}
    parameters: the user's settings
    facts:      the target's machine and the toolchain
    """

    name: str
    digest: Mapping[str, str]
    materials: tuple[Material, ...]
    parameters: Mapping[str, str]
    facts: Mapping[str, str]


def digest_of(product: Path) -> dict[str, str]:
    """The hash of a file; for a folder in-toto's dirHash, the hash of the list of its files' hashes (digest_set.md)."""
    if product.is_file():
        return {"sha256": hash_file(product)}
    names = {path.relative_to(product).as_posix().encode(): path for path in find_files(product)}
    lines = b"".join(f"{hash_file(names[name])}  ".encode() + name + b"\n" for name in sorted(names))
    return {"dirHash": hashlib.sha256(lines).hexdigest()}


def materials_of(parts: Iterable[Part]) -> tuple[Material, ...]:
    """Sources and patches of parts. One that was a commit has its id in the address."""
    found = []
    for part in parts:
        found += [Material(each.filename, each.sha256, each.url, part.ref) for each in part.origins]
        found += [
            Material(each.name, hashlib.sha256(each.text.encode()).hexdigest(), "", part.ref) for each in part.changes
        ]
    return tuple(sorted(set(found), key=lambda each: (each.of, each.name, each.sha256)))


def write_statement(stated: Statement) -> str:
    """The statement as text, always the same for the same facts."""
    builder = {"id": f"pkg:pypi/crosspython@{VERSION}"}
    statement = {
        "_type": _STATEMENT,
        "subject": [{"name": stated.name, "digest": dict(stated.digest)}],
        "predicateType": _PREDICATE,
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": dict(stated.parameters),
                "internalParameters": dict(stated.facts),
                "resolvedDependencies": [_describe(each) for each in stated.materials],
            },
            "runDetails": {"builder": builder},
        },
    }
    return json.dumps(statement, indent=1, sort_keys=True) + "\n"


def _describe(material: Material) -> dict[str, Any]:
    """A ResourceDescriptor (in-toto, resource_descriptor.md)."""
    described: dict[str, Any] = {"name": material.name, "annotations": {"of": material.of}}
    if material.sha256:
        described["digest"] = {"sha256": material.sha256}
    if material.uri:
        described["uri"] = material.uri
    return described


def read_statement(text: str, title: str) -> Statement:
    """A statement of ours. Raises CheckError for anything else."""
    try:
        told = json.loads(text)
        (subject,) = told["subject"]
        definition = told["predicate"]["buildDefinition"]
        if (told["_type"], told["predicateType"], definition["buildType"]) != (_STATEMENT, _PREDICATE, BUILD_TYPE):
            raise ValueError("another kind of statement")
        materials = map(_read_material, definition["resolvedDependencies"])
        return Statement(
            subject["name"],
            dict(subject["digest"]),
            tuple(materials),
            dict(definition["externalParameters"]),
            dict(definition["internalParameters"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckError(
            f"{title}: not a statement that `scons provenance` wrote",
            expected=f"an in-toto statement, {_STATEMENT}, about {BUILD_TYPE}",
            found=f"{type(error).__name__}: {error}",
        ) from error


def _read_material(told: Mapping[str, Any]) -> Material:
    digest = told.get("digest", {}).get("sha256", "")
    return Material(str(told["name"]), digest, told.get("uri", ""), told["annotations"]["of"])


@dataclass(frozen=True)
class Known:
    """The known sources of a part. teller: "the lock" or "the recipe"; hashes: of the sources, by their names"""

    teller: str
    hashes: Mapping[str, str]


def compare_materials(stated: Statement, known: Mapping[str, Known]) -> list[str]:
    """The differences between a statement and the local recipes and lock, in words.

    known: by the package URL of a part. Unknown parts are not compared: another lock may contain them.
    """
    problems = []
    for ref in sorted({material.of for material in stated.materials} & known.keys()):
        own, told = [each for each in stated.materials if each.of == ref and each.sha256], known[ref]
        others = [each for each in own if told.hashes.get(each.name, each.sha256) != each.sha256]
        if own and not told.hashes.keys() & {each.name for each in own}:
            others = own
        problems += [f"{each.name} of {ref}: {told.teller} has a different hash" for each in others]
    return problems
