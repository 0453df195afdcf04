"""A refusal of what a user wrote: one message, and the file and line of theirs that asked for it.

SCons names the deepest place of an error that is not its own, which would be ours (SCons/Script/Main.py,
find_deepest_user_frame). So the error that leaves us ends where the user's file called.
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
    """A function that raises UserError where `function` raises an error that a user can act on,
    or the system refuses."""

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
    """The end of a traceback in the file that called us; None where there is none: all is ours."""
    frame = users_frame()
    return TracebackType(None, frame, frame.f_lasti, frame.f_lineno) if frame is not None else None
