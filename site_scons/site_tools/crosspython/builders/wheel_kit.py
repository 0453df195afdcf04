"""The kit of a Build: what all its wheels are built with, chosen once from its settings and components."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from crosspython.builders.build import Build
from crosspython.builders.build_python import build_python_of
from crosspython.builders.code import hash_modules
from crosspython.builders.toolchain import toolchain_of
from crosspython.toolchain.rust import RustSearch

if TYPE_CHECKING:
    from crosspython.wheels.building.kit import Kit

_CHOOSING = threading.Lock()


def kit_of(build: Build) -> Kit:
    """The one kit of a Build, for actions, which run in threads: the first wheel that is built prepares it."""
    with _CHOOSING:
        if build.run.shared_kit is None:
            build.run.shared_kit = _choose(build)
        return build.run.shared_kit


def _choose(build: Build) -> Kit:
    from crosspython.wheels.building.kit import Kit  # slow to import; not needed if no wheel is built
    from crosspython.wheels.building.make_kit import make_kit

    settings, workshop = build.settings, build.run.workshop
    *libraries, python = build.components.closure(("cpython",), "wheels")
    return Kit(
        folder=workshop.work / f"kit-{settings.release.version}",
        target=settings.target,
        toolchain=toolchain_of(build),
        release=settings.release,
        python=Path(python.node.abspath),
        build_python=build_python_of(build),
        libraries={library.recipe.name: Path(library.node.abspath) for library in libraries},
        rust=rust_of(build),
        indexes=lambda: build.run.indexes,
        code=hash_modules(frozenset({make_kit.__module__})),
        cache=build.run.uv_cache,
        offline=settings.offline,
        to_bundle=settings.libraries == "bundle",
        contain=settings.contain,
    )


def rust_of(build: Build) -> RustSearch:
    """The places in which a Build searches for Rust. Rust from the distribution's packages is unpacked into the folder
    of the build machine, for all targets."""
    settings = build.settings
    return RustSearch(
        given=settings.rust,
        environment=os.environ,
        unpack_into=settings.build / "build-machine",
        crates=settings.downloads / "cargo",
        remark=build.run.console.warn,
    )
