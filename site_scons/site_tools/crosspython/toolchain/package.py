"""Finds the package of the build machine that a file belongs to, and the source of that package: whoever distributes a
copy of the file has to say where its source is.

Knows dpkg (Debian, Ubuntu) and rpm (Fedora, openSUSE). Some files belong to no package, such as those of an SDK.
"""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from crosspython.run.asking import ask_program

_RPM = "%{NAME} %{VERSION}-%{RELEASE}\n%{SOURCERPM}\n"
_DPKG = "${Package} ${Version}\n${source:Package} (= ${source:Version}), ${Built-Using}\n"


@dataclass(frozen=True)
class HostPackage:
    """A package that is installed here: "libc6-armhf-cross 2.36-8cross1", and the sources that it was built from."""

    title: str
    sources: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.title.partition(" ")[0]

    @property
    def copyright(self) -> Path | None:
        """The file with the authors and licences of a Debian package (its Policy, 12.5)."""
        file = Path("/usr/share/doc") / self.name / "copyright"
        return file if file.is_file() else None


def find_package(file: Path, path: str) -> HostPackage | None:
    """The package that a file belongs to. path: the PATH of the build machine's programs"""
    # dpkg may know a file by its name from before /usr was merged.
    places = [Path(os.path.normpath(file)), file.resolve()]
    for place in (*places, *(Path(str(each).removeprefix("/usr")) for each in places)):
        if package := _ask_dpkg(place, path) or _ask_rpm(place, path):
            return package
    return None


def _ask_dpkg(place: Path, path: str) -> HostPackage | None:
    owner = _ask(path, "dpkg-query", "-S", str(place)).partition(": ")[0]
    lines = _ask(path, "dpkg-query", "-W", "-f", _DPKG, owner).splitlines() if owner else []
    if len(lines) != 2:
        return None
    sources = re.findall(r"(\S+) \(= (\S+)\)", lines[1])
    return HostPackage(lines[0], tuple(dict.fromkeys(" ".join(source) for source in sources)))


def _ask_rpm(place: Path, path: str) -> HostPackage | None:
    lines = _ask(path, "rpm", "-qf", "--qf", _RPM, str(place)).splitlines()
    return HostPackage(lines[0], (lines[1],)) if len(lines) == 2 else None


def _ask(path: str, program: str, *arguments: str) -> str:
    """The output of a program; empty if it fails or does not exist."""
    found = shutil.which(program, path=path)
    if found is None:
        return ""
    return ask_program([found, *arguments], {**os.environ, "LC_ALL": "C"})
