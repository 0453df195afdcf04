"""The nouns of the papers: a part is what somebody made and a product holds; an inventory is all parts of one product.

Pure data, whatever standard it is then written in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

# What a part is: of a recipe; a package of PyPI; a library that a wheel or the bundle holds a copy of; a crate that a
# wheel was compiled with.
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
        """The vulnerabilities that it fixes: those in its name, or told by a line "CVE: CVE-..." in its head, as
        OpenEmbedded has them (Contributor Guide, "CVE Patches")."""
        head = f"\n{self.text}".partition("\n--- ")[0]
        told = " ".join(line for line in head.splitlines() if line.startswith("CVE:"))
        return tuple(dict.fromkeys(_CVE.findall(f"{self.name} {told}")))


@dataclass(frozen=True)
class Part:
    """One part of a product.

    purl:     a package URL (purl-spec), with the qualifiers that its type has
    cpe:      the whole name in the National Vulnerability Database; "" where it has none
    license:  an SPDX expression; "" where none is stated
    stated:   what stands in the place of an expression, such as "BSD License"
    sha256:   of what was built or taken: a stage archive, or a wheel
    origins:  what it was made of: alternatives, any of which will do
    edited:   files in its source that the build changes, beside the patches
    depends:  refs of other parts that it needs
    made:     how it came to be, in a few words
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
        """What the part is called inside a paper: its package URL without qualifiers."""
        return self.purl.partition("?")[0]

    @property
    def title(self) -> str:
        return f"{self.name} {self.version}".rstrip()


@dataclass(frozen=True)
class Inventory:
    """All parts of one product.

    name, version: the product's
    sha256:  of its file; "" where it is a folder
    facts:   what all parts have in common, as readable text: the target, the toolchain
    """

    name: str
    version: str
    parts: tuple[Part, ...]
    sha256: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)


def each_once(parts: tuple[Part, ...] | list[Part]) -> tuple[Part, ...]:
    """Parts by their refs, always in the same order. Of a part that comes twice, the one that says more is kept."""
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
    """A value in a formatted string: all but letters, digits and `_` `-` `.` has a backslash before it."""
    return re.sub(r"([^\w.-])", r"\\\1", text.lower())
