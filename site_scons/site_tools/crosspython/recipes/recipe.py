"""Recipe: one component, as its SConscript declares it. kind.py reads the declaration."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
from msgspec.structs import replace

from crosspython.errors import ConfigurationError
from crosspython.recipes.plan import Plan
from crosspython.store.sources import Source

# Data files beside a recipe that a plan names, such as the answers for a configure script.
BESIDE = re.compile(r"\{recipe\}/([\w./-]+)")
_DATA, _PATCH = "a file that the recipe names", "a patch beside the recipe"
NATIVE, TARGET = "build machine", "target"
# What a bundle takes from most components.
LIBRARIES = ("lib/lib*.so.*",)


class Recipe(msgspec.Struct, frozen=True):
    """One component, ready to be built.

    sources: alternatives, each of which is sufficient; the first available one is used
    depends: names of components whose stages are in the private sysroot
    patches: files of unified diffs with one leading folder (`patch -p1`), in order
    folder:  the folder of the recipe, with its patches and data files
    machine: TARGET, or NATIVE for a component that runs on the build machine
    ships:   globs below the prefix of the files that a bundle takes from this component
    fortran: a part of it is Fortran
    leave_out: globs of files in the source that are not unpacked, because no step reads them; `*` matches slashes, too
    license: its licence as an SPDX expression (spdx.org/licenses); "" if the recipe states none
    license_files: globs of the licence texts in the source: they are installed into share/licenses/<name>/
    cpe:     "vendor:product", its name in the National Vulnerability Database (nvd.nist.gov/products/cpe); "" if it has
             none there
    """

    name: str
    version: str
    sources: tuple[Source, ...]
    plan: Plan
    depends: tuple[str, ...] = ()
    patches: tuple[Path, ...] = ()
    folder: Path = Path()
    machine: str = TARGET
    ships: tuple[str, ...] = LIBRARIES
    fortran: bool = False
    leave_out: tuple[str, ...] = ()
    license: str = ""
    license_files: tuple[str, ...] = ()
    cpe: str = ""

    @property
    def title(self) -> str:
        return f"{self.name} {self.version}"

    def files(self) -> tuple[str, ...]:
        """The data files beside the recipe that its plan names."""
        return tuple(sorted(set(BESIDE.findall(self.plan.as_text()))))

    def _read(self, file: Path, what: str) -> str:
        try:
            return file.read_text(encoding="utf-8")
        except OSError as error:
            raise ConfigurationError(
                f"{self.title}: {what} cannot be read", expected=str(file), found=error.strerror
            ) from error
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            raise ConfigurationError(
                f"{self.title}: {what} is not UTF-8 text",
                expected=f"UTF-8 in {file}",
                found=f"the byte {error.object[error.start]:#04x} in line {line}",
            ) from error

    def facts(self) -> dict[str, str]:
        """Everything that the product depends on except its dependencies, toolchain and target,
        as readable text by topic."""
        return {
            "plan": self.plan.as_text(),
            "files": "\n".join(f"{name}:\n{self._read(self.folder / name, _DATA)}" for name in self.files()),
            "sources": "\n".join(source.sha256 for source in self.sources),
            "patches": "\n".join(f"{patch.name}:\n{self._read(patch, _PATCH)}" for patch in self.patches),
            "depends": "\n".join(self.depends),
            "left out": "\n".join(self.leave_out),
            "licence": "\n".join((self.license, *self.license_files)).strip(),
        }


def for_build_machine(recipe: Recipe) -> Recipe:
    """The same component, built for the build machine, for build-python and other programs that run there."""
    depends = tuple(native_name(name) for name in recipe.depends)
    return replace(recipe, name=native_name(recipe.name), depends=depends, machine=NATIVE, ships=())


def native_name(name: str) -> str:
    """The name of a component when it is built for the build machine."""
    return f"build-{name}"


def read_patches(folder: Path) -> tuple[Path, ...]:
    """The numbered patches beside a recipe, in order: `0001-what-it-does.patch`."""
    return tuple(sorted(folder.glob("[0-9]*.patch")))
