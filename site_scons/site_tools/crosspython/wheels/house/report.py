"""Reports of wheels as files: one beside each finished wheel, and one of the whole wheelhouse for each Python."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
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


@dataclass(frozen=True)
class HouseReport:
    """The content of a wheelhouse's report.

    wheels:  the entry of each wheel, by its file name
    missing: titles of the packages that could not be made
    """

    wheels: Mapping[str, Mapping[str, Any]]
    missing: tuple[str, ...] = ()


def read_house(report: Path) -> HouseReport | None:
    """The report of a wheelhouse; None where it is missing or damaged."""
    try:
        told = json.loads(report.read_text())
        return HouseReport({str(wheel["filename"]): wheel for wheel in told["wheels"]}, tuple(told["missing"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def wheels_named(report: Path) -> set[str]:
    """The file names of the wheels that the report of a wheelhouse names; none where it is missing or damaged."""
    told = read_house(report)
    return set(told.wheels) if told is not None else set()


def wheels_in_house(report: Path) -> tuple[Path, ...]:
    """The wheels that the report of a wheelhouse names. Raises ArchiveError where it is missing or damaged."""
    told = read_house(report)
    if told is None:
        raise ArchiveError(f"{report}: not the report of a wheelhouse", next=f"remove {report}")
    return tuple(report.parent / name for name in told.wheels)


def find_strays(wheelhouse: Path) -> list[Path]:
    """Wheels in the folder that no report of any Python names: crosspython did not put them there."""
    known = {name for report in wheelhouse.glob("report-*.json") for name in wheels_named(report)}
    return sorted(wheel for wheel in wheelhouse.glob("*.whl") if wheel.name not in known)


def is_whole(wheelhouse: Path, series: str) -> bool:
    """Whether a wheelhouse is complete: no wheel failed when it was filled, and all wheels of its report exist."""
    report = read_house(report_file(wheelhouse, series))
    return report is not None and not report.missing and all((wheelhouse / name).is_file() for name in report.wheels)


def files_of_house(wheelhouse: Path, series: str) -> list[Path]:
    """The files of a wheelhouse for one Python, except its report: wheels, their metadata, and the index."""
    simple, report = wheelhouse / "simple", read_house(report_file(wheelhouse, series))
    if report is None:
        return []  # the report itself tells that it was changed
    try:
        folders = {simple, *(simple / parse_wheel_name(name).name for name in report.wheels)}
    except CrosspythonError:
        return []  # the same
    files = {wheelhouse / f"{name}{suffix}" for name in report.wheels for suffix in ("", ".metadata")}
    files |= {folder / page for folder in folders for page in ("index.html", "index.json")}
    return sorted(files | {path for path in simple.rglob("*") if path.is_file()})


def reports_of_house(wheelhouse: Path, series: str) -> tuple[WheelReport, ...]:
    """The reports of all existing wheels of one Python; empty if the wheelhouse's report cannot be read."""
    told = read_house(report_file(wheelhouse, series))
    try:
        reports = [_as_report(wheel) for wheel in told.wheels.values()] if told is not None else []
    except (KeyError, TypeError):
        return ()
    return tuple(report for report in reports if (wheelhouse / report.filename).is_file())


def write_wheel_report(report: WheelReport, path: Path) -> None:
    write_whole(path, json.dumps(asdict(report), indent=1) + "\n")


def read_report(path: Path) -> WheelReport:
    """A report as write_report left it. Raises ArchiveError."""
    try:
        return _as_report(json.loads(path.read_text()))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArchiveError(f"{path}: not the report of a wheel", found=str(error), next=f"remove {path}") from error


def _as_report(data: Mapping[str, Any]) -> WheelReport:
    known = {field.name: data[field.name] for field in fields(WheelReport)}
    return WheelReport(**{**known, **{name: tuple(known[name]) for name in _TUPLES}})
