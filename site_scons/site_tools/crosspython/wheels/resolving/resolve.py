"""Resolution by uv for another machine: the versions for a request, and the files of these versions.

Knows uv's project files and command line, and how to resolve for exactly one platform without an interpreter of it.
explain.py explains uv's errors; lock.py uses the result.
"""

from __future__ import annotations

import os
import sys
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from crosspython.errors import ConfigurationError
from crosspython.run.isolation import Contain
from crosspython.run.log import Log
from crosspython.wheels.commits import Commit
from crosspython.wheels.model import LockedFile, LockedPackage
from crosspython.wheels.resolving.explain import explain_resolution_failure
from crosspython.wheels.resolving.indexes import Indexes
from crosspython.wheels.resolving.neighbours import find_project_files
from crosspython.wheels.resolving.platform import Platform
from crosspython.wheels.resolving.projects import names_its_root
from crosspython.wheels.resolving.request import Request
from crosspython.wheels.resolving.uv import run_uv

_ROOT = "crosspython-request"
# uv's default index, and the Cache-Control headers of its answers: a page is right for ten minutes, a file for ever,
# because none is ever replaced. A mirror or a proxy may leave these headers out, and uv would then fetch every page and
# every file's metadata again at each resolution (uv: "Package indexes", cache-control).
_DEFAULT_INDEX = "https://pypi.org/simple"
_CACHING = {"api": "max-age=600", "files": "max-age=365000000, immutable"}
_PATIENCE = 900.0  # seconds: some packages only tell their requirements when they are built
# uv needs an interpreter that `requires-python` allows, and the target's cannot run here. So this allows any supported
# Python 3, or a newer one; the environment's markers contain the target's exact release.
_ANY_PYTHON = ">=3.5"


@dataclass(frozen=True)
class Resolver:
    """uv with its settings.

    folder: the folder for uv's project files
    cache:  uv's cache, shared by all builds
    path:   the PATH of the build machine's tools, for packages whose requirements only a build tells
    contain: how the backends of such packages are isolated
    named:  the files outside of a project that its override names (beside), by the project's name
    warnings: uv's warnings: an extra that a package does not have, a version that was withdrawn
    """

    folder: Path
    cache: Path
    indexes: Indexes
    path: str
    offline: bool
    log: Log
    contain: Contain = "auto"
    named: Callable[[str], Sequence[str]] = lambda name: ()
    warnings: list[str] = field(default_factory=list)

    def resolve(
        self, request: Request, platform: Platform, keep: Sequence[LockedPackage] = ()
    ) -> tuple[LockedPackage, ...]:
        """The closure of a request on a platform, by name. Raises the error that explain_failure makes of uv's output.

        keep: packages that keep their versions if that is possible
        """
        self._lock(request, platform, keep)
        self._uv("export", "--frozen", "--format", "pylock.toml", "--no-header", "--output-file", "pylock.toml")
        exported = tomllib.loads((self.folder / "pylock.toml").read_text())["packages"]
        return _read(exported, self._locked(), self.folder)

    def newest_versions(self, request: Request, platform: Platform) -> dict[str, str]:
        """The versions that resolve() finds, without their files, which cost uv a second start; without local projects
        whose version only their backend tells."""
        self._lock(request, platform)
        return {canonicalize_name(entry["name"]): entry["version"] for entry in self._locked() if "version" in entry}

    def _lock(self, request: Request, platform: Platform, keep: Sequence[LockedPackage] = ()) -> None:
        """Let uv write its lock for a request. Raises as resolve does."""
        project = _project(_requirements(request), list(map(str, request.constraints)), platform)
        self._write(project, _stated(request))
        if keep:
            (self.folder / "uv.lock").write_text(_earlier_lock(keep, project["project"]["requires-python"]))
        reads = self._beside(request)
        status = self._uv("lock", may_fail=True, variables=_project_root(request), reads=reads)
        if status != 0:
            raise explain_resolution_failure(self.log.tail(200), platform, self.indexes, self.log.path)
        said = (line.partition("warning: ") for line in self.log.tail(200))
        self.warnings[:] = [text for before, found, text in said if found and not before]

    def _locked(self) -> list[dict[str, Any]]:
        """The packages of uv's own lock."""
        packages = tomllib.loads((self.folder / "uv.lock").read_text())["package"]
        return [entry for entry in packages if entry["name"] != _ROOT]

    def filenames_elsewhere(self, packages: Sequence[LockedPackage], platform: Platform) -> dict[str, tuple[str, ...]]:
        """The names of each package's wheels for another platform, in the same versions. Packages for which uv finds no
        answer are left out."""
        pins = [f"{package.name}=={package.version}" for package in packages]
        project = _project(pins, (), platform)
        stated = [{"name": package.name, "version": package.version, "requires-dist": []} for package in packages]
        self._write(project, stated)
        if self._uv("lock", may_fail=True) != 0:
            return {}
        return {
            entry["name"]: tuple(sorted(_filename(wheel) for wheel in entry.get("wheels", ())))
            for entry in self._locked()
        }

    def _write(self, project: dict[str, Any], metadata: Sequence[dict[str, Any]]) -> None:
        """Write uv's files. The metadata of packages with stated requirements is written as configuration, and uv then
        uses only that."""
        import tomli_w

        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "uv.lock").unlink(missing_ok=True)
        (self.folder / "pyproject.toml").write_text(tomli_w.dumps(project))
        default = {"url": _DEFAULT_INDEX, "default": True, "cache-control": _CACHING}
        settings = {"dependency-metadata": list(metadata), "index": [default] if self.indexes.has_default else []}
        (self.folder / "uv.toml").write_text(tomli_w.dumps(settings))

    def _beside(self, request: Request) -> list[Path]:
        """The paths outside of local projects that belong to them: a setup.py may read requirements from there."""
        folders = [project for project in request.projects if project.is_folder]
        files = [
            find_project_files(each.name, each.path, self.folder, self.path, self.named(each.name)) for each in folders
        ]
        return sorted({place for each in files for place in each.beside})

    def _uv(
        self,
        command: str,
        *arguments: str,
        may_fail: bool = False,
        variables: Mapping[str, str] | None = None,
        reads: Sequence[Path] = (),
    ) -> int:
        common = ["--config-file", "uv.toml", "--no-progress", "--color", "never", "--no-python-downloads"]
        if self.offline:
            common.append("--offline")
        options = [*self.indexes.options, "--python", sys.executable]
        done = run_uv(
            [command, *common, *options, *arguments],
            cwd=self.folder,
            path=self.path,
            indexes=self.indexes,
            cache=self.cache,
            contain=self.contain,
            log=self.log,
            timeout=_PATIENCE,
            may_fail=may_fail,
            variables=variables,
            reads=reads,
        )
        return done.status


def _earlier_lock(packages: Sequence[LockedPackage], python: str) -> str:
    """A uv.lock that contains only the versions of an earlier lock: uv prefers these versions (uv: "Resolution",
    preferences)."""
    import tomli_w

    # uv looks up the source of a package again, so this address only has to exist in the file.
    source = {"registry": _DEFAULT_INDEX}
    entries = [
        {"name": package.name, "version": package.version, "source": source}
        for package in packages
        if package.version and package.folder is None and package.commit is None
    ]
    return tomli_w.dumps({"version": 1, "requires-python": python, "package": entries})


def _stated(request: Request) -> list[dict[str, Any]]:
    """The metadata of packages with stated requirements (uv: dependency-metadata)."""
    stated: list[dict[str, Any]] = [
        {"name": name, "requires-dist": list(needs)} for name, needs in request.dependencies.items()
    ]
    for name, needs in request.found.items():
        if name not in request.dependencies:
            told = {"requires-dist": needs["requires"], "provides-extra": needs["extras"]}
            stated.append({"name": name, "version": needs["version"], **told})
    return stated


def _project_root(request: Request) -> dict[str, str]:
    """The value of PDM's ${PROJECT_ROOT} for projects that contain it; uv would use its own folder.

    Raises ConfigurationError if two projects need different folders, because uv has only one value.
    """
    folders = [project.path for project in request.projects if project.is_folder and names_its_root(project.path)]
    if len(folders) > 1:
        raise ConfigurationError(
            f"pkgs=: ${{PROJECT_ROOT}} means another folder in each of {', '.join(map(str, folders))}",
            next="ask for one of them; the projects that it names become wheels, too",
        )
    return {"PROJECT_ROOT": str(folders[0])} if folders else {}


def _requirements(request: Request) -> list[str]:
    return [*map(str, request.requirements), *(project.requirement for project in request.projects)]


def _project(requirements: Sequence[str], constraints: Sequence[str], platform: Platform) -> dict[str, Any]:
    return {
        "project": {
            "name": _ROOT,
            "version": "0",
            "requires-python": _ANY_PYTHON,
            "dependencies": list(requirements),
        },
        "tool": {
            "uv": {
                "package": False,
                "environments": [platform.as_marker()],
                "constraint-dependencies": list(constraints),
            }
        },
    }


def _read(exported: Sequence[dict[str, Any]], own: Sequence[dict[str, Any]], start: Path) -> tuple[LockedPackage, ...]:
    """The packages with their files from uv's pylock.toml, and facts that are only in its own lock: edges, and versions
    of folders.

    start: the start of relative paths, which uv writes for projects that other projects name
    """
    known = {entry["name"]: entry for entry in own}
    packages = []
    for entry in exported:
        more = known[entry["name"]]
        directory, archive = entry.get("directory"), entry.get("archive")
        package = LockedPackage(
            name=canonicalize_name(entry["name"]),
            version=entry.get("version") or more.get("version") or "",
            sdist=_file(entry["sdist"], start) if "sdist" in entry else None,
            wheels=tuple(_file(wheel, start) for wheel in entry.get("wheels", ())),
            depends=_depends(more),
            folder=_place(start, directory) if directory else None,
            commit=_commit(entry["vcs"]) if "vcs" in entry else None,
        )
        if archive and _filename(archive).endswith(".whl"):
            package = replace(package, wheels=(_file(archive, start),))
        elif archive:
            package = replace(package, sdist=_file(archive, start))
        packages.append(package)
    return tuple(packages)


def _depends(entry: dict[str, Any]) -> tuple[str, ...]:
    extras = entry.get("optional-dependencies", {}).values()
    return tuple(sorted({need["name"] for needs in (entry.get("dependencies", ()), *extras) for need in needs}))


def _commit(entry: dict[str, Any]) -> Commit:
    """The commit of an entry. A requested project may itself require a branch: then the branch's present commit is
    locked."""
    return Commit(entry["url"], entry["commit-id"], entry.get("subdirectory", ""))


def _place(start: Path, entry: dict[str, Any]) -> Path:
    return Path(os.path.normpath(start / entry["path"]))


def _file(entry: dict[str, Any], start: Path) -> LockedFile:
    path = _place(start, entry) if "path" in entry else None
    return LockedFile(_filename(entry), entry["hashes"]["sha256"], entry.get("url"), path, entry.get("size"))


def _filename(entry: dict[str, Any]) -> str:
    place = str(entry.get("filename") or entry.get("name") or entry.get("path") or entry["url"])
    return place.partition("#")[0].rpartition("/")[2]
