"""Checks names that people type, and suggests the known names that they probably meant."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from difflib import get_close_matches
from types import MappingProxyType

from crosspython.errors import ConfigurationError

PACKAGE_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
"""The names of packages, as a pattern (PEP 508)."""


def suggest(
    name: str, known: Iterable[str], form: str = "{}", *, aliases: Mapping[str, str] = MappingProxyType({})
) -> str | None:
    """A hint such as `did you mean target=rk3568?`; None if no known name is similar, or if the name itself is known.

    form: how such a name is typed, such as "target={}"
    aliases: other names of known names, in lower case; for such a name, only its own known name is suggested
    """
    plain = {each.lower(): each for each in known}
    if name in plain.values():
        return None
    if name.lower() in aliases:
        close = [aliases[name.lower()]] if aliases[name.lower()] in plain.values() else []
    else:
        close = [plain[each] for each in get_close_matches(name.lower(), list(plain), n=1)]
    return f"did you mean {form.format(close[0])}?" if close else None


def nearest_numbers(wanted: str, known: Sequence[str], tell: Callable[[str], str] = str) -> str | None:
    """A hint such as `the nearest are 3.11 and 3.13`: the next known version numbers on both sides; None if `wanted` is
    not a number.

    known: in rising order
    tell: the text for one of them
    """
    if not re.fullmatch(r"\d+(\.\d+)*", wanted):
        return None
    number = _numbers(wanted)
    below, above = ([each for each in known if (_numbers(each) < number) is side] for side in (True, False))
    nearest = [tell(each) for each in (*below[-1:], *above[:1])]
    if len(nearest) == 2:
        return f"the nearest are {' and '.join(nearest)}"
    return f"the {'newest' if below else 'oldest'} is {nearest[0]}"


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(".")))


def check_known(
    what: str, given: Iterable[str], known: Collection[str], *, form: str = "{}", next: str | None = None
) -> None:
    """Check that all given names are known. Raises one ConfigurationError for all unknown names, with suggestions.

    what: the text of the error; "{s}" in it becomes the plural's s
    form: how such a name is typed
    """
    unknown = [name for name in given if name not in known]
    if unknown:
        raise ConfigurationError(
            f"{what.format(s='s' if len(unknown) > 1 else '')}: {', '.join(unknown)}",
            evidence=[meant for name in unknown if (meant := suggest(name, known, form))],
            expected=", ".join(known),
            next=next,
        )
