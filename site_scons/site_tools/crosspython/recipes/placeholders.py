"""Finds misspelt placeholders in a recipe: a name in braces that is similar to a placeholder is a mistake.

Shells, awk and C also use braces, so a name that is similar to no placeholder is ignored.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict

from crosspython.reading import Keys, Mistake
from crosspython.recipes.plan import PLACEHOLDERS

# Not after a dollar: that is a variable of a shell or of make.
_NAME = re.compile(r"(?<!\$)\{([a-z_]+)\}")
_LIKENESS = 0.8


def find_misspelt(said: Any, keys: Keys = ()) -> Iterator[Mistake]:
    """The misspelt placeholders in a recipe's keywords, and in the steps that it makes."""
    if isinstance(said, str):
        for name in _NAME.findall(said) if "{" in said else ():
            if name not in PLACEHOLDERS and (meant := get_close_matches(name, PLACEHOLDERS, 1, _LIKENESS)):
                yield Mistake(keys, f"{{{name}}} is not a placeholder; did you mean {{{meant[0]}}}?")
    elif isinstance(said, (list, tuple)):
        for number, part in enumerate(said):
            yield from find_misspelt(part, (*keys, number))
    elif isinstance(said, (Mapping, Struct)):
        for key, part in (said if isinstance(said, Mapping) else asdict(said)).items():
            yield from find_misspelt(part, (*keys, str(key)))
