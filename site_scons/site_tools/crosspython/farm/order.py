"""An order for one product, and the answer to it: plain data, which travels as JSON."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Literal

import msgspec

from crosspython.errors import ConfigurationError

# The variables that decide what a component becomes. All others belong to the machine that builds it.
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


class FarmOrder(msgspec.Struct, frozen=True):
    """variables: those that decide about the product, by name; product: its path below the build folder; key: its key
    in the artifact cache; toolchain: the hash of the facts about the toolchain"""

    variables: dict[str, str]
    product: str
    key: str
    toolchain: str

    def require_plain(self) -> None:
        """Check an order from elsewhere: only variables that may travel, and a path that stays in its folder.
        Raises ConfigurationError."""
        path = PurePosixPath(self.product)
        if strange := sorted(self.variables.keys() - set(TRAVELLING)):
            raise ConfigurationError(f"the order sets {', '.join(strange)}", expected=f"only {', '.join(TRAVELLING)}")
        if path.is_absolute() or ".." in path.parts:
            raise ConfigurationError(f"the order's product is {path}", expected="a path below the build folder")


class FarmAnswer(msgspec.Struct, frozen=True):
    """outcome: built: the product is in the cache; failed: its own build failed, as it would anywhere; refused: this
    worker could not build it, or not with the same bytes

    reason: the error's text; folder: the worker's build folder, which the reason and the log name; log: the text of the
    component's log, after a failure
    """

    outcome: Literal["built", "failed", "refused"]
    reason: str = ""
    folder: str = ""
    log: str = ""
