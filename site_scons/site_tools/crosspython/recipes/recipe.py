"""Recipe: what a component declares. It is validated when it is read, all its problems at once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from crosspython.errors import ConfigurationError
from crosspython.recipes.plan import Plan
from crosspython.store.sources import Source

NAME = re.compile(r"[a-z0-9][a-z0-9._+-]*")
# What a plan names beside its recipe: data files, such as the answers for a configure script.
BESIDE = re.compile(r"\{recipe\}/([\w./-]+)")
SHA256 = re.compile(r"[0-9a-f]{64}")
NATIVE, TARGET = "build machine", "target"


@dataclass(frozen=True)
class Recipe:
    """One component, ready to be built.

    sources: alternatives, any of which will do; the first that can be had is taken
    depends: names of components whose stages the private sysroot holds
    patches: files of unified diffs with one leading folder (`patch -p1`), in order
    folder:  where the recipe lies, with its patches and data files
    machine: TARGET, or NATIVE for what runs on the build machine
    ships:   globs below the prefix of what a bundle takes from this component
    fortran: a part of it is Fortran
    leave_out: globs of what lies in the source and is not even unpacked, since no step reads it;
    `*` matches slashes, too
    license: what it may be used under, as an SPDX expression (spdx.org/licenses); "" where the recipe does not say
    license_files: globs in the source of the texts that go with it: they become share/licenses/<name>/
    """

    name: str
    version: str
    sources: tuple[Source, ...]
    plan: Plan
    depends: tuple[str, ...] = ()
    patches: tuple[Path, ...] = ()
    folder: Path = Path()
    machine: str = TARGET
    ships: tuple[str, ...] = ("lib/lib*.so.*",)
    fortran: bool = False
    leave_out: tuple[str, ...] = ()
    license: str = ""
    license_files: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        return f"{self.name} {self.version}"

    def files(self) -> tuple[str, ...]:
        """The data files beside the recipe that its plan names."""
        return tuple(sorted(set(BESIDE.findall(self.plan.as_text()))))

    def _read(self, name: str) -> str:
        try:
            return (self.folder / name).read_text()
        except OSError as error:
            raise ConfigurationError(
                f"{self.title}: the recipe's plan names a file that cannot be read",
                expected=str(self.folder / name),
                found=error.strerror,
            ) from error

    def facts(self) -> dict[str, str]:
        """What the product depends on beside its dependencies, toolchain and target, as readable text by topic."""
        return {
            "plan": self.plan.as_text(),
            "files": "\n".join(f"{name}:\n{self._read(name)}" for name in self.files()),
            "sources": "\n".join(source.sha256 for source in self.sources),
            "patches": "\n".join(f"{patch.name}:\n{patch.read_text()}" for patch in self.patches),
            "depends": "\n".join(self.depends),
            "left out": "\n".join(self.leave_out),
            "licence": "\n".join((self.license, *self.license_files)).strip(),
        }


def for_build_machine(recipe: Recipe) -> Recipe:
    """The same component, built for the build machine: what runs there may need it, too."""
    depends = tuple(native_name(name) for name in recipe.depends)
    return replace(recipe, name=native_name(recipe.name), depends=depends, machine=NATIVE, ships=())


def native_name(name: str) -> str:
    """What a component is called that is built for the build machine."""
    return f"build-{name}"


def read_sources(name: str, sources: Sequence[Mapping[str, str]]) -> tuple[Source, ...]:
    """Sources as recipes write them: `dict(url=..., sha256=...)` and `dict(pool=..., sha256=...)`, or both places."""
    problems = []
    known = {"sha256", "url", "pool"}
    if not sources:
        problems.append("no sources")
    for source in sources:
        if unknown := sorted(set(source) - known):
            problems.append(f"source has unknown keys: {', '.join(unknown)}")
        if not SHA256.fullmatch(source.get("sha256", "")):
            problems.append(f"source {source.get('url') or source.get('pool')}: sha256 is not 64 hexadecimal digits")
        if not source.get("url") and not source.get("pool"):
            problems.append("source has neither url nor pool")
    if problems:
        raise ConfigurationError(
            f"{name}: the recipe's sources are wrong",
            evidence=problems,
            next="docs/components.md shows how a recipe names its sources",
        )
    return tuple(Source(source["sha256"], source.get("url"), source.get("pool")) for source in sources)


def read_patches(folder: Path) -> tuple[Path, ...]:
    """The numbered patches beside a recipe, in order: `0001-what-it-does.patch`."""
    return tuple(sorted(folder.glob("[0-9]*.patch")))


def _read_license(name: str, license: str) -> str:
    try:
        return canonicalize_license_expression(license)
    except InvalidLicenseExpression as error:
        raise ConfigurationError(
            f"{name}: the recipe's license is no SPDX expression",
            expected='one such as "MIT" or "Apache-2.0 OR BSD-3-Clause" (spdx.org/licenses),'
            ' "LicenseRef-..." for any other',
            found=f"{license!r}: {error}",
        ) from error


def make_recipe(name: str, version: str, *, sources: Sequence[Mapping[str, str]], folder: Path, **kw: Any) -> Recipe:
    """A validated recipe. Raises ConfigurationError."""
    if not NAME.fullmatch(name) or not NAME.fullmatch(version):
        raise ConfigurationError(
            f"component {name!r} {version!r}: bad name or version",
            expected="lower-case letters, digits and . _ + -",
        )
    if license := kw.get("license"):
        kw["license"] = _read_license(name, license)
    return Recipe(name, version, read_sources(name, sources), patches=read_patches(folder), folder=folder, **kw)
