"""The signature of our actions in SCons: text that we choose, for any Python and any folder."""

from __future__ import annotations

from crosspython.builders.action import ENGINE, make_action


def test_an_action_is_signed_by_its_name_and_never_by_bytecode() -> None:
    action = make_action("component", lambda target, source, env: None, "building")
    assert bytes(action.get_contents([], [], None)) == f"crosspython component {ENGINE}".encode()
