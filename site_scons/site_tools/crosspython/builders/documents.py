"""`format=json`: a goal writes its result to standard output as one document. All other output goes to standard
error."""

from __future__ import annotations

import atexit
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import SCons.Script

from crosspython.builders.build import Build
from crosspython.builders.settings import Settings

if TYPE_CHECKING:
    from crosspython.documents import Checked, Document


def tell_document(document: Document) -> None:
    """Write a document."""
    from crosspython.documents import encode

    sys.stdout.write(encode(document))
    sys.stdout.flush()


def tell_at_end(build: Build, make: Callable[[list[str]], Document]) -> None:
    """Write a document when the run ends, whether it failed or not. make: is given what failed"""

    def write() -> None:
        failures = SCons.Script.GetBuildFailures()
        tell_document(make([f"{failure.node}: {failure.errstr}" for failure in failures]))

    if build.settings.format == "json" and not build.run.only_looks:
        atexit.register(write)


def tell_wheels(build: Build) -> None:
    """Write the document about the wheelhouse at the end of the run."""

    def make(failures: list[str]) -> Document:
        from crosspython.documents import Wheel, Wheels
        from crosspython.wheels.house.report import read_house, report_file

        settings = build.settings
        house = read_house(report_file(settings.wheelhouse, settings.release.series))
        return Wheels(
            **common_fields(build.settings),
            folder=str(settings.wheelhouse),
            wheels=[Wheel(**wheel) for wheel in house.wheels.values()] if house else [],
            missing=list(house.missing) if house else [],
            failures=failures,
        )

    tell_at_end(build, make)


def tell_checks(build: Build) -> None:
    """Write the document about the checks at the end of the run."""
    begin, settings = time.time(), build.settings

    def make(failures: list[str]) -> Document:
        from crosspython.documents import Check

        bundle, wheels = (
            _read_results(settings.folder / f"{name}-{settings.release.version}.json", begin)
            for name in ("check", "check-wheels")
        )
        return Check(**common_fields(build.settings), bundle=bundle, wheels=wheels, failures=failures)

    tell_at_end(build, make)


def common_fields(settings: Settings) -> dict[str, Any]:
    """The fields that every document has."""
    return {"target": settings.target.name, "python": settings.release.version}


def _read_results(report: Path, begin: float) -> list[Checked]:
    """The results of a check that ran in this run; none if it was not reached."""
    from crosspython.documents import Checked

    try:
        is_new = report.stat().st_mtime >= begin - 1  # a file system may keep whole seconds
        return [Checked(**result) for result in json.loads(report.read_text())] if is_new else []
    except (OSError, ValueError, TypeError):
        return []
