"""Names that people type: whether they are known, and which known ones were probably meant."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from difflib import get_close_matches
from types import MappingProxyType

from crosspython.errors import ConfigurationError


def suggest(
    name: str, known: Iterable[str], form: str = "{}", *, aliases: Mapping[str, str] = MappingProxyType({})
) -> str | None:
    """`did you mean target=rk3568?`; None where no known name is like it, or where it is known itself.

    form: how such a name is typed, such as "target={}"
    aliases: what others call some of the known, in small letters; where one of these was typed, nothing else was meant
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
    """`the nearest are 3.11 and 3.13`: of numbers as of versions, those on both sides; None for no number.

    known: in rising order
    tell: what is said of one
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
    """All given names are known. Raises one ConfigurationError for those that are not, with what may have been meant.

    what: says what is wrong, "{s}" in it being the plural's s
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
