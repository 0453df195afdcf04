"""The worker's side of an order: build its product if it has the same key here, and answer.

It builds nothing else: what the product depends on comes from the cache, where the build that waits has put it.
"""

from __future__ import annotations

import atexit
import os
import time
from pathlib import Path
from typing import Any

import msgspec
import SCons.Errors
import SCons.Script

from crosspython.builders.build import Build
from crosspython.builders.cache import ArtifactCache, key_of
from crosspython.builders.farm import farmed_step
from crosspython.builders.scons_internals import environment_of
from crosspython.errors import AuditError, ConfigurationError, StepError, ToolchainError
from crosspython.farm.order import FarmAnswer, FarmFailure, FarmOrder
from crosspython.store.disk import write_whole
from crosspython.store.fetch import hash_file

_PATIENCE = 10.0  # seconds for an upload of the build that waits
_DISK_FULL = os.strerror(28)


class OrderCache(ArtifactCache):
    """The artifact cache of a worker. It proves that this machine makes the ordered product, with the same bytes."""

    def retrieve(self, node: Any) -> bool:
        """Bring what the product depends on. The product itself is built, if it has the ordered key."""
        step = farmed_step(node)
        if step is None:
            return super().retrieve(node)
        build, order = environment_of(node)["CROSSPYTHON"], read_order()
        if hash_file(build.settings.folder / "toolchain.txt") != order.toolchain:
            raise _refuse(node, "its toolchain is another one", _DiffersError)
        if os.path.relpath(node.abspath, build.settings.build) != order.product:
            return self._wait_for(node)
        if key_of(node, step) != order.key:
            said = f"it would make another {node.name}: a source, a patch, a variable or a dependency differs"
            raise _refuse(node, said, _DiffersError)
        environment_of(node)["CROSSPYTHON_PROVED"] = True
        return False

    def _wait_for(self, node: Any) -> bool:
        deadline = time.monotonic() + _PATIENCE
        while not super().retrieve(node):
            if time.monotonic() > deadline:
                raise _refuse(node, f"{node.name} is not in its cache (cache_write=all where the build runs)")
            time.sleep(0.5)
        return True


class _DiffersError(SCons.Errors.BuildError):
    """This machine would make other bytes."""


def _refuse(
    node: Any, reason: str, kind: type[SCons.Errors.BuildError] = SCons.Errors.BuildError
) -> SCons.Errors.BuildError:
    text = f"the worker {os.uname().nodename} did not build it: {reason}"
    return kind(node=node, errstr=text, status=2)


def read_order() -> FarmOrder:
    """The order of this folder."""
    return msgspec.json.decode(Path("order.json").read_bytes(), type=FarmOrder)


def carry_out_order(env: Any) -> list[str]:
    """Let this run of SCons carry out the order of its folder, and write the answer when it ends. Returns the goals
    that have to be declared."""
    build: Build = env["CROSSPYTHON"]
    build.environment.CacheDir("crosspython", OrderCache)
    # The first to be registered runs last: after the uploads.
    atexit.register(lambda: write_whole(Path("answer.json"), msgspec.json.encode(_answer(build)).decode()))
    return ["wheels"] if read_order().lock else []


def _answer(build: Build) -> FarmAnswer:
    failures = SCons.Script.GetBuildFailures()
    if not failures and (build.settings.build / read_order().product).exists():
        return FarmAnswer("built")
    if not failures:
        return FarmAnswer("refused")
    error = failures[0].__context__
    if isinstance(error, StepError | AuditError) and error.log is not None and _DISK_FULL not in str(error):
        return FarmAnswer("failed", failure=FarmFailure.of(error, build.settings.build))
    is_lasting = isinstance(failures[0], _DiffersError) or isinstance(error, ToolchainError | ConfigurationError)
    return FarmAnswer("refused", str(failures[0].errstr), is_lasting=is_lasting)
