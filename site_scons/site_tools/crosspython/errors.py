"""Everything that can go wrong for a user, one class for each situation.

An error is an interface: it says what failed, what was expected and what was found, where the log is and what to do
next. It knows nothing of SCons; the builders turn it into one clean message without a traceback.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

# The user and password before the host of an address (RFC 3986, 3.2.1).
_LOGIN = re.compile(r"(?<=[a-z])://[^/@\s'\"]+@", re.IGNORECASE)


def hide_logins(text: str) -> str:
    """A text that may be shown: users and passwords are removed from the addresses in it."""
    return _LOGIN.sub("://***@", text)


class CrosspythonError(Exception):
    """A failure that the user can act on. The parts are kept apart so that tests and front ends can read them."""

    def __init__(
        self,
        what: str,
        *,
        expected: str | None = None,
        found: str | None = None,
        evidence: Sequence[str] = (),
        log: Path | None = None,
        next: str | None = None,
    ) -> None:
        self.what = what
        self.expected = expected
        self.found = found
        self.evidence = tuple(evidence)
        self.log = log
        self.next = next
        super().__init__(what)

    def __str__(self) -> str:
        lines = [self.what]
        lines += [f"  {line}" for line in self.evidence]
        if self.expected is not None:
            lines.append(f"  expected: {self.expected}")
        if self.found is not None:
            lines.append(f"  found:    {self.found}")
        if self.log is not None:
            lines.append(f"  log:      {self.log}")
        if self.next is not None:
            lines.append(f"  next:     {self.next}")
        return "\n".join(lines)


class ConfigurationError(CrosspythonError):
    """The user's input (a variable, a target file, a recipe) is not valid."""


class HostToolError(CrosspythonError):
    """The build machine lacks a program that the build needs."""


class ToolchainError(CrosspythonError):
    """No cross compiler was found, or it does not fit the target."""


class SourceError(CrosspythonError):
    """A source file could not be fetched, or has the wrong bytes."""


class ArchiveError(CrosspythonError):
    """An archive is damaged, of an unknown kind, or holds members that must not be unpacked."""


class DamagedPackagesError(ArchiveError):
    """The available files of packages are damaged. packages: their normalized names."""

    def __init__(
        self, packages: Sequence[str], what: str, *, evidence: Sequence[str], next: str, log: Path | None = None
    ) -> None:
        self.packages = tuple(packages)
        super().__init__(what, evidence=evidence, log=log, next=next)


class StepError(CrosspythonError):
    """A command of a component's plan failed, hung, or left something other than what was declared."""


class AuditError(CrosspythonError):
    """A product would not work on the board: wrong machine, too new a libc, a missing library, a leaked path."""


class DamagedFileError(AuditError):
    """A program or library that cannot be read. reason: what is wrong with it, without its path."""

    def __init__(self, path: Path, reason: str, *, found: str | None = None) -> None:
        self.reason = reason
        super().__init__(f"{path}: {reason}", found=found)


class ImageError(CrosspythonError):
    """The requested image cannot be made: two packages have a file of the same name, or it is too large."""


class CheckError(CrosspythonError):
    """A product was run, and its result was not the expected one."""


class SignatureError(CrosspythonError):
    """A file is not signed, or not by a trusted signer, or it cannot be signed."""


class Interrupted(CrosspythonError):
    """The user (or the system) asked the build to stop."""


class BoardError(CrosspythonError):
    """A board cannot be reached, does not fit, or did not do what it was asked."""
