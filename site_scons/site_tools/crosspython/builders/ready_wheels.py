"""The audit of ready wheels before anything is declared: if it refuses a wheel, the package is built from source.

SCons has to know the sources of every wheel before it runs, so the audit cannot wait until the wheel is made.
Only wheels with compiled code are audited here, and only if their packages can also be built. The verdicts are stored,
so each wheel is audited once. Runs that change nothing audit nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path

from crosspython.builders.build import Build
from crosspython.builders.code import code_identity
from crosspython.errors import ArchiveError, AuditError, SourceError
from crosspython.store.disk import write_whole
from crosspython.toolchain.facts import Toolchain
from crosspython.wheels.model import LockedFile, LockedPackage, WheelReport
from crosspython.wheels.resolving.lock import fetch_file

_FETCHES = 8


class Verdicts:
    """The verdicts on ready wheels for one target and Python. toolchain: returns the toolchain; None: not known yet."""

    def __init__(self, build: Build, toolchain: Callable[[], Toolchain | None]) -> None:
        self.build, self.toolchain = build, cache(toolchain)
        self.file = build.settings.folder / "stages" / "wheels" / f"verdicts-{build.settings.release.series}.json"
        self.reports: dict[
            str, WheelReport
        ] = {}  # of this run, by the wheel's SHA-256: these wheels need no second audit
        self.known = _read(self.file) if build.run.fingerprints.is_same(self.file) else {}

    def bring(self, wanted: Iterable[tuple[LockedPackage, LockedFile]]) -> None:
        """Fetch wheels that will be judged, several at once."""
        toolchain = None if self.build.run.only_looks else self.toolchain()
        if toolchain is None:
            return
        unknown = [pair for pair in wanted if self._key(*pair, toolchain) not in self.known]
        if not unknown:
            return
        from concurrent.futures import ThreadPoolExecutor  # slow to import, and not needed if all verdicts are known

        def fetch(pair: tuple[LockedPackage, LockedFile]) -> None:
            package, file = pair
            with suppress(SourceError):  # reported later, when this wheel is made; the other downloads continue
                fetch_file(file, self.build.run.workshop.store, package.title)

        with ThreadPoolExecutor(_FETCHES) as pool:
            list(pool.map(fetch, unknown))

    def refusal(self, package: LockedPackage, file: LockedFile) -> str | None:
        """Why a ready wheel would not work on the board; None if nothing is wrong with it, or if this run cannot know
        that."""
        toolchain = self.toolchain()
        if toolchain is None:
            return None
        key = self._key(package, file, toolchain)
        if key not in self.known and not self.build.run.only_looks:
            try:
                self.known[key] = found = self._judge(package, file, toolchain)
            except SourceError:  # reported later, when this wheel is made
                return None
            write_whole(self.file, json.dumps(self.known, indent=1) + "\n")
            self.build.run.fingerprints.note(self.file)
            if found:
                self.build.run.console.warn(
                    f"{package.title} is built from source, because {file.name} would not work: {found}"
                )
        return self.known.get(key) or None

    def _judge(self, package: LockedPackage, file: LockedFile, toolchain: Toolchain) -> str:
        from crosspython.wheels.repairing.repair import Repair, judge_ready

        build, settings = self.build, self.build.settings
        path = fetch_file(file, build.run.workshop.store, package.title)
        work = build.run.workshop.work / f"ready-{package.name}-{settings.release.series}"
        repair = Repair(package, settings.target, toolchain, settings.release.series, settings.release.abiflags, work)
        try:
            self.reports[file.sha256] = judge_ready(path, file.name, repair)
        except (AuditError, ArchiveError) as error:
            return "; ".join(error.evidence) or f"{error.what}{f': {error.found}' if error.found else ''}"
        return ""

    def _key(self, package: LockedPackage, file: LockedFile, toolchain: Toolchain) -> str:
        settings = self.build.settings
        facts = [package.title, file.name, file.sha256, settings.release.version, settings.target.facts()]
        told = json.dumps([*facts, toolchain.identity, code_identity(Verdicts._judge)], default=str)
        return hashlib.sha256(told.encode()).hexdigest()


def _read(file: Path) -> dict[str, str]:
    """Verdicts by key; none where there is no file of them, or a damaged one."""
    try:
        data: Mapping[str, str] = json.loads(file.read_text())
        return {str(key): str(value) for key, value in data.items()}
    except (OSError, ValueError, AttributeError):
        return {}
