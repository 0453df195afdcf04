"""An order for one product, and the answer to it: plain data, which travels as JSON."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import Literal

import msgspec

from crosspython.errors import ConfigurationError, CrosspythonError, StepError
from crosspython.store.disk import write_whole

# The variables that decide what a product becomes. All others belong to the machine that builds it.
TRAVELLING = (
    "target",
    "python",
    "toolchain",
    "libc",
    "prefix",
    "shared",
    "optimize",
    "readline",
    "build_python",
    "components",
    "patches",
)
# Those that decide what a wheel becomes, too. What `binary=` chose is in the order's lock.
FOR_WHEELS = ("libraries", "overrides")


class FarmOrder(msgspec.Struct, frozen=True):
    """variables: those that decide about the product, by name; product: its path below the build folder; key: its key
    in the artifact cache; toolchain: the hash of the facts about the toolchain; lock: for a wheel, the text of the
    pylock.toml with what its build needs"""

    variables: dict[str, str]
    product: str
    key: str
    toolchain: str
    lock: str = ""

    def require_plain(self) -> None:
        """Check an order from elsewhere: only variables that may travel, and a path that stays in its folder.
        Raises ConfigurationError."""
        may_travel = (*TRAVELLING, *(FOR_WHEELS if self.lock else ()))
        if strange := sorted(self.variables.keys() - set(may_travel)):
            raise ConfigurationError(f"the order sets {', '.join(strange)}", expected=f"only {', '.join(may_travel)}")
        _require_below(self.product, "the order's product")


class FarmFailure(msgspec.Struct, frozen=True):
    """A failure of the build itself, which would be the same anywhere: the parts of its error, and its log.

    folder: the worker's build folder, which the parts and the log name; log_file: the log's path below it
    """

    folder: str
    what: str
    evidence: tuple[str, ...]
    expected: str | None
    found: str | None
    next: str | None
    log_file: str
    log: str

    @classmethod
    def of(cls, error: CrosspythonError, folder: Path) -> FarmFailure:
        """What to tell of an error that has a log in a build folder."""
        assert error.log is not None
        log, place = error.log.read_text(errors="replace"), os.path.relpath(error.log, folder)
        return cls(str(folder), error.what, error.evidence, error.expected, error.found, error.next, place, log)

    def bring(self, folder: Path) -> StepError:
        """The error as if the build had run in a build folder here; its log is written there."""

        def here(text: str | None) -> str | None:
            return None if text is None else text.replace(self.folder, str(folder))

        log = folder / self.log_file
        log.parent.mkdir(parents=True, exist_ok=True)
        write_whole(log, self.log.replace(self.folder, str(folder)))
        return StepError(
            self.what.replace(self.folder, str(folder)),
            evidence=[line.replace(self.folder, str(folder)) for line in self.evidence],
            expected=here(self.expected),
            found=here(self.found),
            next=here(self.next),
            log=log,
        )


class FarmAnswer(msgspec.Struct, frozen=True):
    """outcome: built: the product is in the cache; failed: its own build failed, as it would anywhere; refused: this
    worker could not build it, or not with the same bytes

    reason: why it was refused; is_lasting: the worker would refuse further orders for the same toolchain, too;
    failure: what failed; worker: the address of the one that answers
    """

    outcome: Literal["built", "failed", "refused"]
    reason: str = ""
    is_lasting: bool = False
    failure: FarmFailure | None = None
    worker: str = ""

    def require_plain(self) -> None:
        """Check an answer from elsewhere: the log's path stays in its folder. Raises ConfigurationError."""
        if self.failure is not None:
            _require_below(self.failure.log_file, "the answer's log")


def _require_below(text: str, what: str) -> None:
    path = PurePosixPath(text)
    if path.is_absolute() or ".." in path.parts:
        raise ConfigurationError(f"{what} is {path}", expected="a path below the build folder")
