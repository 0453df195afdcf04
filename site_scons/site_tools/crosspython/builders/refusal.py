"""A refusal of what a user wrote: one message, and the file and line of theirs that asked for it.

SCons names the deepest place of an error that is not its own, which would be ours (SCons/Script/Main.py,
find_deepest_user_frame). So the error that leaves us ends where the user's file called.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType, TracebackType
from typing import ParamSpec, TypeVar

import SCons.Errors

from crosspython.builders.action import explain
from crosspython.builders.settings import COMPONENTS
from crosspython.errors import CrosspythonError

_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")

# The recipes that come along are ours, too.
_OURS = tuple(f"{folder}{os.sep}" for folder in (Path(__file__).resolve().parents[1], COMPONENTS))
_SCONS = f"{os.sep}SCons{os.sep}"


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
    frame: FrameType | None = sys._getframe()
    while frame is not None and _is_ours(os.path.realpath(frame.f_code.co_filename)):
        frame = frame.f_back
    return TracebackType(None, frame, frame.f_lasti, frame.f_lineno) if frame is not None else None


def _is_ours(file: str) -> bool:
    return file.startswith(_OURS) or _SCONS in file
