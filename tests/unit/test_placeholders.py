"""A misspelt placeholder is told; other braces are left alone."""

from __future__ import annotations

import pytest
from crosspython.errors import ConfigurationError
from crosspython.recipes.kinds import KINDS
from crosspython.recipes.placeholders import find_misspelt
from crosspython.recipes.plan import Edit, Run, Write
from crosspython.recipes.versions import read_recipe

from tests.unit.declared import SHA


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"configure": ["--x={prefx}"]}, "configure[0]: {prefx} is not a placeholder; did you mean {prefix}?"),
        (
            {"environment": {"A": "{tripplet}-gcc"}},
            "environment.A: {tripplet} is not a placeholder; did you mean",
        ),
        ({"steps": [Run("a", ("b", "{sysrot}/usr"))]}, "steps[0].argv[1]: {sysrot} is not a placeholder; did you mean"),
        (
            {"others": {"1.2": {"source": "{sources}"}}},
            "others.1.2.source: {sources} is not a placeholder; did you mean",
        ),
    ],
)
def test_what_is_nearly_a_placeholder_is_told(said: object, told: str) -> None:
    (found,) = find_misspelt(said)
    assert str(found).startswith(told)


@pytest.mark.parametrize(
    "text",
    ["{prefix}", "${prefx}", "awk {print}", "{other}", "{a,b}", "int f() {return}", "{{prefix}}", "{1,2}", "{PREFX}"],
)
def test_other_braces_are_left_alone(text: str) -> None:
    assert list(find_misspelt({"after": [Write("a", text), Edit("a", text, text)]})) == []


def test_it_is_told_with_the_other_mistakes_of_a_recipe() -> None:
    sources = [{"url": "https://x.invalid/a.tar.gz", "sha256": SHA}]
    recipe = {"name": "x", "version": "1", "sources": sources, "configure": ["{prefx}"], "make": "all"}
    with pytest.raises(ConfigurationError) as caught:
        read_recipe(recipe, KINDS["Autoconf"], {}, "x: the recipe")
    assert [line.partition(":")[0] for line in caught.value.evidence] == ["make", "configure[0]"]
