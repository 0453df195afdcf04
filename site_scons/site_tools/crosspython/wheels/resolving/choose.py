"""Chooses for each package a ready wheel, or its source.

Knows the meaning of `binary=`. It knows no index and opens no file; tags.py knows which tags a board's pip accepts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from packaging.tags import Tag
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from crosspython.errors import ConfigurationError
from crosspython.recipes.release import Release
from crosspython.wheels.model import LockedFile, LockedPackage
from crosspython.wheels.resolving.binary import AUTO, NEVER, ONLY, Binary
from crosspython.wheels.tags import is_pure


def fitting(files: Iterable[LockedFile], tags: Mapping[Tag, int]) -> list[LockedFile]:
    """The wheels that fit, best first: by tag, then by build number, the highest first (PEP 427).

    tags: the tags that pip on the board accepts, with their rank
    """
    ranked = [(rank, file) for file in files if (rank := _rank(file.name, tags)) is not None]
    ranked.sort(key=lambda pair: parse_wheel_filename(pair[1].name)[2], reverse=True)
    return [file for _, file in sorted(ranked, key=lambda pair: pair[0])]


def choose_files(
    packages: Iterable[LockedPackage], binary: Binary, tags: Mapping[Tag, int]
) -> dict[str, LockedFile | None]:
    """The ready wheel of each package; None: build it from source.

    Raises ConfigurationError that lists all packages for which neither is possible.
    """
    chosen: dict[str, LockedFile | None] = {}
    problems: dict[str, str] = {}
    for package in packages:
        way = binary.of(package.name)
        ready = next(iter(fitting(package.wheels, tags)), None)
        if way == NEVER and ready is not None and not _is_as_good_as_built(package, ready):
            ready = None
        if ready is None and (way == ONLY or not has_source(package)):
            problems[package.name] = f"{package.title}: {_what_is_missing(package, way)}"
        chosen[package.name] = ready
    if problems:
        ways = sorted({binary.of(name) for name in problems})
        others = [f"binary={binary.usual},{name}=auto" for name in problems if binary.of(name) != AUTO]
        raise ConfigurationError(
            f"binary={' and '.join(ways)}: there is no file to make these wheels from",
            evidence=list(problems.values()),
            expected=f"wheels with the tag {min(tags, key=tags.__getitem__)}, or another tag that this Python accepts",
            next="choose another version, or " + (others[0] if others else "give its source: pkgs=./FOLDER"),
        )
    return chosen


def may_give_way(
    packages: Iterable[LockedPackage], chosen: Mapping[str, LockedFile | None], binary: Binary
) -> Iterator[tuple[LockedPackage, LockedFile]]:
    """The ready wheels that contain machine code (judged by their names), of packages that can also be built."""
    for package in packages:
        ready = chosen[package.name]
        if ready is not None and not is_pure(ready.name) and binary.of(package.name) != ONLY and has_source(package):
            yield package, ready


def choose_sound(
    packages: Iterable[LockedPackage],
    chosen: Mapping[str, LockedFile | None],
    binary: Binary,
    tags: Mapping[Tag, int],
    refusal: Callable[[LockedPackage, LockedFile], str | None],
) -> tuple[dict[str, LockedFile | None], dict[str, str]]:
    """The choice without ready wheels that would not work on the board; and by package, a text about the refused wheel.

    A refused wheel is replaced by the next one that fits, or by the source. If a package cannot or must not be built,
    its wheel stays, and its problems are reported when the wheel is made.

    refusal: returns why a wheel would not work
    """
    sound, refused = dict(chosen), dict[str, str]()
    for package, _ in may_give_way(packages, chosen, binary):
        for file in fitting(package.wheels, tags):
            if is_pure(file.name) or (why := refusal(package, file)) is None:
                sound[package.name] = file
                break
            refused.setdefault(package.name, f"{file.name} of the index would not work: {why}")
        else:
            sound[package.name] = None
    return sound, refused


def require_can_build(
    packages: Iterable[LockedPackage], chosen: Mapping[str, LockedFile | None], release: Release
) -> None:
    """Check that no package has to be built if packages cannot be built for the board's Python.
    Raises ConfigurationError."""
    built = [package for package in packages if chosen[package.name] is None]
    if built and not release.builds_packages:
        raise ConfigurationError(
            f"python={release.series}: packages cannot be built for it, because the build tools do not run in it",
            expected="packages with a wheel that fits, such as packages of Python code alone",
            evidence=[f"{package.title}: there is no such wheel" for package in built],
            next="leave these out, or use a newer python=",
        )


def has_source(package: LockedPackage) -> bool:
    """Whether a wheel of a package can be built."""
    return any(source is not None for source in (package.sdist, package.folder, package.commit))


def _is_as_good_as_built(package: LockedPackage, ready: LockedFile) -> bool:
    """Whether a ready wheel is as good as a built one: the package has no wheels with machine code, so there is nothing
    to compile; or the user has named the wheel itself."""
    if ready.path is not None and not has_source(package):
        return True
    return all(is_pure(name) for name in (*(file.name for file in package.wheels), *package.other_wheels))


def _what_is_missing(package: LockedPackage, binary: str) -> str:
    names = [*(file.name for file in package.wheels), *package.other_wheels]
    has = f"only {len(names)} wheel(s), such as {names[0]}" if names else "no wheel at all"
    if binary == ONLY:
        return f"no wheel fits; there is {has}"
    return f"no source: the index has {has}" if binary == NEVER else f"no wheel fits, and no source: there is {has}"


def _rank(filename: str, tags: Mapping[Tag, int]) -> int | None:
    try:
        _, _, _, found = parse_wheel_filename(filename)
    except InvalidWheelFilename:
        return None
    return min((tags[tag] for tag in found if tag in tags), default=None)
