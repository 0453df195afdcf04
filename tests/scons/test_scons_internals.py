"""All uses of SCons beyond its manual are in one module, and work as we expect."""

from __future__ import annotations

from pathlib import Path

import pytest
import SCons.Action
import SCons.CacheDir
import SCons.Environment
import SCons.Node
import SCons.Script
from crosspython.builders import scons_internals as internals
from SCons.Script import SConsOptions

from tests.conftest import REPOSITORY

# How they are spelt; build states and signatures of nodes, executors, module variables that options set.
SPELT = (
    "execfunction",
    "get_executor",
    "execute_actions",
    "cache_enabled",
    "cache_readonly",
    "get_state(",
    "changed_content(",
    "changed_timestamp",
    "get_csig",
    "get_build_env",
    "default_ans",
    "waiting_parents",
    "set_always_build",
    ".added_methods",
    "BUILD_TARGETS",
    "OptionsParser",
)


def test_they_are_used_nowhere_else() -> None:
    for path in (REPOSITORY / "site_scons/site_tools/crosspython/builders").glob("*.py"):
        if path.name != "scons_internals.py":
            assert not [name for name in SPELT if name in path.read_text()], path


@pytest.fixture
def env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SCons.Environment.Base:
    monkeypatch.chdir(tmp_path)
    return SCons.Environment.Environment(tools=[])


def act(target: object, source: object, env: object) -> None:
    """An action's function."""


def test_an_action_and_its_function_are_found(env: SCons.Environment.Base, tmp_path: Path) -> None:
    first, second = env.Command(
        [str(tmp_path / "a"), str(tmp_path / "b")], [], SCons.Action.Action(act, cmdstr="acting")
    )
    assert [internals.function_of(action) for action in internals.actions_of(first)] == [act]
    assert internals.made_together(second) == [first, second]
    assert internals.environment_of(first)["BUILDERS"] is not None


def test_options_are_read_from_where_scons_puts_them(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not internals.is_only_shown()
    monkeypatch.setattr(SCons.Action, "execute_actions", False)
    assert internals.is_only_shown()
    assert internals.cache_is_written()
    monkeypatch.setattr(SCons.CacheDir, "cache_readonly", True)
    assert internals.cache_is_used() and not internals.cache_is_written()
    monkeypatch.setattr(SCons.CacheDir, "cache_enabled", False)
    assert not internals.cache_is_used()


def test_more_actions_are_started_than_the_command_line_says(monkeypatch: pytest.MonkeyPatch) -> None:
    parser = SConsOptions.Parser("4.11")
    parser.parse_args(["-j2"], SConsOptions.SConsValues(parser.get_default_values()))
    monkeypatch.setattr(SCons.Script.Main, "OptionsParser", parser)
    assert SCons.Script.GetOption("num_jobs") == 2
    internals.start_actions(66)
    assert SCons.Script.GetOption("num_jobs") == 66


def test_states_of_nodes(env: SCons.Environment.Base, tmp_path: Path) -> None:
    node = env.File(str(tmp_path / "c"))
    assert not internals.was_made(node) and not internals.was_up_to_date(node)
    node.set_state(SCons.Node.executed)
    assert internals.was_made(node)
    node.set_state(SCons.Node.up_to_date)
    assert internals.was_up_to_date(node)


def test_signatures_tell_of_content_and_times(env: SCons.Environment.Base, tmp_path: Path) -> None:
    (tmp_path / "d").write_text("one")
    node = env.File(str(tmp_path / "d"))
    before = internals.content_signature(node)
    assert not internals.content_has_changed(node, node, node.get_ninfo(), None)
    other = node.new_ninfo()
    other.csig, other.timestamp = "another", 0
    assert internals.content_has_changed(node, node, other, None)
    assert internals.time_and_content_have_changed(node, node, other, node)  # that it has not: test_a_second_run...
    assert before


def test_aliases_waiting_nodes_and_methods(env: SCons.Environment.Base, tmp_path: Path) -> None:
    env.Alias("an alias of this test", [])
    assert "an alias of this test" in internals.names_of_aliases()
    node, waiting = env.File(str(tmp_path / "e")), set()
    internals.wait_in(node, waiting)
    other = env.File(str(tmp_path / "f"))
    assert node.add_to_waiting_parents(other) == 1
    assert waiting == {other}
    internals.make_always(node, True)
    assert node.always_build
    internals.make_always(node, False)
    assert not node.always_build
    env.AddMethod(act, "Act")
    assert internals.added_methods(env)[-1].name == "Act"
