"""Host tools: the programs that builds call on the build machine, and the packages that bring them.

Knows the package of each program in each distribution, and the command that installs it. It does not know what a build
needs. The names of packages are those of Debian 12 to 13, Ubuntu 24.04 to 26.04, Fedora, Arch, openSUSE and Alpine.
"""

from __future__ import annotations

import os
import platform
import re
import shlex
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec.structs import replace

from crosspython.errors import HostToolError


class PackageManager(msgspec.Struct, frozen=True):
    """How a family of distributions installs packages.

    families: values of ID and ID_LIKE in os-release(5)
    renamed:  packages that have another name in this machine's release than in the table below
    """

    name: str
    install: tuple[str, ...]
    families: tuple[str, ...]
    renamed: Mapping[str, str] = {}


MANAGERS = (
    PackageManager("apt", ("apt-get", "install", "-y"), ("debian", "ubuntu")),
    PackageManager("dnf", ("dnf", "install", "-y"), ("fedora", "rhel", "centos")),
    PackageManager("pacman", ("pacman", "-S", "--needed"), ("arch",)),
    PackageManager("zypper", ("zypper", "install", "-y"), ("suse", "opensuse")),
    PackageManager("apk", ("apk", "add"), ("alpine",)),
)
_NAMES = tuple(manager.name for manager in MANAGERS)

# Since these releases the package qemu-user has the static emulators, and the older package will be removed.
_STATIC_QEMU_USER = {"debian": (13,), "ubuntu": (25, 4)}

# Program -> package, where they differ; in the order of MANAGERS. None: the distribution has none.
_PACKAGES: dict[str, tuple[str | None, ...]] = {
    "g++": ("g++", "gcc-c++", "gcc", "gcc-c++", "g++"),
    "cc": ("gcc", "gcc", "gcc", "gcc", "gcc"),
    "ld": ("binutils", "binutils", "binutils", "binutils", "binutils"),
    "aclocal": ("automake", "automake", "automake", "automake", "automake"),
    "autoreconf": ("autoconf", "autoconf", "autoconf", "autoconf", "autoconf"),
    "autopoint": ("autopoint", "gettext-devel", "gettext", "gettext-tools", "gettext-dev"),
    "libtoolize": (
        "libtool libltdl-dev",
        "libtool libtool-ltdl-devel",
        "libtool",
        "libtool libltdl-devel",
        "libtool libltdl",
    ),
    "libtool": ("libtool-bin", "libtool", "libtool", "libtool", "libtool"),
    "pkg-config": ("pkgconf", "pkgconf-pkg-config", "pkgconf", "pkg-config", "pkgconf"),
    "tclsh": ("tcl", "tcl", "tcl", "tcl", "tcl"),
    "xz": ("xz-utils", "xz", "xz", "xz", "xz"),
    "mksquashfs": ("squashfs-tools", "squashfs-tools", "squashfs-tools", "squashfs", "squashfs-tools"),
    "rpmbuild": ("rpm", "rpm-build", "rpm-tools", "rpm-build", None),
    "tic": ("ncurses-bin", "ncurses", "ncurses", "ncurses-utils", "ncurses"),
    "infocmp": ("ncurses-bin", "ncurses", "ncurses", "ncurses-utils", "ncurses"),
    "cp": ("coreutils", "coreutils", "coreutils", "coreutils", "coreutils"),
    "qemu-arm": ("qemu-user-static", "qemu-user-static-arm", "qemu-user-static", "qemu-linux-user", "qemu-arm"),
    "qemu-aarch64": (
        "qemu-user-static",
        "qemu-user-static-aarch64",
        "qemu-user-static",
        "qemu-linux-user",
        "qemu-aarch64",
    ),
    "qemu-riscv64": (
        "qemu-user-static",
        "qemu-user-static-riscv",
        "qemu-user-static",
        "qemu-linux-user",
        "qemu-riscv64",
    ),
    "qemu-i386": ("qemu-user-static", "qemu-user-static-x86", "qemu-user-static", "qemu-linux-user", "qemu-i386"),
    "qemu-x86_64": ("qemu-user-static", "qemu-user-static-x86", "qemu-user-static", "qemu-linux-user", "qemu-x86_64"),
    "arm-linux-gnueabihf-g++": ("g++-arm-linux-gnueabihf", None, None, None, None),
    "arm-linux-gnueabi-g++": ("g++-arm-linux-gnueabi", None, None, None, None),
    "aarch64-linux-gnu-g++": ("g++-aarch64-linux-gnu", None, "aarch64-linux-gnu-gcc", None, None),
    "riscv64-linux-gnu-g++": ("g++-riscv64-linux-gnu", None, "riscv64-linux-gnu-gcc", None, None),
    "arm-linux-gnueabihf-gfortran": ("gfortran-arm-linux-gnueabihf", None, None, None, None),
    "arm-linux-gnueabi-gfortran": ("gfortran-arm-linux-gnueabi", None, None, None, None),
    "aarch64-linux-gnu-gfortran": ("gfortran-aarch64-linux-gnu", None, None, None, None),
    "riscv64-linux-gnu-gfortran": ("gfortran-riscv64-linux-gnu", None, None, None, None),
}
# Programs that are installed with crosspython's requirements, so that products do not depend on the machine.
PINNED = ("cmake", "meson", "ninja")
# Programs whose package has the same name in all distributions.
_SAME = ("gcc", "make", "perl", "patch", "file", "autoconf", "automake", "gawk", "bison", "flex", "m4", "sed", "tar")


def read_os_release() -> Mapping[str, str]:
    """The facts about this machine's distribution (os-release(5)); empty if it states none."""
    try:
        return platform.freedesktop_os_release()
    except OSError:
        return {}


def find_manager(facts: Mapping[str, str] | None = None) -> PackageManager | None:
    """Return how a machine installs packages, or None for an unknown distribution.

    facts: the content of its os-release; None: this machine's
    """
    facts = read_os_release() if facts is None else facts
    families = [facts.get("ID", ""), *facts.get("ID_LIKE", "").split()]
    families += [family.split("-")[0] for family in families]
    found = next((manager for manager in MANAGERS if set(manager.families) & set(families)), None)
    if found is not None and _has_static_qemu_user(facts):
        return replace(found, renamed={"qemu-user-static": "qemu-user"})
    return found


def _has_static_qemu_user(facts: Mapping[str, str]) -> bool:
    """Whether qemu-user of this release of Debian or Ubuntu has static emulators. A release without a number, such as
    Debian's sid, is the newest."""
    since = _STATIC_QEMU_USER.get(facts.get("ID", ""))
    return since is not None and tuple(int(n) for n in re.findall(r"\d+", facts.get("VERSION_ID", "9999"))) >= since


def package_of(tool: str, manager: PackageManager | None = None) -> str | None:
    """Return the package (or packages, separated by spaces) that contains a program; None if it is not known.

    manager: the package manager of the distribution; None: this machine's
    """
    manager = manager or find_manager()
    name = tool.removesuffix("-static") if tool.startswith("qemu-") else tool
    if manager is None:
        return None
    if name in _SAME:
        return name
    package = _PACKAGES[name][_NAMES.index(manager.name)] if name in _PACKAGES else None
    return manager.renamed.get(package, package) if package else None


def install_command(tools: Iterable[str], manager: PackageManager | None = None) -> str | None:
    """Return the command that installs all these programs; None if a package is not known for each of them."""
    manager = manager or find_manager()
    packages = [package_of(tool, manager) for tool in tools]
    if manager is None or not packages or None in packages:
        return None
    names = dict.fromkeys(name for package in packages if package for name in package.split())
    return shlex.join([*(() if os.geteuid() == 0 else ("sudo",)), *manager.install, *names])


def without_virtual_environments(path: str) -> str:
    """Return a PATH without the folders of Python's virtual environments (PEP 405), activated ones among them.

    Builds use the machine's own programs, also if an environment is activated in the shell in which scons is started.
    """
    folders = path.split(os.pathsep)
    return os.pathsep.join(folder for folder in folders if not Path(folder, "../pyvenv.cfg").is_file())


def find_tool(tool: str, path: str) -> str | None:
    """Return the path of a program on `path`; a pinned program is searched only beside this interpreter. The name of an
    emulator may end with `-static`."""
    if tool in PINNED:
        path = str(Path(sys.executable).parent)
    names = (tool, f"{tool}-static") if tool.startswith("qemu-") else (tool,)
    return next((found for name in names if (found := shutil.which(name, path=path))), None)


def find_pinned(tools: Iterable[str]) -> dict[str, Path]:
    """Return the paths of those of `tools` that are installed with crosspython's requirements, without missing ones."""
    found = {tool: find_tool(tool, "") for tool in tools if tool in PINNED}
    return {tool: Path(place) for tool, place in found.items() if place}


def require_tools(tools: Sequence[str], path: str) -> None:
    """Raise one HostToolError that names all programs that `path` lacks, and the command that installs them."""
    missing = [tool for tool in dict.fromkeys(tools) if find_tool(tool, path) is None]
    if missing:
        raise HostToolError(
            f"this machine lacks programs: {', '.join(missing)}",
            expected="them on PATH",
            found=f"PATH={path}",
            next=describe_install(missing),
        )


def describe_install(tools: Sequence[str]) -> str:
    """Return the command that installs these programs, followed by the names of programs without a known package."""
    known = [tool for tool in tools if package_of(tool)]
    pinned = [tool for tool in tools if tool in PINNED]
    unknown = [tool for tool in tools if tool not in (*known, *pinned)]
    parts = [command] if (command := install_command(known)) else []
    parts += [shlex.join([sys.executable, "-m", "pip", "install", *pinned])] if pinned else []
    parts += [f"install {', '.join(unknown)}"] if unknown else []
    return "; and ".join(parts)
