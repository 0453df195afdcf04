"""The order of versions, by the rules of a package's ecosystem.

PyPI has PEP 440, crates.io Semantic Versioning. Releases of C libraries follow no standard: they are compared part by
part, numbers as numbers, with a letter behind a number as a later patch (OpenSSL 1.1.1w) and "alpha", "beta", "rc" and
"pre" before the release.
"""

from __future__ import annotations

import re
from typing import Any

from packaging.version import InvalidVersion, Version
from semver import Version as SemanticVersion

from crosspython.papers.part import Part

_PARTS = re.compile(r"\d+|[a-z]+")
_BEFORE = ("dev", "pre", "preview", "alpha", "beta", "a", "b", "c", "rc")
_WORD_OF_ITS_OWN = ("dev", "pre", "preview", "alpha", "beta", "rc")


class Incomparable(Exception):
    """A text is not a version by the rules of its ecosystem."""


def version_key(part: Part, text: str) -> Any:
    """A key by which the versions of a part can be sorted. Raises Incomparable."""
    kind = part.purl.partition("/")[0]
    try:
        if kind == "pkg:pypi":
            return Version(text)
        if kind == "pkg:cargo":
            return SemanticVersion.parse(text, optional_minor_and_patch=True)
    except (InvalidVersion, ValueError, TypeError) as error:
        raise Incomparable(text) from error
    return release_key(text)


_ZERO = (3, 0, "")  # the key of a number 0


def release_key(text: str) -> tuple[tuple[int, int, str], ...]:
    """A key by which upstream's releases can be sorted. Zeros at the end are ignored: 1.2 equals 1.2.0.
    Raises Incomparable."""
    words = _PARTS.findall(text.lower().removeprefix("v").partition("+")[0])
    if not words or not any(word.isdigit() for word in words):
        raise Incomparable(text)
    keys: list[tuple[int, int, str]] = []
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word.isdigit():
            keys.append((3, int(word), ""))
            continue
        while keys and keys[-1] == _ZERO:
            keys.pop()
        # Python's "3.14.0a1" comes before 3.14.0, but OpenSSL's "1.1.1a" comes after 1.1.1.
        is_before = word in _WORD_OF_ITS_OWN or (word in _BEFORE and following.isdigit())
        keys.append((0, _BEFORE.index(word), "") if is_before else (2, 0, word))
    while keys and keys[-1] == _ZERO:
        keys.pop()
    return (*keys, (1, 0, ""))


def version_of_tag(tag: str) -> str:
    """The version that a tag of a repository means: openssl-3.0.1, VER-2-10-0, v1.3.1."""
    found = re.search(r"\d.*", tag)
    return re.sub(r"[_-](?=\d)", ".", found[0]) if found else ""
