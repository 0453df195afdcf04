"""The arguments of the methods that an environment is lent: read as the command line's variables are,
or refused by name.

Nothing is guessed: a value that is not understood is never taken for another.
"""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from SCons.Node import Node
from SCons.Util import flatten

from crosspython.builders.settings import VARIABLES
from crosspython.errors import ConfigurationError
from crosspython.names import suggest


def require_signature(method: Callable[..., Any], arguments: Sequence[Any], named: Mapping[str, Any]) -> None:
    """Raise ConfigurationError where a method does not take these arguments, with what was meant."""
    signature = inspect.signature(method)
    try:
        signature.bind(None, *arguments, **named)
    except TypeError as error:
        known = list(signature.parameters)[1:]
        unknown = [name for name in named if name not in known]
        of_tool = [name for name in unknown if name in {variable.name for variable in VARIABLES}]
        meant = [found for name in unknown if (found := suggest(name, known, "{}="))]
        raise ConfigurationError(
            f"env.{method.__name__}(): {error}",
            expected=", ".join(known) or "no argument",
            next=f'env.Tool("crosspython", {of_tool[0]}=...) sets it' if of_tool else "; ".join(meant) or None,
        ) from None


def read_text(method: str, name: str, value: Any) -> str | None:
    """A text or a path, which may be a node of SCons; None where it was not given."""
    return None if value is None else _text(value, f"env.{method}({name}={value!r})", "a string")


def read_texts(method: str, name: str, value: Any) -> list[str]:
    """Texts or paths; one alone is a list of one."""
    shown = f"env.{method}({name}={value!r})"
    if isinstance(value, (list, tuple)):
        return [_text(item, shown, "strings") for item in value]
    return [_text(value, shown, "a string, or a list of strings")]


def read_names(method: str, name: str, value: Any) -> list[str]:
    """Names in a list, or in one text with blanks or commas between them."""
    return [word for text in read_texts(method, name, value) for word in re.split(r"[\s,]+", text) if word]


def read_nodes(method: str, name: str, value: Any) -> list[Any]:
    """Nodes of SCons, or paths of what it makes; one alone is a list of one, and lists in lists are one."""
    nodes = flatten([value])
    if any(not isinstance(node, (str, Node)) for node in nodes):
        raise ConfigurationError(
            f"env.{method}({name}={value!r}): this argument has a wrong value",
            expected="a node, or a list of nodes, as another of these methods returns",
            found=repr(value),
        )
    return list(nodes)


def read_bundle(method: str, value: Any) -> list[Any]:
    """The node of a bundle, as a list; it must not be empty."""
    nodes = read_nodes(method, "bundle", value)
    if not nodes:
        raise ConfigurationError(
            f"env.{method}(bundle={value!r}): this argument has a wrong value",
            expected="the node that env.Bundle() returns",
            found="an empty list",
        )
    return nodes


def _text(value: Any, shown: str, expected: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, os.PathLike):
        path = os.fspath(value)
        if isinstance(path, str):
            return path
    if isinstance(getattr(value, "abspath", None), str):
        return str(value.abspath)
    raise ConfigurationError(f"{shown}: this argument has a wrong value", expected=expected, found=repr(value))
