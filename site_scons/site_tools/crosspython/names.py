"""Names that people type: which are known, and which they may have meant."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from difflib import get_close_matches

from crosspython.errors import ConfigurationError


def suggest(name: str, known: Iterable[str], form: str = "{}") -> str | None:
    """`did you mean target=rk3568?`; None where no known name is like it.

    form: how such a name is typed, such as "target={}"
    """
    close = get_close_matches(name, list(known), n=1)
    return f"did you mean {form.format(close[0])}?" if close else None


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
