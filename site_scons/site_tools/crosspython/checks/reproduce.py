"""Builds twice under different conditions, and compares the products.

Knows which conditions can change products (reproducible-builds.org, "Variations in the build environment"), and how to
describe where two products differ. The caller chooses the goals. All paths belong to the build machine.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from crosspython.errors import StepError
from crosspython.run.log import Log
from crosspython.run.process import run_command
from crosspython.store.fetch import hash_file
from crosspython.store.formats import damage_told, read_members
from crosspython.store.walk import find_files

_ARCHIVES = (".tar.gz", ".tar.zst", ".whl")
_SHOWN = 5  # members of an archive that differ


@dataclass(frozen=True)
class Conditions:
    """The conditions of one of the two builds. folder: for this build alone; umask: as text, "077"; days: how far the
    clock is set forward"""

    folder: Path
    umask: str
    jobs: int
    environment: Mapping[str, str]
    days: int = 0

    @property
    def build(self) -> Path:
        return self.folder / "build"

    def command(self, scons: Sequence[str], path: str) -> list[str]:
        """The command that builds under these conditions. faketime is used if it is installed."""
        clock = shutil.which("faketime", path=path) if self.days else None
        later = [clock, "-f", f"+{self.days}d"] if clock else []
        return [
            "sh",
            "-c",
            'umask "$0" && exec "$@"',
            self.umask,
            *later,
            *scons,
            f"-j{self.jobs}",
            f"build={self.build}",
        ]


def two_conditions(folder: Path, jobs: int) -> tuple[Conditions, Conditions]:
    """Paths of another length, umask, jobs, time zone, locale, home, user's name, and day."""
    first = {"TZ": "UTC", "LC_ALL": "C", "HOME": str(folder / "a/home"), "USER": "one", "LOGNAME": "one"}
    other = {
        "TZ": "Asia/Kathmandu",
        "LC_ALL": "C.UTF-8",
        "HOME": str(folder / "other/and/longer/home"),
        "USER": "other",
    }
    return (
        Conditions(folder / "a", "022", max(2, jobs), first),
        Conditions(folder / "other/and/longer", "077", 1, {**other, "LOGNAME": "other"}, days=40),
    )


def build_under(conditions: Conditions, scons: Sequence[str], start: Path, env: Mapping[str, str], log: Log) -> None:
    """Build in an empty folder. Raises StepError."""
    shutil.rmtree(conditions.folder, ignore_errors=True)
    Path(conditions.environment["HOME"]).mkdir(parents=True)
    command = conditions.command(scons, env.get("PATH", ""))
    try:
        run_command(command, cwd=start, env={**env, **conditions.environment}, log=log)
    except StepError as error:
        raise StepError(
            f"reproduce: the build in {conditions.folder} failed", log=log.path, evidence=error.evidence
        ) from error


def products_of(build: Path) -> dict[str, Path]:
    """The products by their names below a build folder: archives, wheels, and the files of a sysroot."""
    found = {}
    for path in find_files(build):
        name = path.relative_to(build).as_posix()
        _target, _, rest = name.partition("/")
        is_archive = rest.endswith(_ARCHIVES) and rest.count("/") <= 1
        if is_archive or rest.startswith("sysroot"):
            found[name] = path
    return found


def compare_builds(first: Path, other: Path) -> tuple[int, dict[str, list[str]]]:
    """The number of products in two build folders; and by name, the differences of those that differ."""
    one, two = products_of(first), products_of(other)
    differences = {name: ["only one of the builds made it"] for name in one.keys() ^ two.keys()}
    for name in one.keys() & two.keys():
        if hash_file(one[name]) != hash_file(two[name]):
            differences[name] = _explain(one[name], two[name])
    return len(one.keys() | two.keys()), dict(sorted(differences.items()))


def compare_closely(first: Path, other: Path, report: Path, env: Mapping[str, str], log: Log) -> bool:
    """Let diffoscope write what differs in two files, as HTML; False where it is not installed."""
    diffoscope = shutil.which("diffoscope", path=env.get("PATH"))
    if diffoscope is None:
        return False
    report.parent.mkdir(parents=True, exist_ok=True)
    command = [diffoscope, "--html", str(report), str(first), str(other)]
    run_command(command, cwd=report.parent, env=env, log=log, may_fail=True, timeout=600)
    return report.is_file()


def _explain(one: Path, two: Path) -> list[str]:
    """The members that differ in two archives."""
    if not one.name.endswith(_ARCHIVES):
        return ["has other bytes"]
    first, other = _hash_members(one), _hash_members(two)
    names = sorted(name for name in first.keys() | other.keys() if first.get(name) != other.get(name))
    if not names:
        return ["holds the same members, in another order or packed otherwise"]
    more = [f"and {len(names) - _SHOWN} more"] if len(names) > _SHOWN else []
    return [*(f"{name}: {_how(first.get(name), other.get(name))}" for name in names[:_SHOWN]), *more]


def _how(one: tuple[str, str] | None, two: tuple[str, str] | None) -> str:
    if one is None or two is None:
        return "is in one of them only"
    return "has other bytes" if one[0] != two[0] else f"{one[1]} and {two[1]}"


def _hash_members(archive: Path) -> dict[str, tuple[str, str]]:
    """By name the hash of a member's bytes, and its kind, mode and time as text."""
    found = {}
    with damage_told():
        for member in read_members(archive):
            sum_ = hashlib.sha256(member.target.encode())
            if member.open is not None and member.kind == "file":
                with member.open() as data:
                    sum_.update(data.read())
            found[member.name] = (sum_.hexdigest(), f"{member.kind}, mode {member.mode:o}, time {member.mtime:g}")
    return found
