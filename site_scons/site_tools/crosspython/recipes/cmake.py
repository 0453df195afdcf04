"""The kind for sources with a CMakeLists.txt, and the toolchain file that describes the board to CMake.

Knows the settings by which CMake sees the private sysroot and nothing of the build machine. hosttools.py chooses cmake
and ninja: their versions are pinned, so builds are the same on all machines.
"""

from __future__ import annotations

from msgspec import field

from crosspython.recipes.fields import Steps, Strings, Variables
from crosspython.recipes.kind import Component
from crosspython.recipes.plan import Ninja, Plan, Run, Write
from crosspython.targets import Target

FOLDER = "crosspython-build"
TOOLCHAIN_FILE = "crosspython-toolchain.cmake"

# Without RPATHs of CMake's own: the wrapper reserves room for the one that finish writes (docs/decisions/0003).
OPTIONS = (
    "-DCMAKE_INSTALL_PREFIX={prefix}",
    "-DCMAKE_INSTALL_LIBDIR=lib",
    "-DCMAKE_BUILD_TYPE=RelWithDebInfo",
    "-DCMAKE_SKIP_RPATH=ON",
    "-DBUILD_SHARED_LIBS=ON",
)


class CMake(Component, frozen=True, kw_only=True):
    """cmake, ninja, cmake --install.

    configure: definitions: "-DENABLE_STATIC=OFF"
    build:     ninja's targets; all where there is none
    source:    the folder of the CMakeLists.txt
    """

    configure: Strings = ()
    build: Strings = ()
    environment: Variables = field(default_factory=dict)
    steps: Steps = ()
    after: Steps = ()
    source: str = "{source}"
    tools: Strings = ()

    def plan(self, target: Target) -> Plan:
        places = ("-S", self.source, "-B", f"{{build}}/{FOLDER}", "-G", "Ninja")
        toolchain = f"-DCMAKE_TOOLCHAIN_FILE={{build}}/{TOOLCHAIN_FILE}"
        return Plan(
            steps=(
                Write(TOOLCHAIN_FILE, toolchain_file(target.machine)),
                Run("configure", ("cmake", *places, toolchain, *OPTIONS, *self.configure)),
                *self.steps,
                Ninja("build", self.build, cwd=f"{{build}}/{FOLDER}"),
                Run("install", ("cmake", "--install", f"{{build}}/{FOLDER}"), env={"DESTDIR": "{stage}"}),
                *self.after,
            ),
            tools=("cmake", "ninja", *self.tools),
            env=dict(self.environment),
        )


def toolchain_file(machine: str) -> str:
    """The text of a toolchain file (cmake-toolchains(7)), with a plan's placeholders in it.

    Libraries, headers and packages are searched only below the private sysroot, programs on the build machine. CMake's
    package registries are switched off: in them a user's earlier builds register their packages.
    """
    settings = {
        "CMAKE_SYSTEM_NAME": "Linux",
        "CMAKE_SYSTEM_PROCESSOR": machine,
        "CMAKE_C_COMPILER": "{triplet}-gcc",
        "CMAKE_CXX_COMPILER": "{triplet}-g++",
        "CMAKE_Fortran_COMPILER": "{triplet}-gfortran",
        "CMAKE_FIND_ROOT_PATH": "{sysroot}",
        "CMAKE_FIND_ROOT_PATH_MODE_PROGRAM": "NEVER",
        "CMAKE_FIND_ROOT_PATH_MODE_LIBRARY": "ONLY",
        "CMAKE_FIND_ROOT_PATH_MODE_INCLUDE": "ONLY",
        "CMAKE_FIND_ROOT_PATH_MODE_PACKAGE": "ONLY",
        "CMAKE_FIND_USE_PACKAGE_REGISTRY": "OFF",
        "CMAKE_FIND_USE_SYSTEM_PACKAGE_REGISTRY": "OFF",
        "CMAKE_EXPORT_PACKAGE_REGISTRY": "OFF",
    }
    return "".join(f'set({name} "{value}")\n' for name, value in settings.items())
