"""The kinds of CPython: the target's interpreter, and the same version for the build machine.

What differs between versions is data (components/cpython/*.toml), read by release.py; this module compares no number of
a Python, and a test holds that.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from crosspython.recipes.board_pip import edit_pip
from crosspython.recipes.fields import Strings
from crosspython.recipes.kind import Choices
from crosspython.recipes.plan import (
    CROSS_TOOLS,
    Answers,
    BuildDetails,
    CompilePython,
    Edit,
    InstallDependencies,
    InstallPython,
    InstallWheels,
    Make,
    Plan,
    Remove,
    RequireModules,
    Run,
    Step,
    Symlink,
    Train,
    Write,
)
from crosspython.recipes.recipe import NATIVE, Recipe, native_name, read_patches
from crosspython.recipes.release import Release

# The Makefile byte-compiles three times, for a place that is not the final one: we do it once, when the files are
# final.
COMPILEALL = r"\$\(PYTHON_FOR_BUILD\) -Wi (-O+ )?\$\(DESTDIR\)\$\(LIBDEST\)/compileall\.py"

# What no step reads of its source: half of it, with the tests that build-python can do without.
UNREAD = ("Doc/*", "PCbuild/*")

BUILD_PYTHON = "build-python"

# By `optimize=`. Without a profile GCC's link-time optimization makes the interpreter's loop slower with computed gotos
# than without (docs/benchmarks.md, The board's speed).
OPTIMIZED: Mapping[str, tuple[str, ...]] = {
    "none": (),
    "lto": ("--with-lto", "--without-computed-gotos"),
    "pgo": ("--with-lto",),
}

# What `make profile-opt` does, but for what it starts: the target's program, as if it ran here (python/cpython issue
# 113123). Its file says that the training was done.
TRAINING_SECONDS = 3600
TRAINED: tuple[Step, ...] = (
    Make("make-to-train", ("profile-gen-stamp",)),
    Train(("{source}/python", "{recipe}/training.py"), profiles="Python/ceval.gcda", seconds=TRAINING_SECONDS),
    Make("clean", ("clean-retain-profile",)),
    Write("profile-run-stamp", ""),
    Make("make", ("profile-opt",)),
)

LICENSE, LICENSE_FILES = "Python-2.0.1", ("LICENSE", "Modules/expat/COPYING")
CPE = "python:python"


class CPython(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The target's Python, of the release that `python=` names, with the dependencies its series declares."""

    ships: Strings = ()

    def recipe(self, choices: Choices, folder: Path) -> Recipe:
        release = choices.release
        return Recipe(
            "cpython",
            release.version,
            release.sources,
            plan_cpython(release, shared=choices.shared, optimize=choices.optimize),
            depends=release.depends,
            patches=(*read_patches(folder / release.series_number), *release.patches),
            folder=folder,
            ships=self.ships,
            leave_out=UNREAD,
            license=LICENSE,
            license_files=LICENSE_FILES,
            cpe=CPE,
        )


class BuildPython(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The same Python for the build machine, unless `build_python=` names one. Read after the components it needs."""

    def recipe(self, choices: Choices, folder: Path) -> Recipe:
        release = choices.release
        return Recipe(
            BUILD_PYTHON,
            release.version,
            release.sources,
            plan_build_python(release),
            depends=tuple(native_name(name) for name in release.build_depends),
            patches=(*read_patches(folder / release.series_number), *release.patches),
            folder=folder,
            machine=NATIVE,
            ships=(),
            leave_out=unread_by_build_python(release),
        )


def plan_cpython(release: Release, *, shared: bool, optimize: str = "none") -> Plan:
    """The target's Python: cross-configured, its interpreter static unless `shared`, pip beside it.

    optimize: as of Choices
    """
    python, library = f"python{release.series}", f"lib/python{release.series}"
    return Plan(
        early=(
            *release.edits,
            Answers(),
            Run("configure", ("./configure", *_cross_options(release, shared=shared), *OPTIMIZED[optimize])),
        ),
        steps=(
            Edit("Makefile", COMPILEALL, "true", matches=release.compileall),
            *(TRAINED if optimize == "pgo" else (Make("make"),)),
            RequireModules(release.modules),
            InstallPython(("DESTDIR={stage}", "ENSUREPIP=no", "install"), library),
            *((BuildDetails(library),) if release.has_build_details else ()),
            InstallWheels(
                f"{library}/ensurepip/_bundled/*.whl",
                f"{library}/site-packages",
                python,
                edits=edit_pip(python) if release.edits_pip else (),
            ),
            Symlink("bin/python", "python3"),
            *_second_name(release),
            *_cleaning(release, shared=shared),
        ),
        settle=(CompilePython(library),),
        tools=("make",),
        env={**CROSS_TOOLS, "CONFIG_SITE": "{recipe}/config.site", "CROSSPYTHON_ANSWERS": "{answers}"},
    )


def plan_build_python(release: Release) -> Plan:
    """The same Python for the build machine: only what builds were seen to need, as cheap as it gets.

    It brings the libraries along that it needs, since it runs from any folder.
    """
    options = (
        "--build={build_triplet}",
        "--prefix={prefix}",
        "--without-ensurepip",
        "--with-openssl={sysroot}/usr",  # configure would go on to look in the build machine's folders
        *(("--disable-test-modules",) if release.can_leave_tests_out else ()),
    )
    return Plan(
        steps=(
            *_native_edits(release),
            Answers(),
            Run(
                "configure",
                ("./configure", *options, *_switches(release), *release.configure),
                env={"OPT": "-DNDEBUG -fwrapv -O1 -w", "CONFIG_SITE": "{answers}"},
            ),
            Edit("Makefile", COMPILEALL, "true", matches=release.compileall),
            Make("make"),
            RequireModules(release.build_modules),
            Make("install", ("DESTDIR={stage}", "ENSUREPIP=no", "install")),
            InstallDependencies(),
        ),
        tools=("make",),
    )


def _switches(release: Release) -> tuple[str, ...]:
    """Modules are switched off by name: whether a library is there does not decide."""
    if release.has_setup_py:
        return ()
    return tuple(f"py_cv_module_{name}=n/a" for name in release.build_without)


def _native_edits(release: Release) -> tuple[Step, ...]:
    """Let a setup.py look for libraries as if it built for another machine:
    where the compiler looks, and nowhere else."""
    if not release.has_setup_py:
        return ()
    return (
        *(edit for edit in release.edits if edit.file == "setup.py"),
        Edit("setup.py", r"(?i)(?<=^cross_compiling = ).*$", "True"),  # up to 3.7 the two names are in small letters
        Edit("setup.py", r"(?i)(?<=^disabled_module_list = )\[\]$", f"{list(release.build_without)}"),
    )


def unread_by_build_python(release: Release) -> tuple[str, ...]:
    """What no step of the plan above reads of the source."""
    return (*UNREAD, "Lib/test/*") if release.can_leave_tests_out else UNREAD


def _cross_options(release: Release, *, shared: bool) -> tuple[str, ...]:
    options = [
        "--build={build_triplet}",
        "--host={triplet}",
        "--prefix={prefix}",
        "--enable-ipv6",
        "--without-ensurepip",
        "--enable-loadable-sqlite-extensions",
    ]
    if shared:
        options.append("--enable-shared")
    return (*options, *release.cross_configure, *release.configure)


def _second_name(release: Release) -> tuple[Step, ...]:
    """The interpreter's name with the letters of its ABI. `make install` makes a hard link: archives hold it twice."""
    plain = f"python{release.series_number}"
    return (Symlink(f"bin/{plain}{release.abiflags}", plain),) if release.abiflags else ()


def _cleaning(release: Release, *, shared: bool) -> tuple[Step, ...]:
    """What `make install` puts there and nobody can use: the archive that a static interpreter was linked from."""
    return (Remove(release.unused_if_static),) if release.unused_if_static and not shared else ()
