"""SCons's CacheDir with a key of our own, so that other folders, users and machines can use what was built here.

SCons's own key contains the product's path. Our key contains what decides about the product: the action's name, the
contents of its sources and facts, and crosspython's own code, because a change of that code may change any product.
Only nodes whose action is marked as shared are cached. All other nodes, and all nodes of a host project, are not.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import platform
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import SCons.CacheDir

from crosspython.builders.action import ENGINE, NodeAction, step_of
from crosspython.builders.build import Build
from crosspython.builders.code import code_identity
from crosspython.builders.scons_internals import (
    actions_of,
    cache_is_used,
    cache_is_written,
    content_signature,
    environment_of,
    is_only_shown,
    made_together,
)
from crosspython.builders.verified import note_made, tell_of_spoilt
from crosspython.hosttools import read_os_release
from crosspython.store.artifacts import Artifacts, Layer
from crosspython.store.cache_folder import CacheFolder
from crosspython.version import VERSION

if TYPE_CHECKING:
    from crosspython.store.cache_trust import CacheTrust
    from crosspython.store.download import Progress


class ArtifactCache(SCons.CacheDir.CacheDir):
    """The CacheDir that SCons asks before it builds a node (retrieve), and calls after it has built one (push)."""

    def __init__(self, path: str | None) -> None:
        super().__init__(None)  # with a path it would make a folder
        self.path = path

    def cachepath(self, node: Any) -> tuple[None, None]:
        """SCons gets no path to look at: the bytes are verified while they are copied."""
        return None, None

    def retrieve(self, node: Any) -> bool:
        """Bring a product from the cache. Called by several threads."""
        step = _step_of(node)
        if step is None or step.shared is None or not self.is_enabled() or is_only_shown():
            return False
        build, begin = environment_of(node)["CROSSPYTHON"], time.monotonic()
        origin = build.run.artifacts.get(key_of(node, step), Path(node.abspath))
        if origin is None:
            return False
        tell_of_spoilt(build, [node])
        note_made(build, [node])
        targets = made_together(node)
        if node is targets[0]:
            named = (part.recipe.title for part in build.components.values() if part.node is node)
            title = next(named, node.name.partition(".tar.")[0])
            _tell(build, title, Path(node.abspath), time.monotonic() - begin, origin)
        if node is targets[-1] and step.shared.retrieved is not None:
            step.shared.retrieved()
        return True

    def push(self, node: Any) -> None:
        """Store a product that this run has built. SCons calls this under -n, too: the file that exists then may be
        older than the sources in the key, so it is not stored."""
        step = _step_of(node)
        if step is None or step.shared is None or not step.has_made(node):
            return
        if not self.is_enabled() or self.is_readonly():
            return
        environment_of(node)["CROSSPYTHON"].run.artifacts.put(key_of(node, step), Path(node.abspath))

    def push_if_forced(self, node: Any) -> None:
        """Do nothing. Under --cache-populate SCons would also store products of earlier runs, but it is not known which
        code made them."""


def open_cache(env: Any) -> None:
    """Let an environment's nodes be looked up in the artifact cache that the user has chosen, and in no other."""
    build: Build = env["CROSSPYTHON"]
    choice, layers = build.settings.cache, list[Layer]()
    if choice.folder is not None:
        writes = choice.writes != "none"
        layers.append(CacheFolder(choice.folder, limit=choice.limit, writes=writes, maker=_maker(build)))
    if choice.server is not None:
        from crosspython.store.cache_server import CacheServer

        writes = choice.writes == "all" and (build.settings.sign_key is None or _may_sign(build))
        layers.append(CacheServer(choice.server, writes=writes, progress=_progress(build), trust=_trust(build)))
    build.run.artifacts = Artifacts(layers, lambda text: build.run.workshop.console.warn(text))
    atexit.register(build.run.artifacts.finish)
    env.CacheDir("crosspython" if layers else None, ArtifactCache)


def _maker(build: Build) -> str:
    """The user, host and settings of this build, for a record of the cache. Users and hosts may have no names."""
    user = os.environ.get("LOGNAME") or os.environ.get("USER") or str(os.getuid())
    how = f"crosspython {VERSION}, {describe_build_machine()}, contain={build.settings.contain}"
    return f"{user}@{platform.node()}, {how}"


def _may_sign(build: Build) -> bool:
    """Whether this run may sign products: only if all its builds are isolated from files, processes and network."""
    from crosspython.run.isolation import isolate
    from crosspython.run.view import View

    contain, all_files = build.settings.contain, View(Path(os.sep), ())
    lacks: tuple[str, ...] = ("files", "processes", "network")
    if contain != "off":
        lacks = isolate(build.settings.path, view=all_files, contain=contain).lacks
    if lacks:
        build.run.workshop.console.warn(
            f"nothing is signed and written to the cache's server: builds have no {', no '.join(lacks)} of their own"
            f" (contain={build.settings.contain})"
        )
    return not lacks


def _trust(build: Build) -> CacheTrust:
    from crosspython.store.cache_trust import CacheTrust
    from crosspython.store.signing import Signer, Signers

    key, signers = build.settings.sign_key, build.settings.signers
    return CacheTrust(_maker(build), Signer(key) if key else None, Signers(signers) if signers else None)


def _progress(build: Build) -> Progress:
    return lambda name, done, total: build.run.workshop.console.download(name, done, total)


def take(build: Build, key: str, title: str, product: Path) -> bool:
    """Copy a product from the cache, for products that SCons itself does not look up. Returns whether it was found."""
    begin = time.monotonic()
    if not cache_is_used() or build.run.artifacts is None:
        return False
    origin = build.run.artifacts.get(key, product)
    if origin is None:
        return False
    _tell(build, title, product, time.monotonic() - begin, origin)
    return True


def keep(build: Build, key: str, product: Path) -> None:
    """Store such a product, which the caller has just built, unless an option of SCons forbids that."""
    if cache_is_written() and build.run.artifacts is not None:
        build.run.artifacts.put(key, product)


def key_of(node: Any, step: NodeAction) -> str:
    """The key of one product, 64 hexadecimal digits. Equal sources, facts and code give equal keys on all machines."""
    lines = [
        f"crosspython {ENGINE} {code_identity(step.function)}",
        f"action {step.name}",
        f"product {node.name}",
        *(f"{_label(child)} {_identity(child)}" for child in node.children()),
    ]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


@cache
def describe_build_machine() -> str:
    """The kind of machine that something built here runs on: its CPU, its libc and its distribution's release."""
    release = read_os_release()
    libc = " ".join(platform.libc_ver())
    return f"{os.uname().machine} {libc} {release.get('ID', '')} {release.get('VERSION_ID', '')}".strip()


def _tell(build: Build, title: str, product: Path, seconds: float, origin: str) -> None:
    build.run.workshop.journal.took(title, seconds, product.stat().st_size)
    build.run.workshop.console.step(title, "from the cache", seconds, origin)


def _label(child: Any) -> str:
    return str(child.name) if hasattr(child, "abspath") else "fact"


def _identity(child: Any) -> str:
    """The text that identifies a source in a key: the hash of its content, or a name that contains such a hash."""
    return str(getattr(child.attributes, "identity", None) or content_signature(child))


def _step_of(node: Any) -> NodeAction | None:
    """The action of a node, if it is one of ours."""
    steps = (step_of(action) for action in actions_of(node))
    return next((step for step in steps if step is not None), None)
