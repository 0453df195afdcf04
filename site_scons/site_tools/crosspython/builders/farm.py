"""Asks the farm for components and wheels that are in no cache, before SCons builds them here.

SCons asks its CacheDir for a product before it runs the action. With `farm=` that question takes longer: a worker
builds the product, and puts it into the cache under the same key. Then it is taken from there, as any other.
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any

import SCons.Errors

from crosspython.builders.action import NodeAction, step_of
from crosspython.builders.build import Build
from crosspython.builders.cache import ArtifactCache, key_of
from crosspython.builders.scons_internals import actions_of, environment_of, is_only_shown, made_together, start_actions
from crosspython.errors import CrosspythonError, Interrupted
from crosspython.farm.engine import require_distributed
from crosspython.run.signals import stop_all
from crosspython.store.fetch import hash_file

if TYPE_CHECKING:
    from crosspython.farm.client import Farm
    from crosspython.farm.order import FarmFailure, FarmOrder


# How many products SCons asks the farm for at the same time.
_MOST = 64
_FARMED = ("component", "wheel")
_MAKING = threading.Lock()


class FarmCache(ArtifactCache):
    """The artifact cache, with a farm behind it that can fill it."""

    def retrieve(self, node: Any) -> bool:
        """Bring a product from the cache; if it is not there, let the farm make it. Called by several threads."""
        if super().retrieve(node):
            return True
        step, build = farmed_step(node), environment_of(node)["CROSSPYTHON"]
        if step is None or is_only_shown() or not self.is_enabled() or node is not made_together(node)[0]:
            return False
        order = order_of(build, node, step)
        if order is None:
            return False
        farm, console = _farm(build), build.run.console
        try:
            answer = farm.build(order, lambda: build.run.workshop.jobserver.free > 0)
        except Interrupted as error:
            raise SCons.Errors.BuildError(node=node, errstr=str(error), status=2) from None
        if answer is None:
            return False
        if answer.failure is not None:
            raise _failed(build, node, answer.failure)
        if answer.outcome == "refused":
            farm.tell(answer.reason)
            return False
        console.line(f"  {node.name} was built on the farm")
        return super().retrieve(node)


def farmed_step(node: Any) -> NodeAction | None:
    """The action of a component's stage archive, or of a wheel that is built; None for all other nodes."""
    steps = (step_of(action) for action in actions_of(node))
    return next((step for step in steps if step is not None and step.shared and step.name in _FARMED), None)


def order_of(build: Build, node: Any, step: NodeAction) -> FarmOrder | None:
    """What a worker has to know to build a product. None: the product needs files that only this machine has."""
    from crosspython.farm.order import FOR_WHEELS, FarmOrder

    settings, lock = build.settings, ""
    assert settings.farm is not None
    variables = dict(settings.farm.variables)
    if step.name == "wheel":
        if (text := node.attributes.farmed.lock()) is None:
            return None
        lock = text
    else:
        variables = {name: value for name, value in variables.items() if name not in FOR_WHEELS}
    return FarmOrder(
        variables=variables,
        product=os.path.relpath(node.abspath, settings.build),
        key=key_of(node, step),
        toolchain=hash_file(settings.folder / "toolchain.txt"),
        lock=lock,
    )


def open_farm(build: Build) -> None:
    """Use the farm that farm= names, beside this machine. Raises HostToolError."""
    if not build.run.only_looks:
        require_distributed("farm=")
        build.environment.CacheDir("crosspython", FarmCache)


def start_for_farm(build: Build, jobs: int) -> None:
    """Let SCons start more actions than -j says, because many of them wait for the farm. A host with a build of its own
    keeps its -j. jobs: what -j said, which stays the size of this machine's own pool"""
    if not build.run.only_looks:
        build.run.own_jobs = jobs
        start_actions(jobs + _MOST)


@cache
def _farm_at(address: str, warn: Any) -> Farm:
    from crosspython.farm.client import Farm

    return Farm(address, warn)


def _farm(build: Build) -> Farm:
    assert build.settings.farm is not None
    with _MAKING:  # actions run in threads, and a cached function may run twice
        return _farm_at(build.settings.farm.address, build.run.console.warn)


def _failed(build: Build, node: Any, failure: FarmFailure) -> SCons.Errors.BuildError:
    """The failure of a build on a worker, with its log and its paths as if it had run here."""
    error = failure.bring(build.settings.build)
    if farmed := getattr(node.attributes, "farmed", None):
        with suppress(CrosspythonError):
            farmed.fail(error)
    if not build.run.keeps_going:
        stop_all(f"{node} failed")
    return SCons.Errors.BuildError(node=node, errstr=str(error), status=2)
