"""What we use of SCons that its manual does not promise, each with the reason;
nothing else of the kind is used elsewhere.

tests/scons/test_scons_internals.py has a test for each: it tells when an SCons changes one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import SCons.Action
import SCons.CacheDir
import SCons.Node
import SCons.Script
from SCons.Node.Alias import default_ans


def function_of(action: Any) -> Any:
    """The function that was made an Action: the cache asks an action of ours whether its products may be shared."""
    return getattr(action, "execfunction", None)


def actions_of(node: Any) -> list[Any]:
    """The actions that make a node, for the same question."""
    return list(node.get_executor().get_action_list())


def made_together(node: Any) -> list[Any]:
    """All targets of the action that makes a node: what comes from the cache is told once, and not for each file."""
    return list(node.get_executor().get_all_targets())


def is_only_shown() -> bool:
    """Whether actions are shown and not run, as under -n: SCons asks its cache then, too.
    In interactive mode it changes."""
    return not SCons.Action.execute_actions


def cache_is_used() -> bool:
    """No --cache-disable: build-python comes from the cache without SCons."""
    return bool(SCons.CacheDir.cache_enabled)


def cache_is_written() -> bool:
    """Neither --cache-disable nor --cache-readonly, for the same reason."""
    return cache_is_used() and not SCons.CacheDir.cache_readonly


def was_made(node: Any) -> bool:
    """Whether a node was made, or brought, in this very run: its time tells nothing then (decision 6)."""
    return bool(node.get_state() == SCons.Node.executed)


def was_up_to_date(node: Any) -> bool:
    """Whether SCons found that a node is up to date; the table of wheels shows it."""
    return bool(node.get_state() == SCons.Node.up_to_date)


def content_has_changed(dependency: Any, target: Any, previous: Any, repository: Any) -> bool:
    """SCons's Decider("content"), for a Decider of ours that chooses between two."""
    return bool(dependency.changed_content(target, previous, repository))


def time_and_content_have_changed(dependency: Any, target: Any, previous: Any, repository: Any) -> bool:
    """SCons's Decider("content-timestamp"), likewise."""
    return bool(dependency.changed_timestamp_then_content(target, previous, repository))


def content_signature(node: Any) -> str:
    """The hash of a source's content, which SCons has already: keys of the cache are made of it."""
    return str(node.get_csig())


def environment_of(node: Any) -> Any:
    """The environment that a node was declared in; its cache finds our Build there."""
    return node.get_build_env()


def names_of_aliases() -> Iterator[str]:
    """All aliases that were declared, for "did you mean"."""
    return iter(default_ans)


def build_only(goal: str) -> None:
    """Let SCons build one of what was typed: what stands behind it are files, which a build would make anew."""
    SCons.Script.BUILD_TARGETS[:] = [goal]


def wait_in(node: Any, waiting: set[Any]) -> None:
    """Let a set of ours hold the nodes that wait for a node: its order decides which of them start first."""
    node.waiting_parents = waiting


def make_always(node: Any, always: bool) -> None:
    """AlwaysBuild, that can be taken back: in interactive mode a node shall be made again once."""
    node.set_always_build(always)


def added_methods(env: Any) -> list[Any]:
    """What AddMethod gave an environment, with names: they are lent to the host's."""
    return list(env.added_methods)
