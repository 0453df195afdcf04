"""Finds the files outside of a local project's folder that its build reads: sources beside it, a workspace, its
repository.

pip builds a project in its own folder, so it finds `../src/dev.c`; our copy has to contain such files. No standard
says which files a build reads. So the project's files are searched for existing paths that lead out of the project.
If such a file is not found here, it is missing in the copy, and the build fails: a build never reads unhashed files.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from crosspython.wheels.project_files import ProjectFiles
from crosspython.wheels.version_control import Repository, asks_version_control

# Files that are searched for paths. Documentation and web pages name other paths.
_SUFFIXES = frozenset(
    (
        *(".toml", ".cfg", ".ini", ".in", ".txt", ".json", ".py", ".pyx", ".pxd", ".pxi", ".cmake", ".build", ".mk"),
        *(".c", ".h", ".cc", ".cpp", ".cxx", ".hh", ".hpp", ".inc", ".f", ".f90", ".s", ".rs", ".sh"),
    )
)
_NAMES = ("Makefile",)
_LARGEST = 1 << 20  # bytes of a file that is searched
_MOST = 20_000  # files and folders of one neighbour
_PATH = re.compile(r"(?:[\w@+-][\w.@+-]*/)*(?:\.\./)+[\w@+-][\w.@+-]*(?:/[\w.@+-]+)*")
# Code that goes up from its folder, without a complete path: each quoted name in it is searched in the folders above.
_CLIMBS = re.compile(
    r"\w\.parent\b|\.parent\.parent\b|\bparents\[[1-9]|\bpardir\b|[\"']\.\.[\"']|\bdirname\([^\n]*\bdirname\("
)
_QUOTED = re.compile(r"[\"']([\w@+-][\w.@+/-]*)[\"']")
_DEPTH = 3  # the least parts of a neighbour's path: /usr and /etc are no neighbours
_HIGHEST = 2  # how many folders up such names are searched


def find_project_files(
    name: str, folder: Path, leave_out: Path | None, path: str, named: Sequence[str] = ()
) -> ProjectFiles:
    """All files that a local project is built from.

    leave_out: the build folder
    path:      the PATH of the build machine's tools
    named:     the paths that its override names, relative to the project's folder
    """
    project = Path(os.path.realpath(folder))
    files = ProjectFiles(name, project, leave_out=leave_out)
    if asks_version_control(project):
        files.repository = Repository.find(project, path)
    waiting = [Path(os.path.realpath(project / each)) for each in named]
    waiting += _references(files, project)
    waiting += _cargo_workspace(project)
    while waiting:
        place = waiting.pop()
        if any(place == root or root in place.parents for root in (project, *files.beside)) or not place.exists():
            continue
        if leave_out is not None and (place == leave_out or leave_out in place.parents):
            continue
        if _is_too_large(files, place):
            files.notes.append(f"{name}: {place} is too large to be copied for its build, so it is left out")
            continue
        files.beside = (*(root for root in files.beside if place not in root.parents), place)
        waiting += _references(files, place)
    files.beside = tuple(sorted(files.beside))
    return files


def _references(files: ProjectFiles, root: Path) -> list[Path]:
    """The paths outside of the project that files below one of its folders, or of its neighbours, refer to."""
    found: dict[Path, None] = {}
    for file in files.regular_files(root):
        if file.suffix.lower() not in _SUFFIXES and file.name not in _NAMES:
            continue
        try:
            if file.stat().st_size > _LARGEST:
                continue
            text = file.read_bytes().decode("latin-1")
        except OSError:
            continue  # hashing will report it
        bases = dict.fromkeys((file.parent, files.project, root if root.is_dir() else root.parent))
        for place in _places(text, file, tuple(bases)):
            if (reached := _outside(place, files.project)) is not None:
                found[reached] = None
    return list(found)


def _places(text: str, file: Path, bases: Sequence[Path]) -> Iterator[Path]:
    if "../" in text:
        for match in _PATH.finditer(text):
            yield from (base / match[0] for base in bases)
    if file.suffix == ".py" and _CLIMBS.search(text):
        for name in set(_QUOTED.findall(text)):
            yield from (file.parent / ("../" * up) / name for up in range(1, _HIGHEST + 1))


def _outside(place: Path, project: Path) -> Path | None:
    """The path that is copied for a reference: the whole folder; for a file the folder of the file, unless it contains
    the project. None: nothing is copied."""
    real = Path(os.path.realpath(place))
    if not real.exists() or real == project or project in real.parents or real in project.parents:
        return None
    if len(real.parts) < _DEPTH:
        return None
    if real.is_dir() or real.parent in project.parents or len(real.parent.parts) < _DEPTH:
        return real
    return real.parent


def _cargo_workspace(project: Path) -> Iterable[Path]:
    """The folder of a crate's workspace: cargo reads all manifests in a workspace (the cargo book)."""
    if not (project / "Cargo.toml").is_file():
        return
    for folder in list(project.parents)[:-2]:
        try:
            manifest = tomllib.loads((folder / "Cargo.toml").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if "workspace" in manifest:
            yield folder
            return


def _is_too_large(files: ProjectFiles, place: Path) -> bool:
    return any(number >= _MOST for number, _ in enumerate(files.regular_files(place)))
