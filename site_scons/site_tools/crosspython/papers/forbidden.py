"""Licences that a user does not want: checks whether a part may be used under other licences, too.

Knows SPDX expressions (its specification, Annex B): of "A OR B" one may be chosen, "A AND B" brings both.
"GPL-2.0-or-later" is a choice, too: of version 2 or 3 of that licence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from license_expression import ExpressionError, LicenseWithExceptionSymbol, get_spdx_licensing

from crosspython.errors import ConfigurationError
from crosspython.names import suggest

# Families of which a licence says "or any later version", with their versions.
_FAMILIES: Mapping[str, tuple[str, ...]] = {
    "AGPL": ("1.0", "3.0"),
    "GFDL": ("1.1", "1.2", "1.3"),
    "GPL": ("1.0", "2.0", "3.0"),
    "LGPL": ("2.0", "2.1", "3.0"),
}
_USUAL = re.compile(r"(?P<family>AGPL|GFDL|LGPL|GPL)-?v?(?P<version>\d(?:\.\d)?)\+?", re.IGNORECASE)
_ONLY, _LATER = "-only", "-or-later"
# SPDX's value for a licence that is not stated: it can be forbidden, too.
NOT_STATED = "NOASSERTION"


def read_forbidden(text: str) -> tuple[str, ...]:
    """Parse `forbid_licenses=`: identifiers of licences, or globs of them ("GPL-3.0*").
    Raises ConfigurationError."""
    names = text.replace(",", " ").split()
    known = _licensing().known_symbols
    spelt = {key.lower(): str(symbol.key) for key, symbol in known.items()}
    spelt |= {alias.lower(): str(symbol.key) for symbol in known.values() for alias in symbol.aliases}
    spelt[NOT_STATED.lower()] = NOT_STATED
    plain = [name for name in names if not _is_glob(name) and not name.startswith("LicenseRef-")]
    unknown = [name for name in plain if name.lower() not in spelt]
    if unknown:
        _tell_unknown(unknown, [key for key in {*spelt.values()} if not key.startswith("LicenseRef-scancode")])
    return tuple(spelt.get(name.lower(), name) for name in names)


def _tell_unknown(unknown: Sequence[str], known: Sequence[str]) -> None:
    told = [_usual_name(name) or suggest(name, sorted(known), "forbid_licenses={}") for name in unknown]
    raise ConfigurationError(
        f"forbid_licenses=: SPDX has no such licence{'s' if len(unknown) > 1 else ''}: {', '.join(unknown)}",
        evidence=[hint for hint in told if hint],
        expected='identifiers of spdx.org/licenses, such as GPL-3.0-only, or globs of them, such as "GPL-3.0*"',
    )


def _usual_name(name: str) -> str | None:
    """A hint for names as people write them: GPLv3, LGPL2.1."""
    match = _USUAL.fullmatch(name)
    family, version = (match["family"].upper(), match["version"]) if match else ("", "")
    version += "" if "." in version else ".0"
    return f'did you mean forbid_licenses="{family}-{version}*"?' if version in _FAMILIES.get(family, ()) else None


def find_forbidden(expression: str, forbidden: Sequence[str]) -> tuple[str, ...]:
    """The licences of an expression that are forbidden, if it leaves no choice without them; else none."""
    try:
        tree = _licensing().parse(expression)
    except ExpressionError:
        tree = None
    if tree is None:
        return (NOT_STATED,) if _matches(NOT_STATED, forbidden) else ()
    return tuple(sorted(_unavoidable(tree, tuple(_widened(forbidden)))))


def require_allowed(
    licenses: Iterable[tuple[str, str]], forbidden: Sequence[str], product: str, next: str | None = None
) -> None:
    """Raise ConfigurationError that names each part with a forbidden licence.

    licenses: titles of parts, with their expressions
    """
    guilty = [
        f"{title}: {expression or 'states no clear licence'}"
        for title, expression in licenses
        if find_forbidden(expression, forbidden)
    ]
    if guilty:
        raise ConfigurationError(
            f"forbid_licenses=: {product} would contain forbidden licences",
            evidence=guilty,
            expected=f"nothing that is only available under {' or '.join(forbidden)}",
            next=next,
        )


def _unavoidable(tree: Any, forbidden: Sequence[str]) -> set[str]:
    kind = type(tree).__name__
    if kind in ("AND", "OR"):
        parts = [_unavoidable(each, forbidden) for each in tree.args]
        return set() if kind == "OR" and not all(parts) else set().union(*parts)
    name = str(tree)
    if isinstance(tree, LicenseWithExceptionSymbol):  # with an exception it counts as another licence
        return {name} if _matches(name, forbidden) else set()
    later = _versions_from(name)
    is_forbidden = _matches(name, forbidden) or (later and all(_matches(each, forbidden) for each in later))
    return {name} if is_forbidden else set()


def _widened(forbidden: Sequence[str]) -> Iterable[str]:
    """The forbidden licences, and for each "-or-later" among them also the single versions that it covers."""
    for name in forbidden:
        yield name
        yield from _versions_from(name)


def _versions_from(name: str) -> tuple[str, ...]:
    """The single versions that a licence "-or-later" covers; empty for any other name."""
    family, _, version = name.removesuffix(_LATER).rpartition("-")
    versions = _FAMILIES.get(family, ())
    if not name.endswith(_LATER) or version not in versions:
        return ()
    return tuple(f"{family}-{each}{_ONLY}" for each in versions[versions.index(version) :])


def _matches(name: str, forbidden: Sequence[str]) -> bool:
    return any(fnmatchcase(name, each) for each in forbidden)


def _is_glob(name: str) -> bool:
    return not {*name}.isdisjoint("*?[")


@cache
def _licensing() -> Any:
    return get_spdx_licensing()
