"""The wheelhouse: a folder of finished wheels under their right names, its index, and a report for each Python.

Knows which wheels belong in it: those of this request, and those that the reports of other Pythons name. Paths belong
to the build machine.
"""

from __future__ import annotations

import filecmp
import json
import shutil
from collections.abc import Collection, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from crosspython.store.disk import write_whole
from crosspython.wheels.house.index import write_index
from crosspython.wheels.house.report import find_strays, report_file, wheels_named
from crosspython.wheels.model import WheelReport


def fill_wheelhouse(
    wheelhouse: Path,
    series: str,
    made: Mapping[Path, WheelReport],
    asked: Mapping[str, Any],
    time_bits: int,
    missing: Collection[str] = (),
) -> None:
    """Put finished wheels into the wheelhouse, remove old wheels that an earlier report of this Python named, and write
    the index and the report.

    made:   reports by the wheel's file, whose name has no tags
    series: CPython's, "3.13"
    asked:  the request, from the lock
    time_bits: the bits of time_t in these wheels
    missing: titles of wheels that could not be made
    """
    own = report_file(wheelhouse, series)
    earlier = wheels_named(own)
    wheelhouse.mkdir(parents=True, exist_ok=True)
    for file, report in made.items():
        _put(file, wheelhouse / report.filename)
    wanted = {report.filename for report in made.values()}
    others = {name for path in wheelhouse.glob("report-*.json") if path != own for name in wheels_named(path)}
    for name in earlier - wanted - others:
        (wheelhouse / name).unlink(missing_ok=True)
    wheels = [asdict(report) for report in sorted(made.values(), key=lambda report: report.filename)]
    told = {
        "python": series,
        "asked": dict(asked),
        "time_bits": time_bits,
        "missing": sorted(missing),
        "wheels": wheels,
    }
    write_whole(own, json.dumps(told, indent=1) + "\n")
    write_index(wheelhouse, find_strays(wheelhouse))


def _put(file: Path, place: Path) -> None:
    if place.is_file() and filecmp.cmp(file, place, shallow=False):
        return
    part = place.with_name(place.name + ".part")
    shutil.copyfile(file, part)
    part.replace(place)
