"""Wheels as nodes: `env.Wheels("numpy pandas>=2")`, one File a wheel, and the wheelhouse that holds them all.

This module knows when a lock is needed and what to do without one; wheel_nodes.py makes the nodes of a lock.
Modules that only wheels need are imported on demand, so that a build of the bundle does not load them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crosspython.builders.action import fact, make_action
from crosspython.builders.arguments import read_text, read_texts
from crosspython.builders.build import Build
from crosspython.builders.guest import declare
from crosspython.builders.paths import file_node, folder_node
from crosspython.errors import ConfigurationError
from crosspython.wheels.resolving.binary import Binary, parse_binary, read_binary

if TYPE_CHECKING:
    from crosspython.wheels.resolving.pylock import Lock


def AddWheels(env: Any) -> None:
    env.AddMethod(Wheels)


def Wheels(
    env: Any,
    packages: str | Sequence[str] | None = None,
    constraints: str | None = None,
    binary: str | Sequence[str] | None = None,
) -> list[Any]:
    """Wheels of packages and all their dependencies: the node of the wheelhouse's report, then a node for each wheel.
    With `shard=` there is no report, and only the wheels of this shard.

    packages: texts as in `pkgs=`; None: the value of `pkgs=`, or the packages of the lock
    constraints, binary: as the variables of these names, which are used if they are not given here
    Raises UserError.
    """
    build: Build = env["CROSSPYTHON"]
    texts = None if packages is None else read_texts("Wheels", "packages", packages)
    chosen = build.settings.binary if binary is None else _read_binary(binary)
    _require_overrides(build.settings.overrides)
    lock = find_lock_of_request(build, texts, read_text("Wheels", "constraints", constraints))
    if lock is None:
        return _without_lock(env, build)
    from crosspython.builders.wheel_nodes import WheelNodes

    chosen = chosen.over(read_binary(lock.asked.get("binary", {})))
    nodes = WheelNodes(env, build, lock, chosen).declare()
    return [*(_cleaned(env, build, node) for node in nodes[:1]), *nodes[1:]]


def _read_binary(given: str | Sequence[str]) -> Binary:
    return parse_binary(",".join(read_texts("Wheels", "binary", given)), f"env.Wheels(binary={given!r})")


def _require_overrides(folder: Path | None) -> None:
    if folder is not None and not folder.is_dir():
        raise ConfigurationError(
            f"overrides={folder}: there is no such folder", expected="a folder with files called PACKAGE.toml"
        )


def find_lock_of_request(build: Build, packages: Sequence[str] | None, constraints: str | None) -> Lock | None:
    """The lock for what `pkgs=` or a call of env.Wheels() asks for; None where none may be made in this run.

    Raises ConfigurationError, and what a resolution raises.
    """
    from crosspython.builders.wheel_lock import find_lock, lock_file
    from crosspython.wheels.resolving.pylock import is_foreign
    from crosspython.wheels.resolving.request import read_request

    settings = build.settings
    groups = () if is_foreign(lock_file(build)) else settings.groups  # another tool's lock contains its groups
    texts = [settings.packages] if packages is None and not build.by_hand else packages or []
    narrowed_by = constraints or settings.constraints
    as_it_stands = (
        not any(texts) and not groups and (settings.lock is not None or build.by_hand or build.run.only_removes)
    )
    if as_it_stands and narrowed_by and not build.run.only_removes:
        raise ConfigurationError(
            f"constraints={narrowed_by} has no effect: without pkgs=, a lock is used unchanged",
            next="name the packages of the lock with pkgs=, or leave out constraints=",
        )
    request = None if as_it_stands else read_request(texts, narrowed_by, settings.start, groups)
    if request is not None:
        build.run.index_options = request.options
    lock = find_lock(build, request)
    if lock is None and request is None and not build.run.only_looks:
        raise ConfigurationError(
            f"lock={settings.lock}: there is no such file, and no pkgs= to make one for",
            next='for example `scons wheels pkgs="numpy" lock=pylock.toml`',
        )
    return lock


def _without_lock(env: Any, build: Build) -> list[Any]:
    """A node that stands for all wheels, for runs that may not resolve (-n and the like)."""
    from crosspython.wheels.house.report import report_file

    report = report_file(build.settings.wheelhouse, build.settings.release.series)
    action = make_action("wheels without a lock", _nothing, "resolving pkgs=: no lock fits it yet")
    [node] = declare(env, [report], [fact(env, "request", build.settings.packages)], action)
    return [_cleaned(env, build, node)]


def _nothing(target: list[Any], source: list[Any], env: Any) -> None:
    """Do nothing: a run without a lock builds no wheels."""


def _cleaned(env: Any, build: Build, node: Any) -> Any:
    """Let `-c` remove the wheelhouse, all wheels of this Python (of any lock), and the lock if it is not the user's."""
    from crosspython.builders.wheel_lock import completed_file, found_file, lock_file

    settings = build.settings
    env.Clean(node, folder_node(env, settings.wheelhouse))
    if env.GetOption("clean"):
        stages = (settings.folder / "stages" / "wheels").glob(f"*-{settings.release.interpreter}.*")
        env.Clean(node, [file_node(env, path) for path in stages])
    env.Clean(node, [file_node(env, file(build)) for file in (found_file, completed_file)])
    if settings.lock is None:
        env.Clean(node, file_node(env, lock_file(build)))
    return node
