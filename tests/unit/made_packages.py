"""Tiny packages that tests lay into a folder for --find-links: sdists and wheels with metadata and nothing else."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.unit.made_wheel import make_wheel

_TIME = 1577836800


def metadata(name: str, version: str, needs: Sequence[str], python: str | None) -> str:
    """PKG-INFO with nothing dynamic, so that no build is needed to read it."""
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
    files: Mapping[str, bytes | str] | None = None,
) -> Path:
    """A wheel with one empty module, or with these files; its name has this tag, whatever it contains."""
    distribution = name.replace("-", "_")
    told = [*([f"Requires-Python: {python}"] if python else []), *(f"Requires-Dist: {need}" for need in needs)]
    pure = f"Root-Is-Purelib: {str(tag.endswith('-any')).lower()}"
    content = {f"{distribution}.py": ""} if files is None else files
    filename = f"{distribution}-{version}-{tag}.whl"
    return make_wheel(folder, filename, content, name=name, metadata=told, wheel=[pure, f"Tag: {tag}"])


def add_sdist(
    folder: Path,
    name: str,
    version: str = "1.0",
    *,
    needs: Sequence[str] = (),
    build_requires: Sequence[str] | None = None,
    python: str | None = None,
    backend: str | None = None,
    build_backend: str | None = None,
) -> Path:
    """An sdist; without build requirements it has no pyproject.toml.

    build_backend: the module that builds it
    backend: code of one in the tree, the only one that can tell what the package needs
    """
    top = f"{name.replace('-', '_')}-{version}"
    files = {
        "PKG-INFO": metadata(name, version, needs, python),
        "setup.py": "raise SystemExit('nobody may run this')\n",
    }
    if build_requires is not None:
        requires = ", ".join(f'"{need}"' for need in build_requires)
        files["pyproject.toml"] = f"[build-system]\nrequires = [{requires}]\n"
        files["pyproject.toml"] += f'build-backend = "{build_backend}"\n' if build_backend else ""
    if backend is not None:
        files["PKG-INFO"] = files["PKG-INFO"].replace("2.2", "2.1", 1)
        files["backend.py"] = backend
        files["pyproject.toml"] = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    path = folder / f"{top}.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        for filename, text in files.items():
            info = tarfile.TarInfo(f"{top}/{filename}")
            info.size, info.mtime = len(text.encode()), _TIME
            tar.addfile(info, io.BytesIO(text.encode()))
    return path


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
