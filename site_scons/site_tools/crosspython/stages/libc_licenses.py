"""The documents that have to accompany a libc in a bundle: the texts of its licences, and the place of its source.

glibc is under the LGPL 2.1, which asks for both in its sections 4 and 6; GCC's libraries are under the GPL 3 with the
GCC Runtime Library Exception. The texts are those that both releases have, by their file names there.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from crosspython.targets.libc import PRIVATE_FOLDER
from crosspython.toolchain.facts import Toolchain
from crosspython.toolchain.package import HostPackage, find_package
from crosspython.workshop import LICENSES

_TEXTS = Path(__file__).parent / "data" / "licenses"
_SOURCE = """\
{title}: these files in {folder} are copies of those that came with the compiler ({compiler}, {triplet}),
without their symbol tables and otherwise unchanged.

{files}

{origin}

Everybody to whom you give this bundle may ask you for that source ({terms}).
"""


@dataclass(frozen=True)
class _Project:
    """A project whose libraries are in the bundle.

    texts: the texts of its licence
    terms: the sections of the licence that require the source
    main:  the library whose package is looked up
    """

    name: str
    texts: tuple[str, ...]
    terms: str
    main: str


GLIBC = _Project("glibc", ("COPYING.LIB",), "LGPL 2.1, sections 4 and 6", "libc.so.6")
GCC = _Project("gcc", ("COPYING3", "COPYING.RUNTIME"), "GPL 3, section 6", "libgcc_s.so.1")


def gather_licenses(toolchain: Toolchain, libraries: dict[str, Path], folder: Path, path: str) -> dict[str, Path]:
    """Write the texts into a folder. Returns their paths, by their names below the prefix.

    libraries: the libraries in the bundle, by soname, with their paths in the toolchain
    path:      the PATH of the build machine's programs
    """
    placed = dict[str, Path]()
    for project in (GLIBC, GCC):
        own = sorted(name for name in libraries if toolchain.libc.is_of_compiler(name) is (project is GCC))
        if not own:
            continue
        place = folder / project.name
        place.mkdir(parents=True)
        for text in project.texts:
            shutil.copyfile(_TEXTS / text, place / text)
        package = find_package(libraries.get(project.main, libraries[own[0]]), path)
        if package is not None and package.copyright is not None:
            shutil.copyfile(package.copyright, place / "copyright")
        (place / "SOURCE").write_text(_describe_source(project, toolchain, own, package))
        placed |= {f"{LICENSES}/{project.name}/{text.name}": text for text in sorted(place.iterdir())}
    return placed


def _describe_source(project: _Project, toolchain: Toolchain, own: Iterable[str], package: HostPackage | None) -> str:
    origin = "On the build machine they do not belong to a package: the vendor of the compiler has their source."
    if package is not None:
        sources = "".join(f"\n    {source}" for source in package.sources)
        origin = f"They came with the package {package.title}, which was built from these sources:{sources}"
    return _SOURCE.format(
        title=str(toolchain.libc) if project is GLIBC else toolchain.compiler,
        folder=PRIVATE_FOLDER,
        compiler=toolchain.compiler,
        triplet=toolchain.triplet,
        files="\n".join(f"    {name}" for name in own),
        origin=origin,
        terms=project.terms,
    )
