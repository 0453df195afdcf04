"""Reads data that people write into typed classes, and reports all mistakes at once, each with its key and its line.

msgspec reads correct data. It stops at the first mistake (docs/decisions/0029), so wrong data are then checked again,
part by part. The classes define the allowed values: by types, by patterns, and by classes of ours with a method `read`.
That method raises ValueError with the expected value, and perhaps a hint. This module knows no boards and no recipes.
"""

from __future__ import annotations

import reprlib
import tomllib
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from crosspython.errors import ConfigurationError
from crosspython.names import suggest

T = TypeVar("T")

# The path to a value: keys of tables and indexes of lists, from the outermost to the innermost.
Keys = tuple[str | int, ...]
# A function that returns the line of a value in its file; None if the line is not known.
Locate = Callable[[Keys], int | None]

_NOUNS = {str: "string", bool: "True or False", int: "number", float: "number"}
_SHOWN = reprlib.Repr()
_SHOWN.maxstring = _SHOWN.maxother = 80


class Mistake(msgspec.Struct, frozen=True):
    """One wrong or missing value, or one unknown key."""

    keys: Keys
    problem: str

    def __str__(self) -> str:
        name = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in self.keys).removeprefix(".")
        return f"{name}: {self.problem}"


def read_data(data: Any, kind: type[T], what: str, *, next: str | None = None, locate: Locate | None = None) -> T:
    """Convert data to a class. Raises the ConfigurationError of `mistaken`."""
    try:
        return msgspec.convert(data, kind, dec_hook=_read_own)
    except msgspec.ValidationError:
        raise mistaken(what, find_mistakes(data, kind), next=next, locate=locate) from None


def is_right(data: Any, kind: Any) -> bool:
    """Whether data can be converted to a class."""
    try:
        msgspec.convert(data, kind, dec_hook=_read_own)
    except msgspec.ValidationError:
        return False
    return True


def mistaken(
    what: str, mistakes: Sequence[Mistake], *, next: str | None = None, locate: Locate | None = None
) -> ConfigurationError:
    """The error that lists all mistakes, in the order of their lines.

    what: names the data, at the start of a sentence
    """
    found = [((locate(mistake.keys) if locate else None) or 0, str(mistake)) for mistake in mistakes]
    lines = [f"line {line}: {told}" if line else told for line, told in sorted(found, key=lambda each: each[0])]
    return ConfigurationError(f"{what} is wrong", evidence=lines, next=next)


def read_toml(file: Path, what: str) -> tuple[dict[str, Any], Locate]:
    """A TOML file's data, and a function that finds their lines. Raises ConfigurationError if the file cannot be
    read."""
    try:
        text = file.read_text(encoding="utf-8-sig")  # some editors begin a file with a byte order mark
        return tomllib.loads(text), partial(find_line, text)
    except OSError as error:
        raise ConfigurationError(f"{what} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{what} is not UTF-8 text", found=str(error)) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{what} is not TOML", found=str(error)) from error


def find_line(text: str, keys: Keys) -> int | None:
    """The line of TOML that sets a key. If the key is missing, the line that begins its table; None if that table is
    the whole file.

    tomllib returns no line numbers. But the first N lines of a file are valid TOML, unless line N is in the middle of a
    value. So the line of a key is the smallest N for which the first N lines contain the key.
    """
    lines = text.split("\n")

    def has_key(count: int) -> bool:
        for end in range(count, len(lines) + 1):
            try:
                return _has(tomllib.loads("\n".join(lines[:end]) + "\n"), keys)
            except tomllib.TOMLDecodeError:
                continue  # add lines up to the end of the value
        return False

    found = bisect_left(range(1, len(lines) + 1), True, key=has_key)
    if found < len(lines):
        return found + 1
    return find_line(text, keys[:-1]) if len(keys) > 1 else None


def _has(data: Any, keys: Keys) -> bool:
    for key in keys:
        is_there = key in data if isinstance(data, dict) else isinstance(data, list) and key in range(len(data))
        if not is_there:
            return False
        data = data[key]
    return True


def find_mistakes(data: Any, kind: Any, keys: Keys = ()) -> list[Mistake]:
    """All mistakes in data that should be of a type. The whole is checked only if all of its parts are right."""
    bare = _bare(kind)
    chosen = _choose(data, bare)
    found = list(_judge_keys(data, chosen, keys))
    for key, part, part_kind in _parts(data, chosen):
        found += find_mistakes(part, part_kind, (*keys, key))
    if not found:
        try:
            msgspec.convert(data, kind, dec_hook=_read_own)
        except msgspec.ValidationError as error:
            expected, *hints = error.__cause__.args if error.__cause__ else (describe(kind),)
            if isinstance(data, str) and _is_list(bare) and _noun(_bare(get_args(bare)[0])) == "string":
                hints = [f"write {[data]!r}"]
            found.append(Mistake(keys, "; ".join([f"expected {expected}", f"found {_SHOWN.repr(data)}", *hints])))
    return found


def describe(kind: Any) -> str:
    """The expected value for a type, in words: the type's own description, or its name in plain words."""
    kind = _without_none(kind)
    for meta in getattr(kind, "__metadata__", ()):
        if isinstance(meta, msgspec.Meta) and meta.description:
            return meta.description
    bare = _bare(kind)
    choices = get_args(bare)
    if get_origin(bare) is Literal:
        return " or ".join(map(str, choices))
    if get_origin(bare) in (Union, UnionType):
        return " or ".join(map(describe, choices))
    if _is_list(bare):
        return f"a list of {_plural(choices[0])}"
    if get_origin(bare) is not None:
        return "a table" if choices[1] is Any else f"a table of {_plural(choices[1])}"
    return _noun(bare) if bare is bool else f"a {_noun(bare)}"


def _noun(kind: Any) -> str:
    return next((noun for basic, noun in _NOUNS.items() if isinstance(kind, type) and issubclass(kind, basic)), "table")


def _plural(kind: Any) -> str:
    bare = _bare(kind)
    if get_origin(bare) in (Union, UnionType):
        return " or ".join(map(_plural, get_args(bare)))
    return f"lists of {_plural(get_args(bare)[0])}" if _is_list(bare) else f"{_noun(bare)}s"


def _read_own(kind: Any, value: Any) -> Any:
    return kind.read(value)


def _bare(kind: Any) -> Any:
    """A type without its annotations, and without None as an alternative."""
    kind = _without_none(kind)
    return _bare(get_args(kind)[0]) if get_origin(kind) is Annotated else kind


def _without_none(kind: Any) -> Any:
    choices = [each for each in get_args(kind) if each is not NoneType]
    return choices[0] if get_origin(kind) in (Union, UnionType) and len(choices) == 1 else kind


def _choose(data: Any, kind: Any) -> Any:
    """The one of several allowed types that data resemble, judged by their outermost type."""
    if get_origin(kind) not in (Union, UnionType):
        return kind
    is_like = _is_table if isinstance(data, Mapping) else _is_list if isinstance(data, (list, tuple)) else None
    return next((choice for choice in map(_bare, get_args(kind)) if is_like and is_like(choice)), kind)


def _is_list(kind: Any) -> bool:
    return get_origin(kind) in (tuple, list, Sequence)


def _is_table(kind: Any) -> bool:
    whole = get_origin(kind) or kind
    return isinstance(whole, type) and issubclass(whole, (Mapping, msgspec.Struct))


def _judge_keys(data: Any, kind: Any, keys: Keys) -> Iterator[Mistake]:
    if not (isinstance(data, Mapping) and isinstance(kind, type) and issubclass(kind, msgspec.Struct)):
        return
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    for key in data:
        if key not in fields:
            meant = suggest(str(key), fields)
            yield Mistake((*keys, key), "no such key" + (f"; {meant}" if meant else ""))
    for name, field in fields.items():
        if field.required and name not in data:
            yield Mistake((*keys, name), f"missing, expected {describe(field.type)}")


def _parts(data: Any, kind: Any) -> Iterator[tuple[str | int, Any, Any]]:
    """The parts of data whose outermost type is right, with their keys and types."""
    if isinstance(data, msgspec.Struct) and isinstance(kind, type) and isinstance(data, kind):
        data, kind = msgspec.structs.asdict(data), type(data)
    if isinstance(kind, type) and isinstance(data, Mapping):
        hints = get_type_hints(kind, include_extras=True)
        yield from ((key, data[key], hint) for key, hint in hints.items() if key in data)
    elif _is_list(kind):
        parts = data if isinstance(data, (list, tuple)) else ()
        yield from ((number, part, get_args(kind)[0]) for number, part in enumerate(parts))
    elif isinstance(data, Mapping) and _is_table(kind):
        yield from ((key, part, get_args(kind)[1]) for key, part in data.items() if isinstance(key, str))
