"""What the build machine has to have: which programs, which package brings each, and the command that mends a lack.

It looks and tells; it installs nothing.
"""

from __future__ import annotations

import importlib.util
import shlex
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from crosspython.errors import CrosspythonError, HostToolError
from crosspython.targets import Target
from crosspython.toolchain.find import describe_place, find_compiler
from crosspython.toolchain.machines import MACHINES

# Programs, with the packages that bring them in the families of distributions that we know.
_PACKAGES: dict[str, dict[str, str]] = {
    "aclocal": {"debian": "automake", "fedora": "automake", "arch": "automake", "suse": "automake"},
    "automake": {"debian": "automake", "fedora": "automake", "arch": "automake", "suse": "automake"},
    "autoreconf": {"debian": "autoconf", "fedora": "autoconf", "arch": "autoconf", "suse": "autoconf"},
    "g++": {"debian": "g++", "fedora": "gcc-c++", "arch": "gcc", "suse": "gcc-c++"},
    "gcc": {"debian": "gcc", "fedora": "gcc", "arch": "gcc", "suse": "gcc"},
    "infocmp": {"debian": "ncurses-bin", "fedora": "ncurses", "arch": "ncurses", "suse": "ncurses-utils"},
    "libtoolize": {"debian": "libtool libltdl-dev", "fedora": "libtool", "arch": "libtool", "suse": "libtool"},
    "make": {"debian": "make", "fedora": "make", "arch": "make", "suse": "make"},
    "patch": {"debian": "patch", "fedora": "patch", "arch": "patch", "suse": "patch"},
    "perl": {"debian": "perl", "fedora": "perl", "arch": "perl", "suse": "perl"},
    "pkg-config": {"debian": "pkgconf", "fedora": "pkgconf", "arch": "pkgconf", "suse": "pkgconf"},
    "tclsh": {"debian": "tcl", "fedora": "tcl", "arch": "tcl", "suse": "tcl"},
    "tic": {"debian": "ncurses-bin", "fedora": "ncurses", "arch": "ncurses", "suse": "ncurses-utils"},
    "qemu-user": {
        "debian": "qemu-user-static",
        "fedora": "qemu-user-static",
        "arch": "qemu-user-static",
        "suse": "qemu-linux-user",
    },
}
_INSTALL = {
    "debian": "apt-get install -y",
    "fedora": "dnf install",
    "arch": "pacman -S",
    "suse": "zypper install",
}
# What any build calls, whichever components it needs; recipes name what is theirs alone.
BUILD_TOOLS = (
    "gcc",
    "g++",
    "make",
    "patch",
    "perl",
    "pkg-config",
    "autoreconf",
    "automake",
    "libtoolize",
    "tic",
    "infocmp",
    "tclsh",
)
_MODULES = ("SCons", "requests", "rich", "zstandard", "elftools", "installer", "packaging")


@dataclass(frozen=True)
class Finding:
    """One thing that was looked for; `package` brings it where it is missing."""

    what: str
    ok: bool
    detail: str
    package: str | None = None

    def __str__(self) -> str:
        return f"  {'ok' if self.ok else 'MISSING':<8} {self.what:<16} {self.detail}"


def examine(*, path: str, target: Target, toolchain: str | None) -> list[Finding]:
    """Everything a build and a check for `target` need of this machine. Touches no network, builds nothing."""
    findings = [_look_for_tool(name, path) for name in BUILD_TOOLS]
    findings.append(_look_for_compiler(target, toolchain, path))
    findings.append(_look_for_emulator(target.machine, path))
    for module in _MODULES:
        found = importlib.util.find_spec(module) is not None
        findings.append(Finding(f"Python: {module}", found, "" if found else "pip install -r requirements.txt"))
    return findings


def mend(findings: Iterable[Finding]) -> str:
    """The one command that brings what is missing."""
    missing = [finding for finding in findings if not finding.ok]
    packages = sorted({word for finding in missing if finding.package for word in finding.package.split()})
    commands = [f"{_INSTALL[family()]} {' '.join(packages)}"] if packages else []
    if any(finding.what.startswith("Python: ") for finding in missing):
        commands.append(".venv/bin/pip install -r requirements.txt")
    return " && ".join(commands)


def emulator_package() -> str:
    """The command that installs QEMU's user-mode emulators."""
    return f"{_INSTALL[family()]} {_PACKAGES['qemu-user'][family()]}"


def require_tools(names: Sequence[str], path: str, wanted_by: str) -> None:
    """All these programs are on PATH. Raises one HostToolError that names every missing one, and the packages."""
    missing = [finding for name in dict.fromkeys(names) if not (finding := _look_for_tool(name, path)).ok]
    if missing:
        raise HostToolError(
            f"{wanted_by}: this machine lacks programs: {', '.join(finding.what for finding in missing)}",
            expected="them on PATH",
            found=f"PATH={path}",
            next=mend(missing),
        )


def family(os_release: Path = Path("/etc/os-release")) -> str:
    """The family of distributions this machine's belongs to, by os-release(5): debian where nothing tells."""
    try:
        lines = os_release.read_text().splitlines()
    except OSError:
        return "debian"
    facts: Mapping[str, str] = dict(line.split("=", 1) for line in lines if "=" in line)
    words = shlex.split(f"{facts.get('ID', '')} {facts.get('ID_LIKE', '')}")
    known = {"ubuntu": "debian", "rhel": "fedora", "centos": "fedora", "opensuse": "suse", "sles": "suse"}
    names = [name for word in words for name in word.split()]
    return next((known.get(name, name) for name in names if known.get(name, name) in _INSTALL), "debian")


def _look_for_tool(name: str, path: str) -> Finding:
    found = shutil.which(name, path=path)
    packages = _PACKAGES.get(name, {})
    return Finding(name, found is not None, found or "", packages.get(family(), name))


def _look_for_compiler(target: Target, toolchain: str | None, path: str) -> Finding:
    package = MACHINES[target.machine].package
    if toolchain is not None:
        there = describe_place(target, toolchain, path=path) != "none" and Path(toolchain).exists()
        return Finding("cross compiler", there, toolchain if there else f"toolchain={toolchain}: nothing there")
    try:
        return Finding("cross compiler", True, str(find_compiler(target, None, path=path, unpack_into=Path())))
    except CrosspythonError:
        return Finding("cross compiler", False, f"for {target.name}; or the vendor's SDK by toolchain=", package)


def _look_for_emulator(machine: str, path: str) -> Finding:
    name = MACHINES[machine].emulator
    found = shutil.which(f"{name}-static", path=path) or shutil.which(name, path=path)
    detail = found or "only `scons check` needs it"
    return Finding(name, found is not None, detail, _PACKAGES["qemu-user"][family()])
