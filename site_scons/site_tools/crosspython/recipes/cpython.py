"""Planner of CPython: the target's interpreter, and the same version for the build machine.

What differs between versions is data (components/cpython/*.toml), read into `Release`; this module knows no version
number but where a configure option appeared.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crosspython.errors import ConfigurationError
from crosspython.names import nearest_numbers, suggest
from crosspython.recipes.autoconf import CROSS_TOOLS
from crosspython.recipes.board_pip import edit_pip
from crosspython.recipes.plan import (
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
)
from crosspython.store.sources import Source

# The Makefile byte-compiles three times, for a place that is not the final one: we do it once, when the files are
# final.
COMPILEALL = r"\$\(PYTHON_FOR_BUILD\) -Wi (-O+ )?\$\(DESTDIR\)\$\(LIBDEST\)/compileall\.py"

# What no step reads of its source: half of it, with the tests that build-python can do without.
UNREAD = ("Doc/*", "PCbuild/*")

LICENSE, LICENSE_FILES = "Python-2.0.1", ("LICENSE", "Modules/expat/COPYING")

# Components that its readline module can be made of: by default no GPL comes into a bundle unasked.
LIBEDIT, READLINE = "libedit", "readline"


@dataclass(frozen=True)
class Release:
    """One release of CPython, with what its series declares.

    depends:   components it needs, beside those of the build machine
    modules:   extension modules that must come out
    configure: options of this series
    compileall: how many times its Makefile byte-compiles what it installs
    edits:     what has to be changed in its sources: of its series, then those of all (edits.toml)
    build_depends: components that build-python is built with, on the build machine
    build_without: extension modules that build-python does without
    line_editing: the component that its readline module is made of
    """

    version: str
    series: str
    sources: tuple[Source, ...]
    depends: tuple[str, ...]
    modules: tuple[str, ...]
    configure: tuple[str, ...]
    compileall: int
    edits: tuple[Edit, ...]
    build_depends: tuple[str, ...]
    build_without: tuple[str, ...]
    line_editing: str = LIBEDIT

    @property
    def build_modules(self) -> tuple[str, ...]:
        """Extension modules of build-python."""
        return tuple(name for name in self.modules if name not in self.build_without)

    @property
    def number(self) -> tuple[int, int]:
        major, minor = self.series.split(".")
        return int(major), int(minor)

    @property
    def can_leave_tests_out(self) -> bool:
        """Whether configure can be told so."""
        return self.number >= (3, 12)

    @property
    def has_setup_py(self) -> bool:
        """Whether a script of its own finds and builds the extension modules, instead of configure and make."""
        return self.number < (3, 12)

    @property
    def interpreter(self) -> str:
        """What wheel tags call it: "cp313"."""
        return "cp" + self.series.replace(".", "")


def series_names(folder: Path) -> tuple[str, ...]:
    """The series there are data for, oldest first."""
    return tuple(sorted((path.stem for path in folder.glob("3.*.toml")), key=lambda name: int(name.split(".")[1])))


def read_release(folder: Path, wanted: str, line_editing: str = LIBEDIT) -> Release:
    """The release for `python=3.13` (its series' default) or `python=3.13.5`. Raises ConfigurationError.

    folder: holds one TOML file a series, named by it, and edits.toml
    line_editing: LIBEDIT or READLINE
    """
    known = series_names(folder)
    series = ".".join(wanted.split(".")[:2])
    if series not in known:
        raise ConfigurationError(
            f"python={wanted}: there is no such series here",
            expected=f"one of {', '.join(known)}, or a patch release of one of them",
            next=nearest_numbers(series, known, "python={}") or suggest(wanted, known, "python={}"),
        )
    data, common = (tomllib.loads((folder / name).read_text()) for name in (f"{series}.toml", "edits.toml"))
    releases: Mapping[str, Any] = data["releases"]
    version = data["default"] if wanted == series else wanted
    if version not in releases:
        raise ConfigurationError(
            f"python={wanted}: no source is known for this patch release",
            expected=f"one of {', '.join(releases)}",
            next=f"add its sources and SHA-256 to {folder / f'{series}.toml'}",
        )
    own = data.get(line_editing, {}).get("edits", ())
    return Release(
        version=version,
        series=series,
        sources=tuple(Source(**source) for source in releases[version]),
        depends=tuple(line_editing if name == LIBEDIT else name for name in data["depends"]),
        modules=tuple(data["modules"]),
        configure=tuple(data.get("configure", ())),
        compileall=data["compileall"],
        edits=tuple(Edit(**edit) for edit in (*data.get("edits", ()), *own, *common["edits"])),
        build_depends=tuple(data["build_python"]["depends"]),
        build_without=tuple(data["build_python"]["without"]),
        line_editing=line_editing,
    )


def plan_cpython(release: Release, *, shared: bool) -> Plan:
    """The target's Python: cross-configured, its interpreter static unless `shared`, pip beside it."""
    python, library = f"python{release.series}", f"lib/python{release.series}"
    return Plan(
        early=(
            *release.edits,
            Answers(),
            Run("configure", ("./configure", *_cross_options(release, shared=shared))),
        ),
        steps=(
            Edit("Makefile", COMPILEALL, "true", matches=release.compileall),
            Make("make"),
            RequireModules(release.modules),
            InstallPython(("DESTDIR={stage}", "ENSUREPIP=no", "install"), library),
            *((BuildDetails(library),) if release.number >= (3, 14) else ()),
            InstallWheels(
                f"{library}/ensurepip/_bundled/*.whl", f"{library}/site-packages", python, edits=edit_pip(python)
            ),
            Symlink("bin/python", "python3"),
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
        Edit("setup.py", r'^CROSS_COMPILING = \("_PYTHON_HOST_PLATFORM" in os\.environ\)$', "CROSS_COMPILING = True"),
        Edit("setup.py", r"^DISABLED_MODULE_LIST = \[\]$", f"DISABLED_MODULE_LIST = {list(release.build_without)}"),
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
    if release.number >= (3, 10):
        options.append("--without-static-libpython")
        if release.line_editing == LIBEDIT:
            options.append("--with-readline=editline")
    if release.number >= (3, 11):
        options.append("--with-build-python={build_python}")
    return (*options, *release.configure)


def _cleaning(release: Release, *, shared: bool) -> tuple[Step, ...]:
    """What `make install` puts there and nobody can use: the archive that a static interpreter was linked from."""
    if shared or release.number >= (3, 10):
        return ()
    return (Remove((f"lib/libpython{release.series}*.a", f"lib/python{release.series}/config-*/libpython*.a")),)
