"""Tiny packages that tests lay into a folder for --find-links: sdists and wheels with metadata and nothing else."""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

_TIME = 1577836800


def metadata(name: str, version: str, needs: Sequence[str] = (), python: str | None = None) -> str:
    """METADATA or PKG-INFO with nothing dynamic, so that nobody has to build anything to know it."""
    lines = ["Metadata-Version: 2.2", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Python: {python}"] if python else []
    return "\n".join([*lines, *(f"Requires-Dist: {need}" for need in needs), ""])


def add_wheel(
    folder: Path,
    name: str,
    version: str = "1.0",
    *,
    tag: str = "py3-none-any",
    needs: Sequence[str] = (),
    python: str | None = None,
) -> Path:
    """A wheel with one empty module; it is called by its tag, whatever is in it."""
    distribution = name.replace("-", "_")
    info = f"{distribution}-{version}.dist-info"
    pure = str(tag.endswith("-any")).lower()
    files = {
        f"{distribution}.py": "",
        f"{info}/METADATA": metadata(name, version, needs, python),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: {pure}\nTag: {tag}\n",
    }
    path = folder / f"{distribution}-{version}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for filename, text in files.items():
            archive.writestr(zipfile.ZipInfo(filename), text)
        record = "".join(f"{filename},,\n" for filename in files) + f"{info}/RECORD,,\n"
        archive.writestr(zipfile.ZipInfo(f"{info}/RECORD"), record)
    return path


def add_sdist(
    folder: Path,
    name: str,
    version: str = "1.0",
    *,
    needs: Sequence[str] = (),
    build_requires: Sequence[str] | None = None,
    python: str | None = None,
) -> Path:
    """An sdist; without build requirements it has no pyproject.toml."""
    top = f"{name.replace('-', '_')}-{version}"
    files = {
        "PKG-INFO": metadata(name, version, needs, python),
        "setup.py": "raise SystemExit('nobody may run this')\n",
    }
    if build_requires is not None:
        requires = ", ".join(f'"{need}"' for need in build_requires)
        files["pyproject.toml"] = f"[build-system]\nrequires = [{requires}]\n"
    path = folder / f"{top}.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        for filename, text in files.items():
            info = tarfile.TarInfo(f"{top}/{filename}")
            info.size, info.mtime = len(text.encode()), _TIME
            tar.addfile(info, io.BytesIO(text.encode()))
    return path


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
