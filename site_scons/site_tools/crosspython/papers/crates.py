"""The crates that a Rust package is compiled with, from its Cargo.lock (cargo's book, "Cargo.toml vs Cargo.lock").

A lock also names crates for other machines and for tests. Only cargo knows which crates are in the board's wheel.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from packageurl import PackageURL

from crosspython.papers.part import CRATE, Part
from crosspython.store.formats import read_members
from crosspython.store.tree import reading

_LOCK = "Cargo.lock"
_REGISTRY = "registry+"
# Locks in these folders belong to programs that are not part of a wheel.
_BESIDE = {"tests", "test", "examples", "example", "benches", "fuzz", "vendor", "docs"}


def crates_of_sdist(sdist: Path, instead: Mapping[str, str]) -> tuple[Part, ...]:
    """The crates in the locks of an sdist; empty if it has no readable lock.

    instead: the texts of locks by their paths in the sdist, which it lacks or which count instead of its own
    """
    found: dict[str, Part] = {}
    for text in {**_locks(sdist), **instead}.values():
        found |= {crate.ref: crate for crate in read_cargo_lock(text)}
    return tuple(found[ref] for ref in sorted(found))


def read_cargo_lock(text: str) -> tuple[Part, ...]:
    """The crates of a lock, except those in its own folder; empty if the text is not a Cargo.lock."""
    try:
        packages = tomllib.loads(text).get("package", [])
        return tuple(_crate(package) for package in packages if package.get("source"))
    except (ValueError, KeyError, TypeError, AttributeError):
        return ()


def _crate(package: dict[str, Any]) -> Part:
    name, version, source = str(package["name"]), str(package["version"]), str(package["source"])
    is_registry = source.startswith(_REGISTRY)
    qualifiers = {} if is_registry else {"vcs_url": source}
    return Part(
        kind=CRATE,
        name=name,
        version=version,
        purl=PackageURL("cargo", None, name, version, qualifiers).to_string(),
        sha256=str(package.get("checksum", "")),
        made="named by a Cargo.lock",
    )


def _locks(sdist: Path) -> dict[str, str]:
    """The texts of an sdist's locks, by their paths below its top folder."""
    found = {}
    with reading(sdist):
        for member in read_members(sdist):
            path = PurePosixPath(member.name)
            if path.name == _LOCK and member.open is not None and _BESIDE.isdisjoint(path.parts[1:]):
                with member.open() as stream:
                    found[str(PurePosixPath(*path.parts[1:]))] = stream.read().decode("utf-8", errors="replace")
    return found
