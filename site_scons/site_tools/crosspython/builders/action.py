"""Actions: how a pure function of ours becomes something SCons runs, signs and reports."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import msgspec
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

# Increase this number when the same plan would now make another product: it is part of every signature.
ENGINE = "4"


class Shared(msgspec.Struct, frozen=True):
    """Marks an action whose products may be shared with other checkouts through the artifact cache. The products are
    files without any path of this checkout, and the action makes nothing beside them.

    retrieved: called after the products came from the cache
    """

    retrieved: Callable[[], None] | None = None


class NodeAction:
    """A function of (target, source, env). SCons signs it by a name that we give it, and not by its bytecode: bytecode
    differs between Python versions and does not show what called functions do (SCons manual, Action Objects).

    shared: None if the products are not put into the artifact cache
    leaves: returns the files and folders that the action makes beside its targets; they are checked for changes, too
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
        """Whether this step has just made a node. Under -n a step is only shown, and the answer is False.
        The answer is True only once each time that the step has run."""
        was_made = node in self._made
        self._made.discard(node)
        return was_made

    def _fail(self, node: Any, message: str, env: Any) -> SCons.Errors.BuildError:
        """The error for SCons. Without -k all other steps are stopped, too: SCons alone would wait for them."""
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
    return env.Value(_show_fact(name, text))


def _show_fact(name: str, text: str) -> str:
    return f"{name} ({hashlib.sha256(text.encode()).hexdigest()[:12]})"


def late_fact(env: Any, name: str, make: Callable[[], str]) -> Any:
    """The same, for a text that takes time to make. It is made when SCons first asks for it, so a host that builds
    something else does not wait for it."""
    return env.Value(_Late(name, make), name=name)


class _Late:
    __hash__ = None  # type: ignore[assignment]  # SCons's table of Values would ask for the text at once

    def __init__(self, name: str, make: Callable[[], str]) -> None:
        self._name, self._make = name, make

    def __str__(self) -> str:
        return self._shown

    def __repr__(self) -> str:
        return repr(self._shown)  # as SCons shows a Value that is a text

    @cached_property
    def _shown(self) -> str:
        return _show_fact(self._name, self._make())


def has_changed(dependency: Any, target: Any, previous: Any, repository: Any = None) -> bool:
    """SCons's Decider "content-timestamp": it hashes a large archive only if its time has changed. A file that was
    built in this run is always compared by content: times are compared in whole seconds, and a quick rebuild can end
    in the same second as the build before it.

    repository: the node under which SCons stores what it knows of the target. `--debug=explain` gives none. SCons would
    then look in the record of the dependency, find nothing there, and report it as changed.
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
