"""Verifies the products in the build folder before they are used: SCons compares a product's sources, but never the
product itself.

When a product is made, its fingerprint is stored. When it is declared again in a later run, the fingerprints are
compared. A product that somebody has changed is made again, by SCons's AlwaysBuild, or taken from the cache. One line
tells the user what was changed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crosspython.builders.scons_internals import make_always

if TYPE_CHECKING:
    from crosspython.builders.build import Build

_SAYS = {"other": "was changed since it was built", "missing": "is gone"}


def verify(build: Build, nodes: Sequence[Any], leaves: Callable[[], Sequence[Path]]) -> None:
    """Make nodes again whose files, or other results of their action, differ from their fingerprints."""
    targets = [Path(node.abspath) for node in nodes]
    if build.run.only_removes or not any(os.path.lexists(target) for target in targets):
        return  # SCons itself builds products that were never made
    findings = {path: build.run.fingerprints.compare(path) for path in (*targets, *leaves())}
    if all(finding == "same" for finding in findings.values()):
        return
    make_again(nodes, tuple(f"{path} {_SAYS[finding]}" for path, finding in findings.items() if finding in _SAYS))


def make_again(nodes: Sequence[Any], said: tuple[str, ...] = ()) -> None:
    """Let nodes be made in this run even if SCons finds them up to date. said: what is wrong with the existing files"""
    nodes[0].attributes.spoilt = (*getattr(nodes[0].attributes, "spoilt", ()), *said)
    for node in nodes:
        make_always(node, True)
        node.attributes.is_made_again = True


def tell_of_spoilt(build: Build, nodes: Sequence[Any]) -> None:
    """Tell the user, once, which nodes are made again because their files were changed."""
    said = getattr(nodes[0].attributes, "spoilt", ())
    for text in said:
        build.run.console.warn(f"{text}, so it is made again")
    if said:
        nodes[0].attributes.spoilt = ()


def note_made(build: Build, nodes: Sequence[Any], leaves: Sequence[Path] = ()) -> None:
    """Store the fingerprints of nodes that were just made or came from the cache."""
    for node in nodes:
        if getattr(node.attributes, "is_made_again", False):  # in interactive mode it is made only once
            make_always(node, False)
            node.attributes.is_made_again = False
    build.run.fingerprints.note(*(Path(node.abspath) for node in nodes if hasattr(node, "abspath")), *leaves)
