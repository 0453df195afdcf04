"""The libc that a bundle brings with it (libc=private), and the compiler's libraries beside it, as parts.

The parts are read from the bundle itself, so they are those that it really contains.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from packageurl import PackageURL

from crosspython.papers.part import LIBRARY, Part, full_cpe
from crosspython.papers.wheels import library_of_compiler
from crosspython.store.formats import read_members
from crosspython.store.tree import reading
from crosspython.targets.libc import PRIVATE_FOLDER, Libc
from crosspython.workshop import LICENSES

LICENSE = "LGPL-2.1-or-later"
"""glibc's (the heads of its files; a few have other ones, which its LICENSES names)."""
_GLIBC, _GCC = "glibc", "gcc"


@dataclass(frozen=True)
class Brought:
    """The parts, and the texts of their licences by the parts' titles."""

    parts: tuple[Part, ...]
    texts: Mapping[str, Mapping[str, bytes]]


def glibc_part(libc: Libc, compiler: str) -> Part:
    return Part(
        kind=LIBRARY,
        name=libc.name,
        version=libc.version,
        purl=PackageURL("generic", None, libc.name, libc.version).to_string(),
        cpe=full_cpe(f"gnu:{libc.name}", libc.version),
        license=LICENSE,
        made=f"came with the compiler, {compiler}",
    )


def brought_licenses() -> list[tuple[str, str]]:
    """The parts that a bundle with libc=private will bring, with their licences, before the bundle is made."""
    gcc = library_of_compiler("libgcc_s.so.1", "gcc").license
    return [(_GLIBC, LICENSE), ("GCC's libraries", gcc)]


def read_brought(bundle: Path, libc: Libc, compiler: str) -> Brought:
    """Read the parts of a bundle's libc. Raises ArchiveError."""
    sonames, texts = list[str](), dict[str, dict[str, bytes]]()
    with reading(bundle):
        for member in read_members(bundle):
            folder, _, name = member.name.partition("/")[2].rpartition("/")
            if folder == PRIVATE_FOLDER and ".so" in name:
                sonames.append(name)
            for owner in (_GLIBC, _GCC):
                if folder == f"{LICENSES}/{owner}" and member.open is not None:
                    with member.open() as stream:
                        texts.setdefault(owner, {})[name] = stream.read()
    own = glibc_part(libc, compiler)
    others = [library_of_compiler(name, compiler) for name in sonames if libc.is_of_compiler(name)]
    found = {part.title: texts.get(_GCC, {}) for part in others} | {own.title: texts.get(_GLIBC, {})}
    return Brought((own, *others), found)
