"""The kinds of CPython: the target's interpreter, and the same version for the build machine.

The differences between versions are data (components/cpython/*.toml), which release.py reads. This module never
compares version numbers of Python; a test checks that.
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

# The Makefile byte-compiles three times, with paths that are not the final ones. We do it once, when the files have
# their final content.
COMPILEALL = r"\$\(PYTHON_FOR_BUILD\) -Wi (-O+ )?\$\(DESTDIR\)\$\(LIBDEST\)/compileall\.py"

# Parts of the source that no step of build-python reads. With the tests, they are half of the source.
UNREAD = ("Doc/*", "PCbuild/*")

BUILD_PYTHON = "build-python"

# By `optimize=`. Without a profile GCC's link-time optimization makes the interpreter's loop slower with computed gotos
# than without (docs/benchmarks.md, The board's speed).
OPTIMIZED: Mapping[str, tuple[str, ...]] = {
    "none": (),
    "lto": ("--with-lto", "--without-computed-gotos"),
    "pgo": ("--with-lto",),
}

# The steps of `make profile-opt`, except for its training run: make would start the target's program as if it ran here
# (python/cpython issue 113123). The stamp file tells make that the training was done. GCC counts branches before
# link-time optimization, so the program that is trained does without, and the profile is the same.
TRAINING_SECONDS = 3600
TRAINED: tuple[Step, ...] = (
    Make("make-to-train", ("profile-gen-stamp", "PGO_PROF_GEN_FLAG=-fprofile-generate -fno-lto")),
    Train(("{source}/python", "{recipe}/training.py"), profiles="Python/ceval.gcda", seconds=TRAINING_SECONDS),
    Make("clean", ("clean-retain-profile",)),
    Write("profile-run-stamp", ""),
    Make("make", ("profile-opt",)),
)

# An interpreter at a fixed address, as distributions build theirs: no relocations when it starts, and shorter code. In
# the commands for shared objects -fPIC follows and wins, but not where a setup.py compiles them (docs/decisions/0049).
# LINKCC links programs alone: GCC forgets -shared if -no-pie follows.
FIXED_ADDRESS = {"CFLAGS_NODIST": "-fno-pie", "LINKCC": "$(PURIFY) $(CC) -no-pie"}

# Only tests of CPython in its build folder run this program. Link-time optimization of it takes as long as that of the
# interpreter.
NO_TEST_PROGRAM = Edit("Makefile", r"(?<=\tgdbhooks) Programs/_testembed\b", "")

# pip's vendored distlib brings programs that start scripts on Windows.
UNUSED_IN_PIP = ("pip/_vendor/distlib/*.exe",)

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
            *_built_in(release),
            Answers(),
            Run(
                "configure",
                ("./configure", *_cross_options(release, shared=shared), *OPTIMIZED[optimize]),
                env={} if release.has_setup_py else FIXED_ADDRESS,
            ),
        ),
        steps=(
            Edit("Makefile", COMPILEALL, "true", matches=release.compileall),
            *(() if release.has_setup_py or optimize == "none" else (NO_TEST_PROGRAM,)),
            *(TRAINED if optimize == "pgo" else (Make("make"),)),
            RequireModules(release.modules),
            InstallPython(("DESTDIR={stage}", "ENSUREPIP=no", "install"), library),
            *((BuildDetails(library),) if release.has_build_details else ()),
            InstallWheels(
                f"{library}/ensurepip/_bundled/*.whl",
                f"{library}/site-packages",
                python,
                edits=edit_pip(python) if release.edits_pip else (),
                leave_out=UNUSED_IN_PIP,
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
    """The same Python for the build machine, with only the modules that builds need, and with the fastest build.

    It contains copies of the libraries that it needs, because it can be run from any folder.
    """
    options = (
        "--build={build_triplet}",
        "--prefix={prefix}",
        "--without-ensurepip",
        "--with-openssl={sysroot}/usr",  # otherwise configure also searches folders of the build machine
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
    """The settings that switch modules off by name. So it does not matter which libraries the machine has."""
    if release.has_setup_py:
        return ()
    return tuple(f"py_cv_module_{name}=n/a" for name in release.build_without)


def _native_edits(release: Release) -> tuple[Step, ...]:
    """Edits that let a setup.py search for libraries as in a cross build: only in the folders that the compiler
    searches."""
    if not release.has_setup_py:
        return ()
    return (
        *(edit for edit in release.edits if edit.file == "setup.py"),
        Edit("setup.py", r"(?i)(?<=^cross_compiling = ).*$", "True"),  # up to 3.7 these two names are in lower case
        Edit("setup.py", r"(?i)(?<=^disabled_module_list = )\[\]$", f"{list(release.build_without)}"),
    )


def unread_by_build_python(release: Release) -> tuple[str, ...]:
    """The files of the source that no step of build-python's plan reads."""
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


def _built_in(release: Release) -> tuple[Step, ...]:
    """The file that names the extension modules of the interpreter itself. It wins over what configure would do."""
    return (Write("Modules/Setup.local", "\n".join(("*static*", *release.built_in, ""))),) if release.built_in else ()


def _second_name(release: Release) -> tuple[Step, ...]:
    """Replace the interpreter's second name, which has the letters of the ABI, by a symbolic link. `make install` makes
    a hard link, so archives would contain the interpreter twice."""
    plain = f"python{release.series_number}"
    return (Symlink(f"bin/{plain}{release.abiflags}", plain),) if release.abiflags else ()


def _cleaning(release: Release, *, shared: bool) -> tuple[Step, ...]:
    """Remove a file that `make install` installs and nobody can use: the archive that a static interpreter was linked
    from."""
    return (Remove(release.unused_if_static),) if release.unused_if_static and not shared else ()
