"""crosspython as a guest in another build: it works in an environment of its own, and lends its methods to the host's.

The host's Decider, CacheDir, ENV and tools do not affect our nodes, and we do not change them. Nothing is global:
no alias, no default, no option. A node that is declared twice in one run is made once;
if the two declarations differ, they are refused.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import SCons.Environment

from crosspython.builders.action import has_changed, step_of
from crosspython.builders.arguments import require_signature
from crosspython.builders.build import Build
from crosspython.builders.paths import file_node
from crosspython.builders.refusal import refusing
from crosspython.builders.verified import verify
from crosspython.errors import ConfigurationError
from crosspython.run.signals import watch_signals
from crosspython.version import VERSION

# Stored at import: a second copy of crosspython that is loaded later replaces the first one in sys.modules.
FOLDER = Path(__file__).resolve().parents[1]


def make_environment(path: str) -> Any:
    """An environment of our own: no tools, one PATH, our Decider."""
    environment = SCons.Environment.Environment(tools=[], ENV={"PATH": path})
    environment.Decider(has_changed)
    return environment


def host_class() -> Any:
    """The class of all environments that our methods may be lent to."""
    return SCons.Environment.Base


def lend_methods(wrappers: Sequence[Any], host: Any) -> None:
    """Give the host these methods of our environment; they run on ours.
    Raises ConfigurationError where the host has such a method."""
    taken = []
    for wrapper in wrappers:
        present = getattr(host, wrapper.name, None)
        if present is not None and not hasattr(getattr(present, "method", None), "lent"):
            taken.append(wrapper.name)
    if taken:
        raise ConfigurationError(
            f"the environment already has methods with the names of crosspython's: {', '.join(taken)}",
            next="give crosspython an environment of its own:"
            ' python = Environment(tools=[]); python.Tool("crosspython", ...)',
        )
    for wrapper in wrappers:
        host.AddMethod(_lend(wrapper.method), wrapper.name)


def _lend(method: Callable[..., Any]) -> Callable[..., Any]:
    @refusing
    @functools.wraps(method)
    def lent(env: Any, *arguments: Any, **named: Any) -> Any:
        require_signature(method, arguments, named)
        build = env["CROSSPYTHON"]
        with build.project.naming_lines():
            _require_one_target(build)
            return method(build.environment, *arguments, **named)

    lent.lent = True  # type: ignore[attr-defined]  # so that a later call recognizes them
    return lent


def _require_one_target(build: Build) -> None:
    if build.settings.others and not build.has_others:
        names = ",".join([build.settings.target.name, *build.settings.others])
        raise ConfigurationError(
            f"target={names}: one environment has one target",
            expected="one target for each environment; only `declare_goals` of our SConstruct takes several",
            next='other = env.Clone(); other.Tool("crosspython", target=...)',
        )


def declare(env: Any, targets: Sequence[Path], sources: Sequence[Any], action: Any) -> list[Any]:
    """Declare the nodes of `targets`, as env.Command does. If they were declared before from the same sources, the same
    nodes are returned: two Pythons share a target's libraries. Raises ConfigurationError if the sources differ."""
    nodes = [file_node(env, target) for target in targets]
    if not nodes[0].has_builder():
        made, step = list(env.Command(nodes, sources, action)), step_of(action)
        verify(env["CROSSPYTHON"], made, step.leaves if step else tuple)
        return made
    before, now = ([str(source) for source in each] for each in (nodes[0].sources, env.arg2nodes(sources, env.fs.File)))
    if before == now:
        return nodes
    raise ConfigurationError(
        f"{nodes[0]} is declared twice in this build, with different settings",
        evidence=[
            *(f"only the first has {name}" for name in before if name not in now),
            *(f"only the second has {name}" for name in now if name not in before),
        ],
        next="give one of the two another folder: build=...",
    )


def stop_on_signals() -> None:
    """Ctrl-C ends our processes at once; SCons alone would wait for them.
    The host's signal handlers stay as they are."""
    if threading.current_thread() is threading.main_thread():
        watch_signals()


@refusing
def require_one_copy(folder: Path, version: str) -> None:
    """Raises ConfigurationError where another version of crosspython is at work in this run already:
    Python can load only one package of a name."""
    if version != VERSION:
        raise ConfigurationError(
            "two versions of crosspython are embedded in this build",
            evidence=[f"{VERSION} in {FOLDER}, loaded first", f"{version} in {folder}"],
            next="let all parts of the build load it from one folder: the same toolpath=",
        )
