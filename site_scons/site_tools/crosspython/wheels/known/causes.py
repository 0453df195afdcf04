"""Why builds of packages fail: known patterns in their logs, with the cause and a solution.

The catalogue is causes.toml. Knows how a log is searched; libraries.py knows which component has a library.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from crosspython.errors import StepError
from crosspython.run.log import Log
from crosspython.wheels.known.beginning import Begun, show_file
from crosspython.wheels.known.downloads import find_downloads
from crosspython.wheels.known.libraries import component_that_brings
from crosspython.wheels.known.overrides import with_library, write_override
from crosspython.wheels.model import Fetch, Override

_CATALOGUE = Path(__file__).with_name("causes.toml")
# The failure is at the end. The tests of configure scripts come before it, and their lines look similar.
_LINES = 300

# Rows whose groups name a missing file that a component may bring.
_MISSING = ("missing-header", "missing-library", "missing-dependency", "missing-config-program")


@dataclass(frozen=True)
class Cause:
    """One row: a regular expression for a log; cause and next may contain its groups, and {package}.

    emulated: the build may succeed with the emulated engine
    """

    name: str
    pattern: re.Pattern[str]
    cause: str
    next: str
    emulated: bool = False


@cache
def read_catalogue(file: Path = _CATALOGUE) -> tuple[Cause, ...]:
    rows = tomllib.loads(file.read_text(encoding="utf-8"))
    return tuple(Cause(name, re.compile(row.pop("pattern"), re.MULTILINE), **row) for name, row in rows.items())


def find_cause(lines: Sequence[str], catalogue: tuple[Cause, ...] | None = None) -> tuple[Cause, dict[str, str]] | None:
    """The first row of the catalogue that fits a command's last lines, with the groups of its last match."""
    text = "\n".join(lines)
    for cause in catalogue or read_catalogue():
        if matches := list(cause.pattern.finditer(text)):
            return cause, {name: value or "" for name, value in matches[-1].groupdict().items()}
    return None


def known_cause(lines: Sequence[str], package: str) -> str | None:
    """The known cause in a command's last lines; None if no row fits."""
    found = find_cause(lines)
    return found[0].cause.format(**found[1], package=package) if found else None


def _lines_of(log: Log) -> tuple[str, ...]:
    """The first error in the last command's output, and the end of that output. Other jobs may have written lines
    between the two."""
    return (*log.first_error(longest=None), *log.tail(_LINES, longest=None))


def wants_emulation(log: Log) -> bool:
    """Whether the last command failed because it needs the target's own interpreter."""
    found = find_cause(_lines_of(log))
    return found is not None and found[0].emulated


def explain_build_failure(
    error: StepError,
    override: Override,
    log: Log,
    libraries: Collection[str] = (),
    begun: Begun | None = None,
    source: Path = Path(),
) -> StepError:
    """The error of a failed build with its known cause, or with a hint where to look.

    override:  the package's
    libraries: components that the build has already; they are not suggested
    begun:     where a component may be begun that brings a missing library
    source:    the folder of the package's source
    """
    lines = _lines_of(log)
    found = find_cause(lines)
    if found is None:
        return StepError(
            error.what,
            found=error.found,
            evidence=error.evidence,
            log=log.path,
            next=error.next or "the log has the whole output; docs/overrides.md says what a package may need",
        )
    cause, groups = found
    if cause.name == "network-isolated":
        advice = _advise_fetches(find_downloads(lines, source), override)
    elif cause.name in _MISSING:
        advice = _advise_library([name for name in groups.values() if name], override, libraries, begun)
    else:
        advice = None
    groups["package"] = override.name
    evidence, next = advice or ((), cause.next.format(**groups))
    return StepError(
        error.what,
        found=cause.cause.format(**groups),
        evidence=(*error.evidence, *evidence),
        log=log.path,
        next=next,
    )


Advice = tuple[Sequence[str], str]
"""Lines that show what to write, and what to do with it."""


def _advise_library(
    missing: Sequence[str], override: Override, libraries: Collection[str], begun: Begun | None
) -> Advice | None:
    name = f"overrides/{override.name}.toml"
    for component in filter(None, map(component_that_brings, missing)):
        if component not in libraries:
            return show_file(name, write_override(with_library(override, component))), (
                f"the component {component} has it: save these lines as {name}, and build with overrides=overrides"
                " (docs/overrides.md)"
            )
    return begun.advise(missing[0], override) if missing and begun else None


def _advise_fetches(downloads: Sequence[Fetch], override: Override) -> Advice | None:
    if not downloads:
        return None
    name = f"overrides/{override.name}.toml"
    reason = override.reason or "its build downloads what it needs"
    wanted = replace(override, reason=reason, fetches=(*override.fetches, *downloads))
    return show_file(name, write_override(wanted)), (
        f"save these lines as {name}, fill in what is marked, and build with overrides=overrides"
        " (docs/overrides.md, Files that a build downloads)"
    )
