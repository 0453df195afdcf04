"""The types of values in recipes and in files about CPython, for reading.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import Meta, Struct
from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from crosspython.recipes.plan import Below, Edit, Matches, Step, require_pattern
from crosspython.store.sources import Source

NAME = r"^[a-z0-9][a-z0-9._+-]*\Z"
Name = Annotated[str, Meta(pattern=NAME, description="a string of lower-case letters, digits and . _ + -")]
Version = Annotated[str, Meta(pattern=NAME, description='a string such as "1.3.1"')]
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z", description="64 hexadecimal digits in small letters")]
Names = tuple[Name, ...]
Strings = tuple[str, ...]
Steps = Annotated[tuple[Step, ...], Meta(description="a list of steps, such as [Run(...), Install(...)]")]
Cpe = Annotated[str, Meta(pattern=r"^([a-z0-9._-]+:[a-z0-9._-]+)?\Z", description='a string such as "openssl:openssl"')]
Globs = tuple[Below, ...]
Variable = Annotated[str, Meta(pattern=r"^[^=\0]+\Z")]
Variables = Annotated[Mapping[Variable, str], Meta(description='a dict of strings, such as {"CFLAGS": "-O2"}')]


class License(str):
    """An SPDX expression (spdx.org/licenses), spelt as there."""

    @classmethod
    def read(cls, value: Any) -> License:
        try:
            return cls(value and canonicalize_license_expression(value))
        except (InvalidLicenseExpression, AttributeError, TypeError) as error:
            wanted = 'an SPDX expression such as "MIT" (spdx.org/licenses), or "LicenseRef-..." for another licence'
            raise ValueError(wanted, *([str(error)] if isinstance(value, str) else [])) from error


Url = Annotated[str, Meta(pattern=r"^[a-z]+://\S+\Z", description='an address such as "https://..."')]


class SourceKeys(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One alternative of a recipe's sources: dict(url=..., sha256=...), dict(pool=..., sha256=...), or both places."""

    sha256: Sha256
    url: Url | None = None
    pool: str | None = None

    def __post_init__(self) -> None:
        if not self.url and not self.pool:
            raise ValueError("a url, a pool, or both")

    def source(self) -> Source:
        return Source(self.sha256, self.url, self.pool)


Sources = Annotated[
    tuple[Annotated[SourceKeys, Meta(description='dict(url="https://...", sha256="...")')], ...],
    Meta(min_length=1, description='a list of at least one source: [dict(url="https://...", sha256="...")]'),
]


class EditKeys(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An edit of a source, as a file writes it: [[edits]]."""

    file: Below
    pattern: str
    replacement: str
    matches: Matches = 1

    def __post_init__(self) -> None:
        require_pattern(self.pattern)

    def edit(self) -> Edit:
        return Edit(self.file, self.pattern, self.replacement, self.matches)
