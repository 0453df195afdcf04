"""`binary=`, and pip's options with the same meaning, for each package."""

from __future__ import annotations

import pytest
from crosspython.errors import ConfigurationError
from crosspython.wheels.resolving.binary import NEVER, ONLY, Binary, apply_option, parse_binary, read_binary


@pytest.mark.parametrize(
    ("text", "usual", "by_package"),
    [
        ("never", "never", {}),
        ("auto,numpy=never", "auto", {"numpy": "never"}),
        ("NumPy=never, ruamel.yaml=only only", "only", {"numpy": "never", "ruamel-yaml": "only"}),
    ],
)
def test_all_packages_and_single_ones(text: str, usual: str, by_package: dict[str, str]) -> None:
    assert parse_binary(text, "binary=") == Binary(usual, by_package)


@pytest.mark.parametrize(
    "text", ["nver", "", "numpy=nver", "=never", "numpy=", "auto,never", "a b=never", "numpy:never"]
)
def test_what_is_none_of_the_ways_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="binary=x"):
        parse_binary(text, "binary=x")


def test_a_misspelt_way_gets_a_suggestion() -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_binary("numpy=nver", "binary=numpy=nver")
    assert "did you mean numpy=never?" in str(caught.value)


def test_pips_options_say_the_same() -> None:
    binary = apply_option(Binary(), NEVER, ["numpy,Foo_Bar"])
    assert binary == Binary("auto", {"numpy": "never", "foo-bar": "never"})
    binary = apply_option(binary, ONLY, [":all:"])
    assert (binary.usual, binary.of("numpy"), binary.of("six")) == ("only", "never", "only")
    assert apply_option(binary, NEVER, [":none:"]) == Binary("only")


def test_the_nearer_choice_wins() -> None:
    file = Binary("never", {"a": "only", "b": "only"})
    assert Binary("auto", {"a": "auto"}).over(file) == Binary("never", {"a": "auto", "b": "only"})
    assert Binary("only").over(file).usual == "only"


def test_a_lock_keeps_it() -> None:
    for binary in (Binary(), Binary("never", {"a": "auto"})):
        assert read_binary(binary.as_data()) == binary
    with pytest.raises(ConfigurationError, match="binary"):
        read_binary({"a": "perhaps"})


@pytest.mark.parametrize("text", ["numpy=never numpy=only", "auto,num.py=only,num_py=never"])
def test_two_values_for_one_package_are_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="has two values for num"):
        parse_binary(text, "binary=x")
