"""The allowed arguments of lent methods: the same as on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from crosspython.builders.arguments import read_bundle, read_names, read_text, read_texts
from crosspython.errors import ConfigurationError


@pytest.mark.parametrize(
    ("value", "texts"),
    [("a b", ["a b"]), (["a", "b>=2"], ["a", "b>=2"]), (("a",), ["a"]), (Path("x/y"), ["x/y"]), ([Path("x")], ["x"])],
)
def test_a_text_alone_is_a_list_of_one(value: object, texts: list[str]) -> None:
    assert read_texts("Wheels", "packages", value) == texts


@pytest.mark.parametrize("value", [3, [None], {"a": 1}, [["a"]], b"six"])
def test_what_is_no_text_is_told(value: object) -> None:
    with pytest.raises(ConfigurationError, match=r"env\.Wheels\(packages="):
        read_texts("Wheels", "packages", value)


def test_names_in_one_text_are_several() -> None:
    assert read_names("Bundle", "also", "libpng, libtiff") == ["libpng", "libtiff"]
    assert read_names("Bundle", "also", ["libpng", "libtiff"]) == ["libpng", "libtiff"]
    assert read_names("Bundle", "also", ()) == []


def test_a_path_is_a_text_or_a_path() -> None:
    assert read_text("Wheels", "constraints", None) is None
    assert read_text("Wheels", "constraints", Path("limits.txt")) == "limits.txt"
    with pytest.raises(ConfigurationError, match=r"env\.Wheels\(constraints="):
        read_text("Wheels", "constraints", ["limits.txt"])


@pytest.mark.parametrize("value", [None, [], [[]], 3])
def test_a_bundle_is_a_node(value: object) -> None:
    with pytest.raises(ConfigurationError, match=r"env\.Deploy\(bundle=") as caught:
        read_bundle("Deploy", value)
    assert "node" in str(caught.value.expected)
    assert read_bundle("Deploy", ["bundle.tar.gz"]) == ["bundle.tar.gz"]
