"""The platform that packages are resolved and chosen for: the facts about the board's Python, without running it.

Knows environment markers (PEP 508) and, through tags.py, the tags that pip on the board accepts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from packaging.tags import Tag

from crosspython.recipes.release import FREE_THREADED, Release
from crosspython.targets import Target
from crosspython.targets.libc import Libc, newest_libc
from crosspython.targets.triplet import parse_triplet
from crosspython.wheels.tags import BoardTags


@dataclass(frozen=True)
class Platform:
    """machine: what `uname -m` says there; libc: "glibc", "musl" or "uclibc"; python: CPython's release, "3.13.5".

    abiflags: letters behind the number in the name of its ABI: "m" up to 3.7
    """

    machine: str
    libc: str
    python: str
    float_abi: str | None = None
    abiflags: str = ""

    @classmethod
    def of(cls, target: Target, release: Release) -> Platform:
        triplet = parse_triplet(target.triplet)
        return cls(target.machine, triplet.likely_libc, release.number, target.float_abi, release.abiflags)

    @property
    def series(self) -> str:
        return self.python.rpartition(".")[0]

    @property
    def release(self) -> str:
        """The release as in python=: "3.13.5", and "3.13.5t" without the GIL. No environment marker tells whether there
        is a GIL."""
        return self.python + (FREE_THREADED if FREE_THREADED in self.abiflags else "")

    def tags(self, libc: Libc | None = None) -> Mapping[Tag, int]:
        """The tags that pip on the board accepts, with their rank: 0 is the best.

        libc: the board's; None: tags for all versions, existing or not
        """
        board_libc = libc or newest_libc(self.libc)
        board = BoardTags(self.machine, self.series, self.float_abi, board_libc, self.abiflags)
        return {tag: rank for rank, tag in reversed(list(enumerate(board.accepted)))}

    def markers(self) -> dict[str, str]:
        """The board's values of environment markers (PEP 508), except for the kernel's release."""
        return {
            "implementation_name": "cpython",
            "implementation_version": self.python,
            "os_name": "posix",
            "platform_machine": self.machine,
            "platform_python_implementation": "CPython",
            "platform_system": "Linux",
            "python_full_version": self.python,
            "python_version": self.series,
            "sys_platform": "linux",
        }

    def as_marker(self, *, of_series: bool = False) -> str:
        """The same as one marker; other versions follow from the full version. of_series: for all patch releases of
        this Python"""
        release = ("python_full_version",) if of_series else ("python_version",)
        told = {key: value for key, value in self.markers().items() if key not in ("implementation_version", *release)}
        return " and ".join(f"{name} == {json.dumps(value)}" for name, value in told.items())
