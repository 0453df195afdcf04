"""The environment of one package's build. It starts empty, and inherits only the PATH of the build machine's tools.

Knows the variables that make compilers, build systems and package installers build for the target, and those that keep
them from the network. Additional variables of a single package are in its override.
"""

from __future__ import annotations

import os
from pathlib import Path

from crosspython.run.isolation import OFFLINE
from crosspython.toolchain.programs import NATIVE_LINKS, native_tools
from crosspython.wheels.building.kit import Kit
from crosspython.workshop import EPOCH

# scikit-build-core and many a setup.py pass these words to CMake. FindPython then asks the interpreter for the suffix
# of extension modules, through the emulator, which it needs for that (policy CMP0190).
POLICY = "CMAKE_POLICY_DEFAULT_CMP0190"
CMAKE_ARGS = f"-D{POLICY}=NEW"


def build_environment(kit: Kit, *, python: Path, work: Path, sysroot: Path, overlay: Path, path: str) -> dict[str, str]:
    """The environment variables of one package's backend.

    python:  the engine's
    work:    the package's folder; its tmp/ is the home
    sysroot: the private sysroot, which the compilers use besides the toolchain's own
    overlay: native build requirements
    path:    of the build machine's own tools
    """
    triplet, files = kit.target.triplet, kit.files
    tools = {"CC": "gcc", "CXX": "g++", "AR": "gcc-ar", "NM": "gcc-nm", "RANLIB": "gcc-ranlib", "STRIP": "strip"}
    tools |= {"OBJCOPY": "objcopy", "READELF": "readelf"}
    if kit.toolchain.fortran:
        tools |= {"FC": "gfortran", "F77": "gfortran", "F90": "gfortran"}
    return {
        "PATH": os.pathsep.join([str(overlay / "bin"), str(kit.bin), path]),
        "HOME": str(work / "tmp"),
        "TMPDIR": str(work / "tmp"),
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "SOURCE_DATE_EPOCH": str(EPOCH),
        "PYTHONPATH": str(overlay),
        "PYTHONNOUSERSITE": "1",
        "PYTHONHASHSEED": "0",
        "GIT_CEILING_DIRECTORIES": str(work),  # a repository above this folder is not the package's
        "PYTHONPYCACHEPREFIX": str(work / "bytecode"),
        "CROSSPYTHON_PYTHON": str(python),
        "CROSSPYTHON_SYSROOT": str(sysroot),
        "CROSSPYTHON_WORK": str(kit.folder.parent),  # the kit's paths must not land in products, either
        "CROSSPYTHON_OVERLAY": str(overlay),
        NATIVE_LINKS: str(linked_in(work)),
        **{name: f"{triplet}-{tool}" for name, tool in tools.items()},
        **native_tools(path),
        "CONFIG_SITE": str(files.site),
        "CMAKE_TOOLCHAIN_FILE": str(files.cmake),
        **({"CMAKE_ARGS": CMAKE_ARGS} if kit.has_emulator else {}),
        "LOG_COMPILER": str(kit.bin / f"{triplet}-run"),
        "PKG_CONFIG": str(kit.bin / "pkg-config"),
        "PKG_CONFIG_LIBDIR": os.pathsep.join(_pkg_config_folders(sysroot, overlay, kit)),
        **OFFLINE,
    }


def linked_in(work: Path) -> Path:
    """A file that exists if the build of a package has linked a program with `gcc`, called by its bare name."""
    return work / "linked"


def _pkg_config_folders(sysroot: Path, overlay: Path, kit: Kit) -> list[str]:
    """The pkg-config folders of the private sysroot, of the target's Python, and of packages in the overlay (numpy,
    pybind11)."""
    folders = [sysroot / "usr/lib/pkgconfig", sysroot / "usr/share/pkgconfig", kit.sysroot / "usr/lib/pkgconfig"]
    folders += sorted(path.parent for path in overlay.rglob("*.pc"))
    return list(dict.fromkeys(map(str, folders)))
