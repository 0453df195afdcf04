"""Errors about a user's input: one message, with the file and line of the user's that caused it.

SCons names the deepest stack frame outside of its own code, which would be a frame of ours (SCons/Script/Main.py,
find_deepest_user_frame). So the traceback of an error that leaves our code is cut at the user's call.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import TracebackType
from typing import ParamSpec, TypeVar

import SCons.Errors

from crosspython.builders.action import explain
from crosspython.builders.call import users_frame
from crosspython.errors import CrosspythonError

_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")


def refusing(function: Callable[_Parameters, _Result]) -> Callable[_Parameters, _Result]:
    """A function that raises UserError where `function` raises one of our errors, or an error of the operating
    system."""

    @functools.wraps(function)
    def checked(*arguments: _Parameters.args, **named: _Parameters.kwargs) -> _Result:
        try:
            return function(*arguments, **named)
        except (CrosspythonError, SCons.Errors.UserError) as error:
            raise SCons.Errors.UserError(str(error)).with_traceback(_callers_place()) from None
        except OSError as error:
            raise SCons.Errors.UserError(explain(error)).with_traceback(_callers_place()) from None

    return checked


def _callers_place() -> TracebackType | None:
    """A traceback that ends at the user's call; None if the stack has no frame of the user's code."""
    frame = users_frame()
    return TracebackType(None, frame, frame.f_lasti, frame.f_lineno) if frame is not None else None
