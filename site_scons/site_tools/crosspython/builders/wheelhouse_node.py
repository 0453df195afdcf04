"""The node of a wheelhouse: its report, made of all its wheels.

This module knows which wheels belong to the wheelhouse, how to find a wheel whose requirements disagree with the lock,
and the last lines of a run.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from crosspython.builders.action import fact, make_action
from crosspython.builders.build import Build
from crosspython.builders.guest import declare
from crosspython.builders.toolchain import describe_boards, toolchain_of
from crosspython.builders.wheel_lock import found_file, lock_file
from crosspython.builders.wheel_table import RunSummary, is_done
from crosspython.errors import AuditError
from crosspython.run.console import format_count
from crosspython.store.disk import write_whole
from crosspython.wheels.house.report import files_of_house, find_strays, is_whole, read_report, report_file
from crosspython.wheels.resolving.lock import GIVEN, asked_names, asked_requirements, describe_found
from crosspython.wheels.resolving.platform import Platform
from crosspython.wheels.resolving.pylock import Lock

_SHOWN = 5  # names in the last line


class WheelhouseNode:
    """The wheelhouse of one lock, in the making.

    made: the node of each package's wheel; it grows while they are declared
    """

    def __init__(self, env: Any, build: Build, lock: Lock, platform: Platform, made: Mapping[str, Any]) -> None:
        self.env, self.build, self.lock, self.platform, self.made = env, build, lock, platform, made
        self.settings = settings = build.settings
        self.packages = lock.by_name
        self.summary = RunSummary(self._end, f"wheels for {settings.target.name}, Python {settings.release.version}")
        self.damaged, build.declared.damaged = build.declared.damaged, []

    def declare(self, machine: Sequence[Any]) -> Any:
        """Declare the report's node, after the nodes of all wheels. machine: the nodes of target and toolchain."""
        house = self.settings.wheelhouse, self.settings.release.series
        shipped = self.shipped()
        sources = [
            fact(self.env, "request", json.dumps(self.lock.asked, sort_keys=True)),
            *(self.made[name] for name in shipped),
            *machine,
        ]
        says = f"filling {self.settings.wheelhouse.name} with {format_count(len(shipped), 'wheel')}"
        leaves = partial(files_of_house, *house)
        action = make_action("wheelhouse", self._make, says, leaves=leaves)
        [node] = declare(self.env, [report_file(*house)], sources, action)
        self.env.Precious(node)  # the old report is needed to find stale wheels
        if not self.build.run.only_removes:
            self._warn_of_strays()
        if not is_whole(*house):
            self.env.AlwaysBuild(node)  # the last run did not make all wheels, or one was removed since
        return node

    def leave_out(self, names: Collection[str]) -> None:
        """Leave out wheels that other shards make. The table shows them only if they were made here, too, and the
        wheelhouse is not filled at the end."""
        for name in names:
            self.summary.nodes.pop(self.packages[name].title, None)

    def shipped(self) -> list[str]:
        """The names of the packages that the board gets; the others are for builds alone."""
        return [name for name, package in self.packages.items() if not package.build_only]

    def _make(self, target: list[Any], source: list[Any], env: Any) -> None:
        self._require_agreement()
        self._fill(self.shipped(), self._damaged_names())
        if self.damaged:
            self._note_house()
            raise self.damaged[0]
        self.build.run.console.closing(self._closing())

    def _warn_of_strays(self) -> None:
        for wheel in find_strays(self.settings.wheelhouse):
            if self.build.run.fingerprints.compare(wheel) != "unknown":
                continue  # a build of ours made it, and its report was removed
            self.build.run.console.warn(
                f"{wheel}: this build did not make it, so it is neither in the index nor deployed; "
                "remove it, or ask for it: pkgs=FILE"
            )

    def _fill(self, names: list[str], missing: Collection[str] = ()) -> None:
        from crosspython.wheels.house.wheelhouse import fill_wheelhouse

        products = [Path(self.made[name].abspath) for name in names]
        made = {product: read_report(report_beside(product)) for product in products}
        settings = self.settings
        time_bits = toolchain_of(self.build).time_bits
        fill_wheelhouse(settings.wheelhouse, settings.release.series, made, self.lock.asked, time_bits, missing)

    def _require_agreement(self) -> None:
        """Check that the wheelhouse has all packages that the wheels' METADATA requires. Raises AuditError."""
        if error := self._disagreement(self.shipped()):
            raise error

    def _disagreement(self, made: Sequence[str]) -> AuditError | None:
        """The error that names requirements of these wheels which the lock does not meet. They are stored for the next
        resolution."""
        from crosspython.wheels.resolving.needs import find_differences, read_needs

        asked = self.lock.asked
        wheels = {name: read_needs(Path(self.made[name].abspath)) for name in made}
        unmade = [name for name in self.shipped() if name not in wheels]
        differences = find_differences(asked_requirements(asked), wheels, self.platform.markers(), unmade)
        if not differences:
            return None
        if unfit := sorted({each.unfit for each in differences if each.unfit}):
            return AuditError(
                f"{', '.join(unfit)}: not for Python {self.platform.python}: the board's pip would refuse it",
                evidence=[each.text for each in differences],
                expected=f"wheels whose Requires-Python (METADATA) has {self.platform.python} in it",
                next="ask for another version, such as pkgs='NAME>1.0', or build another Python: python=",
            )
        guilty = {each.package for each in differences if each.package}
        stated = sorted(guilty & asked["dependencies"].keys())
        found = {name: describe_found(self.packages[name], wheels[name]) for name in sorted(guilty - {*stated})}
        write_whole(found_file(self.build), json.dumps(found, indent=1) + "\n")
        self.build.run.fingerprints.note(found_file(self.build))
        again = "run the same command again: it resolves with the requirements of the built wheels"
        if found and found.items() <= asked.get("found", {}).items():
            names = ", ".join(sorted(found))
            again = f"ask for other versions of {names}: the lock was already made with the requirements of these"
        if self.settings.lock is not None and not self.settings.packages:
            again = f"scons wheels lock={self.settings.lock} upgrade={','.join(sorted(found))}"
        if GIVEN in asked:
            again = f"make {self.settings.lock} again with the tool that wrote it"
        return AuditError(
            "the wheels need other packages than the lock has: the board's pip would refuse them",
            evidence=[each.text for each in differences],
            expected="every package that a wheel's METADATA requires, in the wheelhouse",
            found=f"a lock that was made with earlier requirements of the packages: {lock_file(self.build)}",
            next=f"correct `dependencies` in the override of {', '.join(stated)}" if stated else again,
        )

    def _closing(self) -> list[str]:
        """The last lines of a run that filled the wheelhouse: where it is, and how the board gets it."""
        house = self.settings.wheelhouse
        files = [house / read_report(report_beside(Path(self.made[name].abspath))).filename for name in self.shipped()]
        size = sum(file.stat().st_size for file in files) / 1e6
        names = [name for name in asked_names(self.lock.asked) if canonicalize_name(name) in self.packages]
        shown = " ".join(names[:_SHOWN]) + (" ..." if len(names) > _SHOWN else "")
        install = f"  on the board, with that folder: pip install --no-index --find-links wheels {shown}"
        toolchain = toolchain_of(self.build)
        return [
            f"{house}",
            f"  {format_count(len(files), 'wheel')}, {size:.1f} MB, with an index in simple/",
            f"  {describe_boards(self.build, toolchain)}",
            f"  {toolchain.describe_time()}",
            *([install] if names else []),
        ]

    def _end(self) -> None:
        """At the end of the run, show the table. After failures under -k, first fill the wheelhouse with the wheels
        that were made."""
        if self.settings.shard is None:
            self._end_house()
        self.build.run.console.line("\n".join(self.summary.lines()))

    def _end_house(self) -> None:
        there = [name for name in self.shipped() if is_done(self.made[name])]
        missing = [self.packages[name].title for name in self.shipped() if name not in there]
        missing += self._damaged_names()
        if self.summary.has_failures and self.build.run.keeps_going:
            self._fill(there, missing)
            self._note_house()
        if self.summary.has_failures and (error := self._disagreement(there)):
            self.build.run.console.warn(str(error))

    def _note_house(self) -> None:
        house = self.settings.wheelhouse, self.settings.release.series
        self.build.run.fingerprints.note(report_file(*house), *files_of_house(*house))

    def _damaged_names(self) -> list[str]:
        """Packages that could not even be locked."""
        return sorted({name for error in self.damaged for name in error.packages})


def report_beside(product: Path) -> Path:
    """The report of a wheel that was made, in the folder of wheels' products."""
    return product.with_suffix(".json")
