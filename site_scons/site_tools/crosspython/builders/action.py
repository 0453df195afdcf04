"""Actions: how a pure function of ours becomes something SCons runs, signs and reports."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import SCons.Action
import SCons.Errors

from crosspython.builders.paths import escape
from crosspython.builders.scons_internals import (
    content_has_changed,
    function_of,
    time_and_content_have_changed,
    was_made,
)
from crosspython.builders.verified import note_made, tell_of_spoilt
from crosspython.errors import CrosspythonError
from crosspython.run.signals import stop_all
from crosspython.store.disk import is_full

Function = Callable[[list[Any], list[Any], Any], None]
Leaves = Callable[[], Sequence[Path]]

# Raise it when the same plan would now give another product: it is part of every signature.
ENGINE = "4"


@dataclass(frozen=True)
class Shared:
    """Marks an action whose products other checkouts may take from the artifact cache: they are files that hold nothing
    of this folder, and the action makes nothing else.

    retrieved: called when they came from the cache
    """

    retrieved: Callable[[], None] | None = None


class NodeAction:
    """A function of (target, source, env), signed by a name of ours and never by its bytecode, which differs between
    Python versions and hides what its helpers do (SCons manual, Action Objects).

    shared: None where its products stay here
    leaves: tells the files and folders that it makes beside its targets, and that are to stay as they are
    """

    def __init__(self, name: str, function: Function, shared: Shared | None, leaves: Leaves) -> None:
        self.name, self.function, self.shared, self.leaves = name, function, shared, leaves
        self._made: set[Any] = set()

    def __call__(self, target: list[Any], source: list[Any], env: Any) -> None:
        self._made.clear()
        build = env["CROSSPYTHON"]
        tell_of_spoilt(build, target)
        try:
            self.function(target, source, env)
            note_made(build, target, self.leaves())
            self._made.update(target)
        except CrosspythonError as error:
            raise self._fail(target[0], str(error), env) from None
        except OSError as error:
            raise self._fail(target[0], explain(error), env) from None

    def has_made(self, node: Any) -> bool:
        """Whether this step has just made a node, and not only shown itself as under -n. Told once each time it was."""
        was_made = node in self._made
        self._made.discard(node)
        return was_made

    def _fail(self, node: Any, message: str, env: Any) -> SCons.Errors.BuildError:
        """The error for SCons. Without -k nothing else goes on either: SCons would wait for the steps that run."""
        if not env.GetOption("keep_going"):
            stop_all(f"{node} failed")
        return SCons.Errors.BuildError(node=node, errstr=message, status=2)

    def get_contents(self, target: list[Any], source: list[Any], env: Any) -> bytes:
        return f"crosspython {self.name} {ENGINE}".encode()


def make_action(
    name: str, function: Function, says: str | None, *, shared: Shared | None = None, leaves: Leaves = tuple
) -> Any:
    """An Action that prints `says` when it starts (and under -n), and turns our errors into one clean message."""
    step = NodeAction(name, function, shared, leaves)
    run: Any = partial(step)  # SCons would sign the bytecode of a __call__ that it can see (_callable_contents)
    run.get_contents = step.get_contents
    return SCons.Action.Action(run, cmdstr=None if says is None else escape(says))


def step_of(action: Any) -> NodeAction | None:
    """The step behind an Action, if it is one of ours."""
    step = getattr(function_of(action), "func", None)
    return step if isinstance(step, NodeAction) else None


def fact(env: Any, name: str, text: str) -> Any:
    """A Value source that `--debug=explain` and `--tree` show by its name; it changes when the text does."""
    return env.Value(f"{name} ({hashlib.sha256(text.encode()).hexdigest()[:12]})")


def has_changed(dependency: Any, target: Any, previous: Any, repository: Any = None) -> bool:
    """SCons's content-timestamp, which does not hash large archives. What was built in this very run is compared by
    content: times have whole seconds, and a quick rebuild can end in the same second as the one before.

    repository: where SCons has what it knows of the target; `--debug=explain` names none, and SCons then looks in the
    dependency's own record, where it finds nothing and calls it changed
    """
    if was_made(dependency):
        return content_has_changed(dependency, target, previous, repository)
    return time_and_content_have_changed(dependency, target, previous, repository or target)


def explain(error: OSError) -> str:
    """An operating system's error in a user's words."""
    what = f"{error.filename}: {error.strerror}" if error.filename else str(error)
    if is_full(error):
        return (
            f"the disk is full\n  found:    {what}\n  next:     free some space, or build elsewhere with build=FOLDER"
        )
    return f"the operating system refused\n  found:    {what}"
