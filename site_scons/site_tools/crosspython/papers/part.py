"""The data behind the documents: a part is something that a project has published and that a product contains. An
inventory is the list of all parts of one product.

Pure data, independent of the standard in which it is written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

# The kinds of parts: built by a recipe; a package of PyPI; a library that is copied into a wheel or the bundle; a crate
# that a wheel was compiled with.
COMPONENT, PACKAGE, LIBRARY, CRATE = "component", "package", "library", "crate"

_CVE = re.compile(r"CVE-\d{4}-\d{4,}")


@dataclass(frozen=True)
class Origin:
    """A source file: its name and hash, and where it can be had; `url` is a path for a distribution's source pool."""

    filename: str
    sha256: str
    url: str = ""


@dataclass(frozen=True)
class Change:
    """A patch: the file's name and its text."""

    name: str
    text: str

    @property
    def mends(self) -> tuple[str, ...]:
        """The vulnerabilities that the patch fixes. They are named in its file name, or by a line "CVE: CVE-..." in its
        head, as in OpenEmbedded (Contributor Guide, "CVE Patches")."""
        head = f"\n{self.text}".partition("\n--- ")[0]
        told = " ".join(line for line in head.splitlines() if line.startswith("CVE:"))
        return tuple(dict.fromkeys(_CVE.findall(f"{self.name} {told}")))


@dataclass(frozen=True)
class Part:
    """One part of a product.

    purl:     a package URL (purl-spec), with the qualifiers of its type
    cpe:      the full name in the National Vulnerability Database; "" if it has none
    license:  an SPDX expression; "" if none is stated
    stated:   the stated licence if it is not an SPDX expression, such as "BSD License"
    sha256:   the hash of the stage archive, or of the wheel
    origins:  its source files: alternatives, each of which is sufficient
    edited:   files in its source that the build changes, apart from the patches
    depends:  refs of other parts that it needs
    made:     how it was made, in a few words
    """

    kind: str
    name: str
    version: str
    purl: str
    cpe: str = ""
    license: str = ""
    stated: str = ""
    sha256: str = ""
    origins: tuple[Origin, ...] = ()
    changes: tuple[Change, ...] = ()
    edited: tuple[str, ...] = ()
    depends: tuple[str, ...] = ()
    made: str = ""

    @property
    def ref(self) -> str:
        """The part's name inside a document: its package URL without qualifiers."""
        return self.purl.partition("?")[0]

    @property
    def title(self) -> str:
        return f"{self.name} {self.version}".rstrip()


@dataclass(frozen=True)
class Inventory:
    """All parts of one product.

    name, version: the product's
    sha256:  of its file; "" where it is a folder
    facts:   facts that all parts share, as readable text: the target, the toolchain
    """

    name: str
    version: str
    parts: tuple[Part, ...]
    sha256: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)


def each_once(parts: tuple[Part, ...] | list[Part]) -> tuple[Part, ...]:
    """Each part once, sorted by ref. If a part occurs twice, the one with a licence is kept."""
    found: dict[str, Part] = {}
    for part in parts:
        known = found.get(part.ref)
        if known is None or (not known.license and part.license):
            found[part.ref] = part
    return tuple(found[ref] for ref in sorted(found))


def full_cpe(product: str, version: str) -> str:
    """The CPE 2.3 name of an application's version (NIST IR 7695, formatted strings). product: "vendor:product"."""
    return f"cpe:2.3:a:{product}:{_quote(version)}:*:*:*:*:*:*:*" if product else ""


def _quote(text: str) -> str:
    """A value for a formatted string: a backslash is put before all characters except letters, digits, `_`, `-` and
    `.`."""
    return re.sub(r"([^\w.-])", r"\\\1", text.lower())
