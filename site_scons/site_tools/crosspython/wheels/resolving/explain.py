"""Converts uv's errors into our own, for a user who typed `pkgs=`, with uv's reasons in few words.

Knows the messages of uv 0.13; an unknown message is shown unchanged.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from crosspython.errors import ConfigurationError, CrosspythonError, DamagedPackagesError, SourceError, hide_logins
from crosspython.names import PACKAGE_NAME, suggest
from crosspython.wheels.known.causes import known_cause
from crosspython.wheels.resolving.given_wheels import find_problems
from crosspython.wheels.resolving.indexes import Indexes
from crosspython.wheels.resolving.platform import Platform

_NAMES = Path(__file__).with_name("names.toml")

_UNKNOWN = re.compile(r"(\S+) was not found in the (?:package registry|provided package locations|cache)")
_NO_VERSION = re.compile(r"there (?:is|are) (no versions? of [^\s,]+)|(only \S+) is available")
_PYTHON = re.compile(r"(\S+) (?:depends on|requires) Python ?([<>=~!]\S+?)(?=[,\s]|$)")
_NO_WHEEL = re.compile(r"(\S+) ha(?:s|ve) no (?:wheels with a matching|fitting wheels)")
_DEPENDS = re.compile(r"((?:all versions of )?\S+) depends? on (.+)")
_REASON = re.compile(r"\bbecause\b|,? and (?=(?:all versions of )?\S+ depends? on )", re.IGNORECASE)
_UNREACHABLE = re.compile(r"error sending request|Failed to fetch|dns error|tcp connect error|HTTP status")
_REFUSED = re.compile(r"hint: (An index .+)")
# uv's hints about a file that it skips because its name, version or content is not valid.
_DAMAGED = re.compile(r"hint: (?:The structure of|Metadata for) `([^`]+)` \(v?([^)]+)\) [^:\n]+:\s*\n?\s*([^\n]+)")
# Errors about a file that uv has to use, and about an sdist. The lines after the first one give the reason.
_DAMAGED_FILE = re.compile(r"Failed to read `(\S+ @ \S+\.whl)`\n(.+)", re.DOTALL)
_DAMAGED_SDIST = re.compile(r"`([^`]+)`\nFailed to extract archive: .*\n(.+)", re.DOTALL)
# Paths in uv's cache, which no user knows: a line with only such a path, and the path of a file of a wheel.
_IN_CACHE = re.compile(r"Failed to read metadata: ")
_TO_FILE = re.compile(r"`/\S*/(?=[^/`\s]+\.dist-info/)")
_NOT_THERE = re.compile(r"Distribution not found at: (file:\S+)")
_OFFLINE = re.compile(r"[Nn]etwork (?:connectivity is|was) disabled|--offline|not found in the cache")
_HASH = re.compile(r"Hash mismatch for `([^`]+)`.*?Expected:.*?sha256:(\w+).*?Computed:.*?sha256:(\w+)")
# A requirement with an address of its own, which is not from an index.
_OWN_ADDRESS = re.compile(r"Failed to (?:download|fetch)[^`]*`[^`]* @ ([^`]+)`")
_BUILD = re.compile(r"Failed to (?:download and )?build `([^`]+)`")
_GIT = re.compile(r"`([^`]+)`\s+(?:cause: )?Git operation failed")
_FETCHED = re.compile(r"Failed to fetch: `?(\S+?)`?$", re.MULTILINE)


@dataclass(frozen=True)
class Refusal:
    """uv's output when it failed, and the request.

    whole:  the whole output
    text:   only the last error, without hints
    flat:   the last error in one line
    """

    whole: str
    text: str
    flat: str
    platform: Platform
    indexes: Indexes
    log: Path

    @property
    def places(self) -> str:
        return self.indexes.show()


def explain_resolution_failure(
    lines: Sequence[str], platform: Platform, indexes: Indexes, log: Path
) -> CrosspythonError:
    """The error for a failed resolution, from the first rule that matches uv's words.

    lines:   uv's output, or the end of it
    indexes: the indexes that were used; if none has a package, they are asked again whether they refuse access
    """
    text = _condense(lines)
    refusal = Refusal("\n".join(lines), text, " ".join(text.split()), platform, indexes, log)
    return next((error for rule in _RULES if (error := rule(refusal))), _exclude_each_other(refusal))


def _index_refuses(refusal: Refusal) -> CrosspythonError | None:
    said = _REFUSED.search(refusal.whole)
    return _unreachable(said[1], refusal.places, refusal.log) if said else None


def _damaged(refusal: Refusal) -> CrosspythonError | None:
    damaged = _DAMAGED.findall(refusal.whole)
    if not damaged:
        return None
    names = ", ".join(dict.fromkeys(f"{name} {version}" for name, version, _ in damaged))
    return DamagedPackagesError(
        [canonicalize_name(name) for name, _, _ in damaged],
        f"pkgs=: the files of {names} in the index are damaged",
        evidence=[" ".join(reason.split()) for _, _, reason in damaged],
        log=refusal.log,
        next="ask for another version of it",
    )


def _damaged_file(refusal: Refusal) -> CrosspythonError | None:
    damaged = _DAMAGED_FILE.search(refusal.text) or _DAMAGED_SDIST.search(refusal.text)
    if not damaged:
        return None
    requirement = Requirement(damaged[1])
    url = urlsplit(requirement.url or "")
    reasons = find_problems(Path(url2pathname(url.path))) if url.scheme == "file" else []
    reasons = reasons or [_TO_FILE.sub("`", line) for line in damaged[2].splitlines() if not _IN_CACHE.match(line)]
    return DamagedPackagesError(
        [canonicalize_name(requirement.name)],
        f"pkgs=: {hide_logins(requirement.url or str(requirement))} is damaged",
        evidence=reasons,
        log=refusal.log,
        next="get that file again, or ask for another version",
    )


def _not_there(refusal: Refusal) -> CrosspythonError | None:
    """A project requires another one by its path, and that is missing."""
    place = _NOT_THERE.search(refusal.flat)
    if not place:
        return None
    return ConfigurationError(
        f"pkgs=: {url2pathname(urlsplit(place[1]).path)}: there is no such file or folder",
        expected="the dependency that a project of pkgs= names by its place (path=, file:)",
        log=refusal.log,
        next="correct the place in its pyproject.toml or setup.py",
    )


def _offline(refusal: Refusal) -> CrosspythonError | None:
    if not _OFFLINE.search(refusal.whole):
        return None
    return SourceError(
        "offline=1: the dependencies of the packages cannot be looked up",
        evidence=refusal.text.splitlines(),
        log=refusal.log,
        next="make the lock once on a machine with a network, and keep it: lock=FILE",
    )


def _no_commit(refusal: Refusal) -> CrosspythonError | None:
    """Git cannot read a repository, or the repository does not have the commit."""
    repository = _GIT.search(refusal.text)
    if not repository:
        return None
    said = refusal.text.partition("--- stderr")[2].strip() or refusal.text.splitlines()[-1]
    return SourceError(
        f"pkgs=: {hide_logins(repository[1])} could not be fetched",
        evidence=[hide_logins(line.strip()) for line in said.splitlines() if line.strip()],
        log=refusal.log,
        next="check that `git clone` of that repository works here, and that it has that commit",
    )


def _unknown(refusal: Refusal) -> CrosspythonError | None:
    names = list(dict.fromkeys(_UNKNOWN.findall(refusal.flat)))
    if not names:
        return None
    if refusals := refusal.indexes.refusals(names[0]):
        return _let_in_nobody(refusals, refusal.log)
    return _unknown_names(names, refusal.places, refusal.log)


def _other_bytes(refusal: Refusal) -> CrosspythonError | None:
    mismatch = _HASH.search(refusal.flat)
    if not mismatch:
        return None
    return SourceError(
        f"{mismatch[1]}: the index's file does not have the hash that the index states",
        expected=f"SHA-256 {mismatch[2]}",
        found=f"SHA-256 {mismatch[3]}",
        log=refusal.log,
        next=f"report it to the owner of {refusal.places}; a mirror or a proxy may have damaged it",
    )


def _no_answer(refusal: Refusal) -> CrosspythonError | None:
    return _unreachable(refusal.text, refusal.places, refusal.log) if _UNREACHABLE.search(refusal.flat) else None


def _build_fails(refusal: Refusal) -> CrosspythonError | None:
    build = _BUILD.search(refusal.flat)
    return _cannot_tell(build[1], refusal.text.splitlines(), refusal.log) if build else None


def _other_python(refusal: Refusal) -> CrosspythonError | None:
    found = _PYTHON.findall(refusal.flat)
    if not found:
        return None
    return ConfigurationError(
        f"pkgs=: {found[0][0]} does not support this Python",
        evidence=sorted({f"{package} needs Python {version}" for package, version in found}),
        expected=f"versions for Python {refusal.platform.release}",
        log=refusal.log,
        next="ask for another version of it, or build another Python: python=",
    )


def _no_file(refusal: Refusal) -> CrosspythonError | None:
    missing = _NO_WHEEL.search(refusal.flat)
    if not missing:
        return None
    platform = refusal.platform
    return ConfigurationError(
        f"pkgs=: {missing[1]} has no wheel for {platform.machine} with Python {platform.release}, and no sdist",
        evidence=refusal.text.splitlines(),
        log=refusal.log,
        next="give its source: pkgs=./FOLDER",
    )


def _no_version(refusal: Refusal) -> CrosspythonError | None:
    absent = _NO_VERSION.search(refusal.flat)
    if not absent or " depends on " in refusal.flat.replace("pkgs= depends on", ""):
        return None
    return ConfigurationError(
        f"pkgs=: there is {absent[1] or absent[2]}",
        evidence=_told(refusal.flat),
        expected=f"a version that {refusal.places} has",
        log=refusal.log,
    )


def _exclude_each_other(refusal: Refusal) -> CrosspythonError:
    return ConfigurationError(
        f"pkgs=: these requirements exclude each other for Python {refusal.platform.release}",
        evidence=_told(refusal.flat) or refusal.text.splitlines(),
        log=refusal.log,
        next="loosen one of them",
    )


# In this order: earlier rules explain errors that would also match later ones.
_RULES: tuple[Callable[[Refusal], CrosspythonError | None], ...] = (
    _index_refuses,
    _damaged,
    _damaged_file,
    _not_there,
    _offline,
    _no_commit,
    _unknown,
    _other_bytes,
    _no_answer,
    _build_fails,
    _other_python,
    _no_file,
    _no_version,
)


def _condense(lines: Sequence[str]) -> str:
    """Only uv's last error, without hints, and without sentences about our own project files."""
    text = "\n".join(lines)
    text = text[text.rfind("\nerror:") + 1 :] if "\nerror:" in text else text
    text = re.split(r"\n\s*hint:", text)[0]
    text = re.sub(r"^.*No solution found when resolving dependencies.*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"`[^`]*`-compatible", "fitting", text)
    text = re.sub(r"^\s*(?:error|cause):\s*", "", text, flags=re.MULTILINE)
    text = re.sub(r"\{[^}]*\}", "", text)  # markers of a dependency: numpy{python_full_version >= '3.12'}>=1.26
    return text.replace("your project's requirements are", "pkgs= is").replace("your project", "pkgs=").strip()


def _told(flat: str) -> list[str]:
    """One line for each package that requires another one."""
    found: dict[str, None] = {}
    for sentence in flat.split(", we can conclude that")[:1] + re.findall(r"And because (.*?), we can", flat):
        for reason in _REASON.split(sentence):
            if match := _DEPENDS.search(reason):
                asker = "pkgs= asks for" if match[1] == "pkgs=" else f"{match[1]} needs"
                found[f"{asker} {match[2].strip(' .')}"] = None
    return list(found)


def _unknown_names(names: Sequence[str], places: str, log: Path) -> ConfigurationError:
    evidence = []
    for name in names:
        plain = canonicalize_name(found[0]) if (found := re.match(PACKAGE_NAME, name)) else name
        imports, known = _known_names()
        meant = f"did you mean {imports[plain]}?" if plain in imports else suggest(plain, known)
        rest = (
            f"a package of that name is known, but not to {places}"
            if plain in known
            else "no similar name is known here"
        )
        evidence.append(f"{name}: {meant or rest}")
    return ConfigurationError(
        f"pkgs=: no such package: {', '.join(names)}",
        evidence=evidence,
        expected=f"a name that {places} knows",
        log=log,
    )


def _cannot_tell(package: str, lines: Sequence[str], log: Path) -> SourceError:
    """The error for a package whose metadata only its backend can tell, if the backend fails on this machine."""
    name = canonicalize_name(re.split("[ =]", package)[0])
    is_local = " @ " in package
    return SourceError(
        f"{package}: its dependencies are only known after a build, and the build fails",
        found=known_cause(lines, name),
        evidence=lines[-20:],
        log=log,
        next="list its dependencies in its pyproject.toml, not as dynamic"
        if is_local
        else "choose a version with metadata in its sdist or with wheels, or name its run-time dependencies: "
        f"{name}.toml with dependencies = [...] and the reason (docs/overrides.md)",
    )


def _let_in_nobody(refusals: Sequence[str], log: Path) -> SourceError:
    return SourceError(
        "an index refuses access",
        evidence=refusals,
        expected="a user name and a password that it accepts",
        log=log,
        next="write them into its address in pip's configuration (`pip config list`), or into ~/.netrc",
    )


def _unreachable(text: str, places: str, log: Path) -> SourceError:
    addresses = _FETCHED.findall(text)
    last = text.splitlines()[-1] if text else "nothing"
    if own := _OWN_ADDRESS.search(text):
        return SourceError(
            f"pkgs=: {hide_logins(own[1])} cannot be reached",
            expected="an answer of that address",
            found=last,
            log=log,
            next="check that the address is right and that this machine reaches it (proxies: HTTPS_PROXY);"
            " or download the file and name it: pkgs=./FILE",
        )
    return SourceError(
        "the index cannot be reached",
        evidence=[hide_logins(address) for address in addresses],
        expected=f"an answer of {places}",
        found=last,
        log=log,
        next="check pip's configuration: `pip config list`",
    )


@cache
def _known_names() -> tuple[dict[str, str], tuple[str, ...]]:
    """Names of modules whose packages have other names; and known names, to find typing mistakes."""
    data = tomllib.loads(_NAMES.read_text())
    return {canonicalize_name(name): package for name, package in data["modules"].items()}, tuple(data["packages"])
