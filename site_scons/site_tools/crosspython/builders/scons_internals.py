"""The parts of SCons that we use although its manual does not document them, each with the reason. No other module uses
such parts.

tests/scons/test_scons_internals.py has a test for each of them: it fails when a new SCons changes one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import SCons.Action
import SCons.CacheDir
import SCons.Node
import SCons.Script
from SCons.Node.Alias import default_ans


def function_of(action: Any) -> Any:
    """The function behind an Action. The cache uses it to find out whether the products of an action may be shared."""
    return getattr(action, "execfunction", None)


def actions_of(node: Any) -> list[Any]:
    """The actions that make a node, for the same purpose."""
    return list(node.get_executor().get_action_list())


def made_together(node: Any) -> list[Any]:
    """All targets of the action that makes a node. Products from the cache are reported once an action, and not once a
    file."""
    return list(node.get_executor().get_all_targets())


def is_only_shown() -> bool:
    """Whether actions are only shown, as under -n: SCons asks its cache then, too. In interactive mode the answer can
    change."""
    return not SCons.Action.execute_actions


def cache_is_used() -> bool:
    """Whether --cache-disable was not given: we take build-python from the cache ourselves, without SCons."""
    return bool(SCons.CacheDir.cache_enabled)


def cache_is_written() -> bool:
    """Whether neither --cache-disable nor --cache-readonly was given, for the same reason."""
    return cache_is_used() and not SCons.CacheDir.cache_readonly


def was_made(node: Any) -> bool:
    """Whether a node was built, or taken from the cache, in this run. Its time is then no evidence (decision 6)."""
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
    """The environment that a node was declared in. The cache gets our Build from it."""
    return node.get_build_env()


def names_of_aliases() -> Iterator[str]:
    """All aliases that were declared, for "did you mean"."""
    return iter(default_ans)


def leave_out(goals: Collection[str]) -> None:
    """Let SCons build all words of the command line but these, which name something for a goal to work on."""
    SCons.Script.BUILD_TARGETS[:] = [goal for goal in SCons.Script.BUILD_TARGETS if goal not in goals]


def start_actions(count: int) -> None:
    """Let SCons start so many actions at the same time, whatever -j says, which env.SetOption cannot override: with a
    farm, most of them wait for it."""
    SCons.Script.Main.OptionsParser.values.num_jobs = count


def wait_in(node: Any, waiting: set[Any]) -> None:
    """Replace the set of nodes that wait for a node by our own set. The order of the set decides which nodes start
    first."""
    node.waiting_parents = waiting


def make_always(node: Any, always: bool) -> None:
    """Set or clear AlwaysBuild: in interactive mode a changed node must be made again only once."""
    node.set_always_build(always)


def added_methods(env: Any) -> list[Any]:
    """The methods that AddMethod gave to an environment, with their names. They are lent to the host's environment."""
    return list(env.added_methods)
