"""The JSON documents that goals write (`format=json`): one class for each document. Its schema is made from the class.

The number in `schema` increases when a field changes its meaning or is removed; a new field does not change it.
docs/json.md describes the documents, docs/schemas/ has the schemas. Times are in seconds, sizes in bytes; paths belong
to the build machine.
"""

from __future__ import annotations

import json
from typing import Any, Literal

import msgspec
from msgspec import Struct


class NewerPackage(Struct, frozen=True):
    """locked, newest: versions; null if the package is not in the lock, or would no longer be in it."""

    name: str
    locked: str | None
    newest: str | None


class Vulnerability(Struct, frozen=True):
    """package: with its version; id, names: of databases; fixed: versions of the package without it."""

    package: str
    id: str
    names: list[str]
    severity: str
    fixed: list[str]


class Outdated(Struct, frozen=True):
    """The changes that a new resolution would make, and the known vulnerabilities of the locked packages."""

    target: str
    python: str
    lock: str
    packages: list[NewerPackage]
    vulnerabilities: list[Vulnerability]
    schema: Literal["crosspython/outdated/1"] = "crosspython/outdated/1"


class TreePackage(Struct, frozen=True):
    """asked: pkgs= names it; build_only: only builds need it; source: the file of which its wheel is made."""

    name: str
    version: str
    asked: bool
    build_only: bool
    source: Literal["wheel", "sdist", "folder", "commit"]
    depends: list[str]


class Tree(Struct, frozen=True):
    """The packages of a lock: of `scons tree`, and of `scons lock` once it is made."""

    target: str
    python: str
    lock: str
    packages: list[TreePackage]
    schema: Literal["crosspython/tree/1"] = "crosspython/tree/1"


class Presence(Struct, frozen=True):
    """way: from a package of pkgs= to this package; null if only a build needs it."""

    name: str
    version: str
    way: list[str] | None
    needed_by: list[str]


class Why(Struct, frozen=True):
    """Why packages are in a lock."""

    target: str
    python: str
    lock: str
    packages: list[Presence]
    schema: Literal["crosspython/why/1"] = "crosspython/why/1"


class Looked(Struct, frozen=True):
    """found: its place, or null; wanted: true if every build needs it, false if only some builds do."""

    kind: str
    name: str
    purpose: str
    found: str | None
    wanted: bool
    ok: bool


class Doctor(Struct, frozen=True):
    """The programs that a build needs on this machine; mend: the command that installs the missing ones, or nothing."""

    target: str
    python: str
    findings: list[Looked]
    mend: str
    schema: Literal["crosspython/doctor/1"] = "crosspython/doctor/1"


class Wheel(Struct, frozen=True):
    """engine: "ready", "cross" or "emulated"; needs: the newest libc that it needs; wall, cpu: of its build."""

    name: str
    version: str
    filename: str
    tags: list[str]
    engine: str
    extensions: list[str]
    grafted: list[str]
    needs: str | None
    wall: float
    cpu: float
    remarks: list[str]


class Wheels(Struct, frozen=True):
    """The wheelhouse at the end of a run. missing: titles of packages that could not be made."""

    target: str
    python: str
    folder: str
    wheels: list[Wheel]
    missing: list[str]
    failures: list[str]
    schema: Literal["crosspython/wheels/1"] = "crosspython/wheels/1"


class Checked(Struct, frozen=True):
    """One check, test module or package."""

    name: str
    ok: bool
    seconds: float
    detail: str


class Check(Struct, frozen=True):
    """The checks of this run. failures: the errors with which it ended."""

    target: str
    python: str
    bundle: list[Checked]
    wheels: list[Checked]
    failures: list[str]
    schema: Literal["crosspython/check/1"] = "crosspython/check/1"


class MadeStep(Struct, frozen=True):
    name: str
    wall: float
    cpu: float


class MadeProduct(Struct, frozen=True):
    """origin: "built", "cache", "failed" or "" (the run ended meanwhile); started, ended: seconds since the epoch."""

    title: str
    origin: str
    started: float
    ended: float
    size: int
    steps: list[MadeStep]


class Report(Struct, frozen=True):
    """The products of the last build. page: the report for people."""

    target: str
    python: str
    page: str
    jobs: int
    products: list[MadeProduct]
    schema: Literal["crosspython/report/1"] = "crosspython/report/1"


Document = Outdated | Tree | Why | Doctor | Wheels | Check | Report
DOCUMENTS: tuple[type[Any], ...] = (Outdated, Tree, Why, Doctor, Wheels, Check, Report)


def encode(document: Document) -> str:
    """A document as JSON, indented for people."""
    text = msgspec.json.encode(document, enc_hook=str)  # a Path, or a text of a class of its own
    return msgspec.json.format(text, indent=1).decode() + "\n"


def schema_name(kind: type[Any]) -> str:
    """The file name of a document's schema: outdated-1.schema.json."""
    (name,) = msgspec.json.schema(kind)["$defs"][kind.__name__]["properties"]["schema"]["enum"]
    return f"{'-'.join(name.split('/')[1:])}.schema.json"


def schema_text(kind: type[Any]) -> str:
    """The JSON Schema of a document."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(kind)}
    return json.dumps(schema, indent=2) + "\n"
