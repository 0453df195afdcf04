"""Goals about a lock: which packages have newer versions, and why a package is in it. They change nothing.

Modules that only wheels need are imported in the actions, so that a build of the bundle does not load them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crosspython.builders.action import make_action
from crosspython.builders.build import Build
from crosspython.errors import ConfigurationError

if TYPE_CHECKING:
    from crosspython.wheels.resolving.pylock import Lock


def AddLockGoals(env: Any) -> None:
    env.AddMethod(Outdated)
    env.AddMethod(Why)


def Outdated(env: Any) -> Any:
    """Say which locked packages have newer versions that would do; of those in `pkgs=`, where it names some."""
    build: Build = env["CROSSPYTHON"]

    def outdated(target: list[Any], source: list[Any], env: Any) -> None:
        from packaging.utils import canonicalize_name

        from crosspython.builders.wheel_lock import resolve_anew
        from crosspython.wheels.resolving.lock import describe_changes

        lock, names = _lock(build), {canonicalize_name(name) for name in _names(build)}
        changes = describe_changes(lock.packages, resolve_anew(build, lock))
        shown = [line for line in changes if not names or line.partition(" ")[0] in names]
        for line in shown or ["nothing is outdated"]:
            build.run.console.line(f"  {line}")
        if shown:
            build.run.console.line("  upgrade=NAME or upgrade=all takes them")

    return _goal(env, build, "outdated", outdated)


def Why(env: Any) -> Any:
    """Say why the packages that `pkgs=` names are in the lock."""
    build: Build = env["CROSSPYTHON"]

    def why(target: list[Any], source: list[Any], env: Any) -> None:
        from crosspython.wheels.resolving.why import explain_presence

        names = _names(build)
        if not names:
            raise ConfigurationError("why: no package is named", next="for example `scons why pkgs=idna`")
        for line in explain_presence(_lock(build), names):
            build.run.console.line(line)

    return _goal(env, build, "why", why)


def _goal(env: Any, build: Build, name: str, action: Any) -> Any:
    alias = env.Alias(f"crosspython-{name}-{build.settings.target.name}", [], make_action(name, action, None))
    return env.AlwaysBuild(alias)


def _names(build: Build) -> list[str]:
    return build.settings.packages.replace(",", " ").split()


def _lock(build: Build) -> Lock:
    from crosspython.builders.wheel_lock import known_lock, lock_file

    lock = known_lock(build)
    if lock is None:
        raise ConfigurationError(
            f"{lock_file(build)}: there is no lock yet", next="for example `scons wheels pkgs=numpy` makes one"
        )
    return lock
