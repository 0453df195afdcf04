"""The toolchain as a node: found, checked and described before anything is compiled with it.

Two files: toolchain.txt holds the facts that products depend on, toolchain.json also where the compiler lies. A compiler
that was moved or touched is looked at again; when its facts are the same, nothing is rebuilt.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, fields
from typing import Any

from crosspython.builders.action import fact, make_action
from crosspython.builders.build import Build
from crosspython.builders.guest import declare
from crosspython.store.disk import write_whole
from crosspython.toolchain.facts import Toolchain
from crosspython.toolchain.find import describe_place


def toolchain_node(env: Any) -> Any:
    """The node of toolchain.txt, made once a Build."""
    build: Build = env["CROSSPYTHON"]
    settings = build.settings
    text, facts_file = settings.folder / "toolchain.txt", settings.folder / "toolchain.json"
    if build.toolchain is not None:
        return build.toolchain

    def look(target: list[Any], source: list[Any], env: Any) -> None:
        from crosspython.toolchain.probe import load_toolchain

        toolchain = load_toolchain(
            settings.target,
            settings.toolchain,
            path=settings.path,
            unpack_into=settings.folder / "toolchain",
            remark=build.console.warn,
        )
        toolchain.write(facts_file)
        write_whole(text, toolchain.identity + "\n")
        build.workshop.console.line(f"  toolchain {toolchain.describe()}")

    place = describe_place(settings.target, settings.toolchain, path=settings.path)
    asked = " ".join(field.name for field in fields(Toolchain))
    sources = [fact(env, "the toolchain's place", place), fact(env, "what is asked of it", asked), target_fact(env)]
    action = make_action("look at the toolchain", look, "looking at the toolchain")
    nodes = declare(env, [text, facts_file], sources, action)
    env.Clean(nodes, [env.Dir(str(settings.folder / "toolchain")), env.Dir(str(settings.folder / "sites"))])
    build.toolchain = nodes[0]
    nodes[0].waiting_parents = _InTurn(build)
    return nodes[0]


def target_fact(env: Any) -> Any:
    """The target, as a source of everything that is built for it."""
    target = env["CROSSPYTHON"].settings.target
    return fact(env, f"target {target.name}", json.dumps(asdict(target), indent=1, sort_keys=True))


class _InTurn(set[Any]):
    """What waits for the toolchain, so that it starts in the order in which components were declared.

    SCons's own set has another order in each run, and what happens to come last and uses one core leaves the others idle.
    SCons starts the last one first of those that a node made ready.
    """

    def __init__(self, build: Build) -> None:
        super().__init__()
        self._build = build

    def __iter__(self) -> Iterator[Any]:
        turns = {part.node: turn for turn, part in enumerate(self._build.components.values())}
        return iter(sorted(super().__iter__(), key=lambda node: turns.get(node, len(turns)), reverse=True))
