"""Projects as people have them: a folder with a pyproject.toml or setup.py, an sdist, a wheel.

Knows its name and its build requirements (PEP 518); project_files.py knows its files. It runs nothing of the project.
Paths belong to the build machine.
"""

from __future__ import annotations

import ast
import configparser
import hashlib
import json
import os
import re
import tarfile
import tomllib
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.metadata import parse_email
from packaging.requirements import Requirement
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from crosspython.errors import ArchiveError, ConfigurationError
from crosspython.wheels.requirements import read_requirements

# The default build requirements (PEP 518).
DEFAULT_REQUIRES = (Requirement("setuptools>=40.8.0"),)

# The keys of a pyproject.toml that do not concern dependencies.
_DESCRIPTION = frozenset(
    (
        *("version", "description", "readme", "authors", "maintainers", "license", "license-files", "keywords"),
        *("classifiers", "urls", "homepage", "repository", "documentation", "scripts", "gui-scripts", "entry-points"),
    )
)
_OTHER_TOOLS = frozenset(("black", "cibuildwheel", "coverage", "isort", "mypy", "pylint", "pyright", "pytest", "ruff"))
_TEXT_FILE = re.compile(r"[\w./-]+\.(?:txt|in|toml|cfg|json|ya?ml|lock)\b")

_SDISTS = (".tar.gz", ".tgz", ".zip", ".tar.bz2", ".tar.xz")


@dataclass(frozen=True)
class Project:
    """A local folder or sdist of which a wheel is made, or a local wheel. `name` is normalized; `path` is absolute;
    `marker` as in PEP 508."""

    name: str
    path: Path
    extras: tuple[str, ...] = ()
    marker: str = ""

    @property
    def details(self) -> str:
        """The request for it, without its name: extras and marker."""
        extras = f"[{','.join(self.extras)}]" if self.extras else ""
        return extras + (f" ; {self.marker}" if self.marker else "")

    @property
    def requirement(self) -> str:
        """The project as a requirement (PEP 508)."""
        extras, _, marker = self.details.partition(" ; ")
        return f"{self.name}{extras} @ {self.path.as_uri()}" + (f" ; {marker}" if marker else "")

    @property
    def is_folder(self) -> bool:
        return self.path.is_dir()


def is_archive_name(name: str) -> bool:
    """Whether a file of this name is an sdist or a wheel."""
    return name.endswith((".whl", *_SDISTS))


def is_project(path: Path) -> bool:
    """Whether a wheel can be made of a folder."""
    return any((path / file).is_file() for file in ("pyproject.toml", "setup.py"))


def read_project(path: Path, name: str | None = None) -> Project:
    """Read a local project. `name` overrides the name in its files. Raises ConfigurationError."""
    path = Path(os.path.normpath(path))
    if not path.exists():
        raise ConfigurationError(f"{path}: there is no such file or folder")
    if path.is_file() and not is_archive_name(path.name):
        raise ConfigurationError(f"{path}: neither a folder, nor an sdist ({', '.join(_SDISTS)}), nor a wheel")
    if path.is_dir() and not is_project(path):
        raise ConfigurationError(f"{path}: has neither a pyproject.toml nor a setup.py")
    if path.name.endswith(".whl"):
        _require_wheel_name(path)
    found = name or (_folder_name(path) if path.is_dir() else name_in_file(path.name))
    if found is None:
        raise ConfigurationError(f'{path}: its files do not state its name; write it as "NAME @ {path}"')
    return Project(canonicalize_name(found), path)


def read_build_requires(path: Path) -> tuple[Requirement, ...]:
    """The build requirements in the pyproject.toml of a folder or an sdist (PEP 518), without invalid ones.

    Raises ConfigurationError for an invalid pyproject.toml, ArchiveError for an sdist that cannot be read.
    """
    text = _read_text(path / "pyproject.toml") if path.is_dir() else _from_sdist(path)
    system = _parse(text, path).get("build-system", {})
    requires = system.get("requires") if isinstance(system, dict) else None
    return read_requirements(map(str, requires))[0] if isinstance(requires, list) else DEFAULT_REQUIRES


def hash_metadata(path: Path) -> str:
    """The SHA-256 of everything that a project's dependencies depend on; its version is left out.

    path: a folder, an sdist or a wheel
    """
    if not path.is_dir():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    data = _parse(_read_text(path / "pyproject.toml"), path)
    told = [json.dumps(_of_dependencies(data), sort_keys=True, default=str)]
    if _computes_dependencies(data):
        told += (f"{file.relative_to(path)} {_read_text(file)}" for file in _files_of_dependencies(path))
    return hashlib.sha256("\0".join(told).encode("utf-8", "surrogateescape")).hexdigest()


def read_version(folder: Path) -> str:
    """The version in a folder's pyproject.toml; empty if only a build tells it."""
    data = _parse(_read_text(folder / "pyproject.toml"), folder)
    for table in (data.get("project", {}), data.get("tool", {}).get("poetry", {})):
        if isinstance(table.get("version"), str):
            try:
                return str(Version(table["version"]))
            except InvalidVersion:
                return ""
    return ""


def read_groups(folder: Path) -> dict[str, Any]:
    """The dependency groups in a folder's pyproject.toml (PEP 735), by normalized name, otherwise unchanged."""
    groups = _parse(_read_text(folder / "pyproject.toml"), folder).get("dependency-groups", {})
    return {canonicalize_name(name): group for name, group in groups.items()} if isinstance(groups, dict) else {}


def names_its_root(folder: Path) -> bool:
    """Whether a folder's pyproject.toml names dependencies relative to its own path, as PDM does (PDM: Local
    dependencies)."""
    return "${PROJECT_ROOT}" in (_read_text(folder / "pyproject.toml") or "")


def _of_dependencies(data: dict[str, Any]) -> dict[str, Any]:
    """A pyproject.toml without the keys that do not concern dependencies: version, description, tools."""
    tools = {name: table for name, table in data.get("tool", {}).items() if name not in _OTHER_TOOLS}
    if isinstance(tools.get("poetry"), dict):
        tools["poetry"] = {key: value for key, value in tools["poetry"].items() if key not in _DESCRIPTION}
    project = {key: value for key, value in data.get("project", {}).items() if key not in _DESCRIPTION}
    return {**data, "project": project, "tool": tools}


def _computes_dependencies(data: dict[str, Any]) -> bool:
    """Whether a project's dependencies are stated outside of its pyproject.toml, too (PEP 621, dynamic)."""
    dynamic = data.get("project", {}).get("dynamic", ())
    return "project" not in data or not {"dependencies", "optional-dependencies"}.isdisjoint(dynamic)


def _files_of_dependencies(folder: Path) -> list[Path]:
    """setup.py and similar files, and the files that they name, such as requirements.txt."""
    scripts = [folder / name for name in ("setup.py", "setup.cfg", "pyproject.toml")]
    named = {name for script in scripts for name in _TEXT_FILE.findall(_read_text(script) or "")}
    files = {*scripts[:2], *(folder / name for name in named), *folder.glob("*requirements*.txt")}
    files |= {file for file in folder.glob("requirements/*") if file.suffix in (".txt", ".in")}
    return sorted(file for file in files if file.is_file())


def _require_wheel_name(path: Path) -> None:
    try:
        parse_wheel_filename(path.name)
    except InvalidWheelFilename as error:
        raise ConfigurationError(f"{path}: not the name of a wheel: {error}") from error


def name_in_file(filename: str) -> str | None:
    """The name in an sdist's or wheel's file name (PEP 427, PEP 625, and older sdists whose names have dashes)."""
    if filename.endswith(".whl"):
        return filename.split("-")[0]
    stem = next((filename.removesuffix(suffix) for suffix in _SDISTS if filename.endswith(suffix)), "")
    match = re.fullmatch(r"(.+?)-v?\d[^-]*(?:-[a-z]?\d*)?", stem)
    return match[1] if match else None


def _folder_name(folder: Path) -> str | None:
    data = _parse(_read_text(folder / "pyproject.toml"), folder)
    poetry = data.get("tool", {}).get("poetry", {})
    for table in (data.get("project", {}), poetry):
        if isinstance(table.get("name"), str):
            return str(table["name"])
    config = configparser.ConfigParser(interpolation=None)
    try:
        config.read_string(_read_text(folder / "setup.cfg") or "")
    except configparser.Error:
        return None
    if name := config.get("metadata", "name", fallback=None):
        return name
    if name := parse_email(_read_text(folder / "PKG-INFO") or "")[0].get("name"):
        return name
    return _setup_name(_read_text(folder / "setup.py") or "")


def _setup_name(text: str) -> str | None:
    """The name that a setup.py gives as a plain string."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "name" and isinstance(node.value, ast.Constant):
            return str(node.value.value)
    return None


def _read_text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: cannot be read", found=str(error)) from error


def _parse(text: str | None, path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text or "")
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path}: its pyproject.toml is not TOML", found=str(error)) from error


def _from_sdist(path: Path) -> str | None:
    """The text of the pyproject.toml in the top folder of an sdist; None if there is none."""
    try:
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                names = [name for name in archive.namelist() if _is_pyproject(name)]
                return archive.read(names[0]).decode() if names else None
        with tarfile.open(path) as tar:
            for member in tar:
                if member.isfile() and _is_pyproject(member.name):
                    file = tar.extractfile(member)
                    return file.read().decode() if file else None
    except (OSError, EOFError, UnicodeDecodeError, tarfile.TarError, zipfile.BadZipFile) as error:
        raise ArchiveError(f"{path.name}: not an sdist that can be read", found=str(error)) from error
    return None


def _is_pyproject(name: str) -> bool:
    return re.fullmatch(r"(?:\./)?[^/]+/pyproject\.toml", name) is not None
