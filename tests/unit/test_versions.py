"""Which version of a component is built, and what differs then."""

from __future__ import annotations

import pytest
from crosspython.errors import ConfigurationError
from crosspython.recipes.kinds import KINDS
from crosspython.recipes.release import Library
from crosspython.recipes.versions import choose_version, read_recipe
from crosspython.store.sources import Source

SHA = "0" * 64
RECIPE = {
    "name": "openssl",
    "version": "3.5.7",
    "sources": ["new"],
    "configure": ["no-apps"],
    "license": "Apache-2.0",
    "others": {
        "1.1.1w": {"sources": ["old"], "license": "OpenSSL"},
        "1.0.2u": {"sources": ["older"], "license": "OpenSSL", "configure": []},
    },
}


def test_without_a_wish_it_is_the_recipes_own() -> None:
    assert choose_version(RECIPE, {"zlib": Library("1.2.11")}) == RECIPE
    assert choose_version({}, {}) == {}


def test_another_version_replaces_what_differs_and_keeps_the_rest() -> None:
    chosen = choose_version(RECIPE, {"openssl": Library("1.1.1w")})
    differs = {"version": "1.1.1w", "sources": ["old"], "license": "OpenSSL"}
    assert chosen == {**RECIPE, **differs}


def test_an_unknown_version_without_a_source_names_those_known() -> None:
    with pytest.raises(ConfigurationError, match=r"openssl 1\.1\.1k") as caught:
        choose_version(RECIPE, {"openssl": Library("1.1.1k")})
    assert caught.value.expected == "one of 3.5.7, 1.1.1w, 1.0.2u"


@pytest.mark.parametrize(
    ("version", "license", "configure"),
    [("1.1.1k", "OpenSSL", ["no-apps"]), ("1.0.2g", "OpenSSL", []), ("3.0.16", "Apache-2.0", ["no-apps"])],
)
def test_an_unknown_version_with_a_source_is_built_like_the_one_most_like_it(
    version: str, license: str, configure: list[str]
) -> None:
    chosen = choose_version(RECIPE, {"openssl": Library(version, (Source(SHA, "https://x.invalid/a.tar.gz"),))})
    assert (chosen["version"], chosen["license"], chosen["configure"]) == (version, license, configure)
    assert chosen["sources"] == [{"url": "https://x.invalid/a.tar.gz", "sha256": SHA}]


def test_a_source_of_ones_own_for_the_recipes_version_replaces_its_sources() -> None:
    recipe = {"name": "zlib", "version": "1.3.1", "sources": ["x"]}
    chosen = choose_version(recipe, {"zlib": Library("1.3.1", (Source(SHA, pool="z/z"),))})
    assert chosen == {**recipe, "sources": [{"pool": "z/z", "sha256": SHA}]}


def refusal(others: object, **said: object) -> tuple[str, ...]:
    sources = [{"url": "https://x.invalid/a.tar.gz", "sha256": SHA}]
    recipe = {"name": "zlib", "version": "1.3.1", "sources": sources, "others": others, **said}
    with pytest.raises(ConfigurationError) as caught:
        read_recipe(recipe, KINDS["Autoconf"], {}, "zlib: the recipe")
    return caught.value.evidence


def test_a_mistake_in_a_version_that_is_not_built_is_told_too() -> None:
    others = {"1.2.11": {"sources": [{"sha256": "12"}], "confgure": [], "make": "all"}, "1.2/8": {"license": "?"}}
    assert [line.partition(": ")[0] for line in refusal(others, depends="x")] == [
        "depends",
        "others.1.2.11.confgure",
        "others.1.2.11.sources[0].sha256",
        "others.1.2.11.make",
        "others.1.2/8.license",
    ]


@pytest.mark.parametrize("others", ["1.2.11", ["1.2.11"], {"1.2.11": "x"}, {1.2: {}}, None])
def test_others_that_are_no_versions_are_told(others: object) -> None:
    assert any(line.startswith("others") for line in refusal(others))


def test_the_order_of_what_a_recipe_lists_is_the_users() -> None:
    assert refusal({}, configure={"--static"}) == (
        "configure: expected a list, because its order counts; found {'--static'}",
    )
