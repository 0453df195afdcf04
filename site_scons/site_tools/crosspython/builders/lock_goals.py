"""Goals about a lock: make one, show which packages are in it and why, and list packages with newer versions.

Modules that only wheels need are imported in the actions, so that a build of the bundle does not load them.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from crosspython.builders.action import make_action
from crosspython.builders.build import Build
from crosspython.builders.documents import common_fields, tell_document
from crosspython.builders.vulnerabilities import find_in_lock
from crosspython.errors import ConfigurationError
from crosspython.run.console import format_count

if TYPE_CHECKING:
    from crosspython.documents import Document
    from crosspython.wheels.model import LockedPackage
    from crosspython.wheels.resolving.pylock import Lock as KnownLock


# Several targets may have one lock, and actions run in threads.
_WRITING = threading.Lock()


def AddLockGoals(env: Any) -> None:
    for method in (Lock, Outdated, Tree, Why):
        env.AddMethod(method)


def Lock(env: Any) -> Any:
    """Resolve the request of `pkgs=` and write the lock, without building. Returns an alias, as all of these do."""
    build: Build = env["CROSSPYTHON"]

    def make_lock(target: list[Any], source: list[Any], env: Any) -> None:
        from crosspython.builders.wheel_lock import lock_file
        from crosspython.builders.wheel_tools import lock_tools
        from crosspython.builders.wheels import find_lock_of_request

        path = lock_file(build)
        build.adds_board = bool(build.settings.packages or build.settings.groups)
        with _WRITING:
            before = path.read_bytes() if path.is_file() else None
            lock = find_lock_of_request(build, None, None)
            if lock is not None:
                lock_tools(build, lock)
        if lock is not None and before is not None and path.read_bytes() == before:
            build.run.console.line(f"  {path}: {format_count(len(lock.packages), 'package')}, unchanged")
        if lock is not None and _is_json(build):
            tell_document(_tree(build, lock))

    return _goal(env, build, "lock", make_lock)


def Outdated(env: Any) -> Any:
    """List locked packages with newer versions that the request allows; with `cve_db=` also known vulnerabilities, and
    the versions that fix them. If `pkgs=` names packages, only these."""
    build: Build = env["CROSSPYTHON"]

    def outdated(target: list[Any], source: list[Any], env: Any) -> None:
        from crosspython.builders.wheel_lock import find_newer, named_packages
        from crosspython.documents import NewerPackage, Outdated, Vulnerability
        from crosspython.wheels.resolving.lock import describe_change

        lock, names = _lock(build), named_packages(build)
        shown = {name: change for name, change in find_newer(build, lock).items() if not names or name in names}
        findings = [each for each in find_in_lock(build) if not names or each.part.partition(" ")[0] in names]
        if _is_json(build):
            newer = [NewerPackage(name, *versions) for name, versions in shown.items()]
            known = [Vulnerability(f.part, f.id, list(f.names), f.severity, list(f.fixed)) for f in findings]
            tell_document(Outdated(**_names_of(build), packages=newer, vulnerabilities=known))
            return
        for line in [describe_change(name, *versions) for name, versions in shown.items()] or ["nothing is outdated"]:
            build.run.console.line(f"  {line}")
        for finding in findings:
            build.run.console.line(f"  {finding.line()}")
        if shown:
            build.run.console.line("  to get them: upgrade=NAME, or upgrade=all")

    return _goal(env, build, "outdated", outdated)


def Tree(env: Any) -> Any:
    """Show the lock as a tree: the requested packages, and below each package its dependencies."""
    build: Build = env["CROSSPYTHON"]

    def tree(target: list[Any], source: list[Any], env: Any) -> None:
        from crosspython.builders.wheel_lock import named_packages
        from crosspython.wheels.resolving.why import draw_tree

        lock = _lock(build)
        if _is_json(build):
            tell_document(_tree(build, lock))
            return
        for line in draw_tree(lock, named_packages(build)):
            build.run.console.line(line)

    return _goal(env, build, "tree", tree)


def Why(env: Any) -> Any:
    """Say why the packages that `pkgs=` names are in the lock."""
    build: Build = env["CROSSPYTHON"]

    def why(target: list[Any], source: list[Any], env: Any) -> None:
        from crosspython.builders.wheel_lock import require_named
        from crosspython.documents import Presence, Why
        from crosspython.wheels.resolving.why import explain_presence, find_presence

        names = require_named(build, "why", "idna")
        lock = _lock(build)
        if _is_json(build):
            found = [
                Presence(package.name, package.version, list(way) if way is not None else None, others)
                for package, way, others in find_presence(lock, names)
            ]
            tell_document(Why(**_names_of(build), packages=found))
            return
        for line in explain_presence(lock, names):
            build.run.console.line(line)

    return _goal(env, build, "why", why)


def _goal(env: Any, build: Build, name: str, action: Any) -> Any:
    alias = env.Alias(f"crosspython-{name}-{build.settings.target.name}", [], make_action(name, action, None))
    return env.AlwaysBuild(alias)


def _is_json(build: Build) -> bool:
    return build.settings.format == "json"


def _names_of(build: Build) -> dict[str, Any]:
    from crosspython.builders.wheel_lock import lock_file

    return {**common_fields(build.settings), "lock": str(lock_file(build))}


def _tree(build: Build, lock: KnownLock) -> Document:
    from crosspython.documents import Tree, TreePackage
    from crosspython.wheels.resolving.why import requested_names

    asked = set(requested_names(lock))
    packages = [
        TreePackage(p.name, p.version, p.name in asked, p.build_only, _source(p), list(p.depends))
        for p in lock.packages
    ]
    return Tree(**_names_of(build), packages=packages)


def _source(package: LockedPackage) -> Literal["wheel", "sdist", "folder", "commit"]:
    if package.folder is not None:
        return "folder"
    return "commit" if package.commit is not None else "wheel" if package.wheels else "sdist"


def _lock(build: Build) -> KnownLock:
    from crosspython.builders.wheel_lock import find_lock, known_lock, lock_file, named_request
    from crosspython.wheels.resolving.pylock import is_foreign

    # Our file beside another tool's lock may belong to an earlier state of that lock, or to another lock. The names in
    # pkgs= choose what to show; its projects also say which extras of that lock are wanted.
    if is_foreign(lock_file(build)):
        named = named_request(build)
        lock = find_lock(build, replace(named, requirements=()) if named else None)
    else:
        lock = known_lock(build)
    if lock is None:
        raise ConfigurationError(
            f"{lock_file(build)}: there is no lock yet", next="for example `scons wheels pkgs=numpy` makes one"
        )
    return lock
