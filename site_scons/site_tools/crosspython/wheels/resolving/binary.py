"""The choice of `binary=`: ready wheels or sources, for all packages and for single ones. Only data; choose.py uses it.

The options --no-binary and --only-binary of requirements files are also read here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from crosspython.errors import ConfigurationError
from crosspython.names import PACKAGE_NAME, suggest

AUTO, NEVER, ONLY = "auto", "never", "only"
WAYS = (AUTO, NEVER, ONLY)


class Binary(msgspec.Struct, frozen=True):
    """usual: the choice for all packages that are not in by_package; by_package: choices by normalized names"""

    usual: str = AUTO
    by_package: Mapping[str, str] = {}

    def of(self, name: str) -> str:
        """The choice for a package. AUTO: a ready wheel if one fits; NEVER: a ready wheel only if there is nothing to
        compile; ONLY: never build."""
        return self.by_package.get(name, self.usual)

    def over(self, below: Binary) -> Binary:
        """This choice, with another one as the default for packages that this one does not mention."""
        usual = self.usual if self.usual != AUTO else below.usual
        return Binary(usual, {**below.by_package, **self.by_package})

    def as_data(self) -> dict[str, str]:
        """The choice as data for a lock, which `read_data` reads. Empty if nothing is chosen."""
        return ({} if self.usual == AUTO else {":all:": self.usual}) | dict(sorted(self.by_package.items()))


def read_binary(data: Any) -> Binary:
    """Read the data of as_data. Raises ConfigurationError for other data."""
    if not isinstance(data, dict) or not all(way in WAYS for way in data.values()):
        raise ConfigurationError(f"the lock says of binary: {data!r}", expected="auto, never or only, by package")
    return Binary(data.get(":all:", AUTO), {name: way for name, way in data.items() if name != ":all:"})


def parse_binary(text: str, shown: str) -> Binary:
    """Read `never`, or `auto,numpy=never`. Raises ConfigurationError that names all mistakes.

    shown: the user's input, for messages
    """
    usual, by_package = list[str](), dict[str, str]()
    for word in re.split(r"[\s,]+", text.strip(" \t\n,")):
        name, equals, way = word.rpartition("=")
        if way not in WAYS or (equals and not re.fullmatch(PACKAGE_NAME, name)):
            raise ConfigurationError(
                f"{shown}: not an allowed value",
                expected="auto, never or only; for single packages, too: auto,numpy=never",
                found=word or "nothing",
                next=suggest(way, WAYS, f"{name}{equals}{{}}"),
            )
        if equals:
            if by_package.setdefault(normalize(name), way) != way:
                before = by_package[normalize(name)]
                raise ConfigurationError(f"{shown}: has two values for {name}", found=f"{before} and {way}")
        else:
            usual.append(way)
    if len(set(usual)) > 1:
        raise ConfigurationError(f"{shown}: has two values for all packages", found=" and ".join(usual))
    return Binary(usual[0] if usual else AUTO, by_package)


def apply_option(binary: Binary, way: str, values: Iterable[str]) -> Binary:
    """The choice after a further option --no-binary (NEVER) or --only-binary (ONLY) of pip. values: names separated by
    commas, :all: or :none:"""
    for value in values:
        for name in filter(None, re.split(r"[\s,]+", value)):
            if name == ":none:":
                kept = {key: other for key, other in binary.by_package.items() if other != way}
                binary = Binary(AUTO if binary.usual == way else binary.usual, kept)
            elif name == ":all:":
                binary = Binary(way, binary.by_package)
            else:
                binary = Binary(binary.usual, {**binary.by_package, normalize(name): way})
    return binary


def normalize(name: str) -> str:
    """A package's name, normalized as in locks (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()
