"""Users' data is read into typed classes; all mistakes are reported at once, each with its key and its line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import pytest
from crosspython.errors import ConfigurationError
from crosspython.reading import Mistake, find_line, find_mistakes, read_data, read_toml
from msgspec.structs import asdict


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    size: Annotated[int, msgspec.Meta(gt=0, description="a number above 0")]
    name: str | None = None

    def __post_init__(self) -> None:
        if self.name == "size":
            raise ValueError("another name than that of its key")


class Word(str):
    @classmethod
    def read(cls, value: Any) -> Word:
        if not isinstance(value, str) or " " in value:
            raise ValueError("one word")
        return cls(value)


class Step:
    @classmethod
    def read(cls, value: Any) -> Step:
        if not isinstance(value, Say):
            raise ValueError("a step")
        return msgspec.convert(asdict(value), type(value))


class Say(msgspec.Struct, Step, frozen=True):
    words: tuple[str, ...]


class Whole(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    title: Annotated[str, msgspec.Meta(pattern=r"^[A-Z]", description="a title with a capital letter")]
    words: tuple[str, ...] = ()
    word: Word | None = None
    parts: Annotated[tuple[Part, ...], msgspec.Meta(min_length=1, description="at least one part")] = (Part(size=1),)
    table: dict[str, str | tuple[str, ...]] = {}
    choice: Literal["cross", "emulated"] | None = None
    is_big: bool = False
    steps: tuple[Step, ...] = ()
    either: str | Part = ""
    several: str | tuple[Word, ...] = ""
    free: dict[str, dict[str, Any]] = {}


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("title", 1.0, "title: expected a title with a capital letter; found 1.0"),
        ("title", "small", "title: expected a title with a capital letter; found 'small'"),
        ("words", "ab", "words: expected a list of strings; found 'ab'; write ['ab']"),
        ("words", ["a", 3], "words[1]: expected a string; found 3"),
        ("words", None, "words: expected a list of strings; found None"),
        ("word", "two words", "word: expected one word; found 'two words'"),
        ("parts", [], "parts: expected at least one part; found []"),
        ("parts", {"size": 1}, "parts: expected at least one part; found {'size': 1}"),
        ("parts", [{"size": 0}], "parts[0].size: expected a number above 0; found 0"),
        ("parts", [{}], "parts[0].size: missing, expected a number above 0"),
        ("parts", [{"size": 1, "nam": "x"}], "parts[0].nam: no such key; did you mean name?"),
        ("parts", [{"size": 1, "name": "size"}], "parts[0]: expected another name than that of its key; found "),
        ("table", {"a": 1}, "table.a: expected a string or a list of strings; found 1"),
        ("table", ["a"], "table: expected a table of strings or lists of strings; found ['a']"),
        ("table", {1: "a"}, "table: expected a table of "),
        ("choice", "magic", "choice: expected cross or emulated; found 'magic'"),
        ("is_big", "big", "is_big: expected True or False; found 'big'"),
        ("steps", ["make"], "steps[0]: expected a step; found 'make'"),
        ("steps", [Say("ab")], "steps[0].words: expected a list of strings; found 'ab'; write ['ab']"),  # type: ignore[arg-type]
        ("either", {"size": 0}, "either.size: expected a number above 0; found 0"),
        ("either", {}, "either.size: missing, expected a number above 0"),
        ("several", {"a": 1}, "several: expected a string or a list of strings; found {'a': 1}"),
        ("several", ["a", "b c"], "several[1]: expected one word; found 'b c'"),
        ("free", {"a": 3}, "free.a: expected a table; found 3"),
        ("nonsense", 1, "nonsense: no such key"),
    ],
)
def test_a_mistake_is_told_with_its_key_and_what_was_expected(key: str, value: object, told: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_data({"title": "T", key: value}, Whole, "x")
    assert len(caught.value.evidence) == 1
    assert caught.value.evidence[0].startswith(told)


def test_what_is_right_is_read() -> None:
    data = {
        "title": "T",
        "words": ["a"],
        "word": "w",
        "parts": [{"size": 2}],
        "table": {"a": ["b"]},
        "steps": [Say(("s",))],
    }
    read = read_data(data, Whole, "x")
    assert (read.words, read.word, read.parts, read.table) == (("a",), "w", (Part(size=2),), {"a": ("b",)})
    assert read.steps == (Say(("s",)),)
    assert find_mistakes(data, Whole) == []


def test_all_mistakes_are_told_at_once_in_the_order_of_their_lines() -> None:
    lines = {"words": 7, "parts": 3}
    with pytest.raises(ConfigurationError) as caught:
        read_data({"words": "a", "parts": []}, Whole, "x", next="n", locate=lambda keys: lines.get(str(keys[0])))
    assert caught.value.evidence[0].startswith("title: missing")
    assert [each.partition(":")[0] for each in caught.value.evidence[1:]] == ["line 3", "line 7"]
    assert (caught.value.what, caught.value.next) == ("x is wrong", "n")


TOML = '''\
# a comment
first = 1

# of the next
second = """
third = 3
"""
list = [
  "a",  # one
  "b",
]
dotted.key = 1

[table]
inner = { one = 1,  two = 2 }

[[rows]]
name = "x"

[[rows]]
# name = "no"
name = "y"
'''


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (("first",), 2),
        (("second",), 5),
        (("third",), None),
        (("list",), 8),
        (("list", 1), 8),
        (("dotted", "key"), 12),
        (("table",), 14),
        (("table", "inner", "two"), 15),
        (("table", "missing"), 14),
        (("rows", 0, "name"), 18),
        (("rows", 1), 20),
        (("rows", 1, "name"), 22),
        (("rows", 1, "missing"), 20),
    ],
)
def test_the_line_of_a_key_is_found(keys: tuple[str | int, ...], line: int | None) -> None:
    assert find_line(TOML, keys) == line


def test_a_file_of_many_lines_is_looked_through_quickly() -> None:
    text = "".join(f'[[rows]]\nname = "{number}"\n' for number in range(500))
    assert find_line(text, ("rows", 333, "name")) == 668


def test_lines_that_end_as_on_windows_are_counted(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes(b"a = 1\r\nb = 2\r\n")
    data, locate = read_toml(tmp_path / "a.toml", "a.toml")
    assert (data["b"], locate(("b",))) == (2, 2)


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes(b"\xef\xbb\xbfa = 1\n")
    data, locate = read_toml(tmp_path / "a.toml", "a.toml")
    assert (data, locate(("a",))) == ({"a": 1}, 1)


@pytest.mark.parametrize(
    ("content", "told"), [(b"a = \n", "is not TOML"), (b"a = '\xff'", "is not UTF-8 text"), (None, "cannot be read")]
)
def test_what_is_no_toml_file_is_told(tmp_path: Path, content: bytes | None, told: str) -> None:
    if content is not None:
        (tmp_path / "a.toml").write_bytes(content)
    with pytest.raises(ConfigurationError, match=told):
        read_toml(tmp_path / "a.toml", "a.toml")


def test_a_mistake_names_the_way_to_its_value() -> None:
    assert str(Mistake(("a", 0, "b"), "wrong")) == "a[0].b: wrong"
