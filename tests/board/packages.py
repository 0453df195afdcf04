"""Packages of the distribution for the virtual board: fetched with an apt state of our own, unpacked, never installed.

The build machine's own apt tells where the archives are; its state, its architectures and its dpkg are left alone.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

_TARGETS = ("apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT) $(TRUSTED)")
_MAIN = "main"


class Packages:
    """An apt of our own for one architecture (as dpkg names it: armhf, arm64) in a folder of its own.

    suite: Debian's release, by its code name; without it, the build machine's
    """

    def __init__(self, architecture: str, folder: Path, suite: str = "") -> None:
        self.architecture, self._suite = architecture, suite
        self.folder = folder
        self._debs = folder / "debs"

    def unpack(self, names: Sequence[str], into: Path) -> None:
        """Fetch packages, without those they depend on, and unpack them into a folder."""
        self._debs.mkdir(parents=True, exist_ok=True)
        missing = [name for name in names if not self._find(name)]
        if missing:
            self._update()
            self._apt("apt-get", "download", *missing, cwd=self._debs)
        into.mkdir(parents=True, exist_ok=True)
        for name in names:
            subprocess.run(["dpkg-deb", "-x", str(self._find(name)[0]), str(into)], check=True)

    def depends(self, name: str) -> list[str]:
        """The packages that a package depends on, by name."""
        self._update()
        lines = self._apt("apt-cache", "depends", "--important", name).splitlines()
        return [line.partition("Depends:")[2].strip() for line in lines if line.strip().startswith("Depends:")]

    def _find(self, name: str) -> list[Path]:
        return sorted(self._debs.glob(f"{name}_*.deb"))

    def _update(self) -> None:
        sources = self.folder / "sources.list"
        if sources.exists():
            return
        for name in ("lists/partial", "cache/archives/partial", "preferences.d"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "status").touch()
        part = self.folder / "sources.part"
        part.write_text(self._write_sources())
        part.rename(sources)
        try:
            self._apt("apt-get", "update", "-q")
        except subprocess.CalledProcessError:
            sources.unlink()
            raise

    def _write_sources(self) -> str:
        told = subprocess.run([*_TARGETS, "Created-By: Packages"], capture_output=True, text=True, check=True).stdout
        lines = []
        for row in sorted(set(told.splitlines())):
            address, release, component, trusted = row.split()
            # The release itself is enough, and its index never changes between two of its points.
            if component == _MAIN and "debian" in address and "-" not in release:
                option = "[trusted=yes] " if trusted == "yes" else ""
                lines.append(f"deb {option}{address} {self._suite or release} {component}\n")
        return "".join(lines)

    def _apt(self, *command: str, cwd: Path | None = None) -> str:
        options = {
            "APT::Architecture": self.architecture,
            "APT::Architectures": self.architecture,
            "APT::Sandbox::User": "root",
            "Acquire::Languages": "none",
            "Dir::Etc::sourcelist": str(self.folder / "sources.list"),
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::Etc::preferencesparts": str(self.folder / "preferences.d"),
            "Dir::State": str(self.folder),
            "Dir::State::status": str(self.folder / "status"),
            "Dir::Cache": str(self.folder / "cache"),
        }
        given = [argument for name, value in options.items() for argument in ("-o", f"{name}={value}")]
        run = subprocess.run([command[0], *given, *command[1:]], cwd=cwd, capture_output=True, text=True, check=False)
        if run.returncode != 0:
            raise subprocess.CalledProcessError(run.returncode, command, run.stdout, run.stderr)
        return run.stdout
