"""Reports of wheels as files: one beside each finished wheel, and one of the whole wheelhouse for each Python."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from crosspython.errors import ArchiveError, CrosspythonError
from crosspython.store.disk import write_whole
from crosspython.wheels.model import WheelReport
from crosspython.wheels.repairing.archive import parse_wheel_name

_TUPLES = ("tags", "extensions", "grafted", "remarks")


def report_file(wheelhouse: Path, series: str) -> Path:
    """The path of the report for one Python: which wheels were made for it, and of what."""
    return wheelhouse / f"report-{series}.json"


def wheels_named(report: Path) -> set[str]:
    """The file names of the wheels that the report of a wheelhouse names; none where it is missing or damaged."""
    try:
        return {str(wheel["filename"]) for wheel in json.loads(report.read_text())["wheels"]}
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def find_strays(wheelhouse: Path) -> list[Path]:
    """Wheels in the folder that no report names, of whatever Python: somebody else has put them there."""
    known = {name for report in wheelhouse.glob("report-*.json") for name in wheels_named(report)}
    return sorted(wheel for wheel in wheelhouse.glob("*.whl") if wheel.name not in known)


def is_whole(wheelhouse: Path, series: str) -> bool:
    """Whether all that the wheelhouse's report names lies there:
    no wheel failed when it was filled, none was removed."""
    try:
        report = json.loads(report_file(wheelhouse, series).read_text())
        return not report["missing"] and all((wheelhouse / wheel["filename"]).is_file() for wheel in report["wheels"])
    except (OSError, ValueError, KeyError, TypeError):
        return False


def files_of_house(wheelhouse: Path, series: str) -> list[Path]:
    """What was put into a wheelhouse for one Python, beside the report:
    its wheels and their metadata, and the index."""
    simple = wheelhouse / "simple"
    try:
        names = [wheel["filename"] for wheel in json.loads(report_file(wheelhouse, series).read_text())["wheels"]]
        folders = {simple, *(simple / parse_wheel_name(name).name for name in names)}
    except (OSError, ValueError, KeyError, TypeError, CrosspythonError):
        return []  # the report itself tells that it was changed
    files = {wheelhouse / f"{name}{suffix}" for name in names for suffix in ("", ".metadata")}
    files |= {folder / page for folder in folders for page in ("index.html", "index.json")}
    return sorted(files | {path for path in simple.rglob("*") if path.is_file()})


def reports_of_house(wheelhouse: Path, series: str) -> tuple[WheelReport, ...]:
    """The reports of all wheels that were made for one Python and lie there; none where its report cannot be read."""
    try:
        entries = json.loads(report_file(wheelhouse, series).read_text())["wheels"]
        reports = [_as_report(entry) for entry in entries]
    except (OSError, ValueError, KeyError, TypeError):
        return ()
    return tuple(report for report in reports if (wheelhouse / report.filename).is_file())


def write_wheel_report(report: WheelReport, path: Path) -> None:
    write_whole(path, json.dumps(asdict(report), indent=1) + "\n")


def read_report(path: Path) -> WheelReport:
    """A report as write_report left it. Raises ArchiveError."""
    try:
        return _as_report(json.loads(path.read_text()))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArchiveError(f"{path}: no report of a wheel", found=str(error), next=f"remove {path}") from error


def _as_report(data: Mapping[str, Any]) -> WheelReport:
    known = {field.name: data[field.name] for field in fields(WheelReport)}
    return WheelReport(**{**known, **{name: tuple(known[name]) for name in _TUPLES}})
