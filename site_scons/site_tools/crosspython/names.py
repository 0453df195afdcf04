"""Names that people type: which are known, and which they may have meant."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from difflib import get_close_matches

from crosspython.errors import ConfigurationError


def closest(name: str, known: Iterable[str]) -> str | None:
    """The known name that somebody may have meant; None where none is like it."""
    return next(iter(get_close_matches(name, list(known), n=1)), None)


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
            evidence=[f"did you mean {form.format(meant)}?" for name in unknown if (meant := closest(name, known))],
            expected=", ".join(known),
            next=next,
        )
