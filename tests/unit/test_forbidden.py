"""Licences that a user forbids: of what leaves a choice without them nothing is said."""

from __future__ import annotations

import re

import pytest
from crosspython.errors import ConfigurationError
from crosspython.papers.forbidden import find_forbidden, read_forbidden, require_allowed


@pytest.mark.parametrize(
    ("expression", "forbidden", "is_refused"),
    [
        ("GPL-3.0-only", "GPL-3.0-only", True),
        ("GPL-3.0-or-later", "GPL-3.0-only", True),  # there is no later one
        ("GPL-2.0-or-later", "GPL-3.0-only", False),  # version 2 may be chosen
        ("GPL-2.0-or-later", "GPL-2.0-only", False),  # version 3 may be
        ("GPL-2.0-or-later", "GPL-2.0-only GPL-3.0-only", True),
        ("GPL-3.0-only", "GPL-3.0-or-later", True),
        ("GPL-3.0-or-later", "gpl-3.0", True),  # an older spelling
        ("GPL-3.0-or-later", "GPL-3.0*", True),
        ("LGPL-3.0-or-later", "GPL-3.0*", False),
        ("LGPL-3.0-or-later", "*GPL-3.0*", True),
        ("MIT", "GPL-3.0-only", False),
        ("MIT OR GPL-3.0-only", "GPL-3.0-only", False),
        ("MIT AND GPL-3.0-only", "GPL-3.0-only", True),
        ("(MIT OR GPL-3.0-only) AND (GPL-3.0-only OR Zlib)", "GPL-3.0-only", False),
        ("GPL-3.0-or-later WITH GCC-exception-3.1", "GPL-3.0-only", False),  # the exception makes another of it
        ("GPL-3.0-or-later WITH GCC-exception-3.1", "GPL-3.0*", True),
        ("LicenseRef-mine", "LicenseRef-mine", True),
        ("LicenseRef-mine", "MIT", False),
        ("", "MIT", False),
        ("", "NOASSERTION", True),
    ],
)
def test_an_expression_is_refused_if_it_leaves_no_choice(expression: str, forbidden: str, is_refused: bool) -> None:
    assert bool(find_forbidden(expression, read_forbidden(forbidden))) is is_refused


def test_a_misspelt_licence_is_told_and_not_ignored() -> None:
    with pytest.raises(ConfigurationError, match=r"no such licence: GPL-3.0-onl\n  did you mean .*GPL-3.0-only"):
        read_forbidden("MIT GPL-3.0-onl")


@pytest.mark.parametrize(("usual", "meant"), [("GPLv3", "GPL-3.0*"), ("lgpl2.1+", "LGPL-2.1*")])
def test_a_usual_name_of_a_licence_is_known_for_a_hint(usual: str, meant: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(f'did you mean forbid_licenses="{meant}"?')):
        read_forbidden(usual)
    read_forbidden(meant)
    with pytest.raises(ConfigurationError, match=r"no such licence: GPLv9"):
        read_forbidden("GPLv9")


def test_all_parts_are_named_by_which_it_would_come() -> None:
    licenses = [("zlib 1.3.1", "Zlib"), ("readline 8.2", "GPL-3.0-or-later"), ("mine 1", "GPL-3.0-only AND MIT")]
    with pytest.raises(ConfigurationError) as caught:
        require_allowed(licenses, read_forbidden("GPL-3.0-only"), "the bundle")
    assert caught.value.evidence == ("readline 8.2: GPL-3.0-or-later", "mine 1: GPL-3.0-only AND MIT")
    require_allowed(licenses[:1], read_forbidden("GPL-3.0-only"), "the bundle")
