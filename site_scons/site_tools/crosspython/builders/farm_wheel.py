"""What a worker of a farm has to know to build one wheel: a lock with this package, and with what its build needs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace

import msgspec

from crosspython.errors import CrosspythonError
from crosspython.wheels.model import LockedFile, LockedPackage, Toolset
from crosspython.wheels.resolving.binary import Binary
from crosspython.wheels.resolving.pylock import Lock


class FarmedWheel(msgspec.Struct, frozen=True):
    """A wheel that a farm can build. lock: returns the text of its lock; None: files of this machine are needed.
    fail: records in the table of wheels that its build has failed, and raises the error"""

    lock: Callable[[], str | None]
    fail: Callable[[CrosspythonError], None]


def part_of_lock(
    lock: Lock,
    package: LockedPackage,
    needs_of: Callable[[LockedPackage], Collection[str]],
    toolsets: Mapping[str, Toolset],
    binary: Binary,
) -> Lock | None:
    """The part of a lock that decides about the wheel of one package. None: other machines cannot fetch all of it.

    needs_of: returns the packages whose wheels for the board a build needs; toolsets: by package; binary: the choice of
    ready wheels for this run
    """
    names, waiting = set[str](), [package.name]
    while waiting:
        name = waiting.pop()
        if name not in names:
            names.add(name)
            waiting += needs_of(lock.by_name[name])
    packages = tuple(each for each in lock.packages if each.name in names)
    tools = tuple({id(each): each for name, each in toolsets.items() if name in names and each.requires}.values())
    crates = tuple(each for each in lock.crates if each.package in names)
    if any(each.folder is not None for each in packages):
        return None
    if any(file.path is not None for file in _files(packages, tools)):
        return None
    asked = {**lock.asked, "binary": binary.as_data()}
    return replace(lock, asked=asked, packages=packages, toolsets=tools, crates=crates)


def _files(packages: Collection[LockedPackage], tools: Collection[Toolset]) -> Iterator[LockedFile]:
    beneath = (each for toolset in tools for each in (*toolset.packages, *toolset.beneath))
    for package in (*packages, *beneath):
        yield from package.wheels
        if package.sdist is not None:
            yield package.sdist
