"""The request of a user, `pkgs=`: names with versions, extras and markers, requirements files, local projects.

Parses the words of a command line and the lines of requirements files, and reads the files that they name. It knows no
index and resolves nothing. Paths belong to the build machine.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urldefrag, urlsplit
from urllib.request import url2pathname

from packaging.dependency_groups import resolve_dependency_groups
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from crosspython.errors import ConfigurationError, hide_logins
from crosspython.wheels.commits import format_address, is_version_control, parse_commit
from crosspython.wheels.requirements import unique
from crosspython.wheels.resolving.binary import NEVER, ONLY, Binary, apply_option
from crosspython.wheels.resolving.projects import Project, is_project, name_in_file, read_groups, read_project
from crosspython.wheels.resolving.requirements_file import Line, find_options, read_lines
from crosspython.wheels.resolving.words import (
    explain_file,
    explain_other,
    find_path,
    is_path,
    locate,
    split_words,
    strip_quotes,
    suggest_equals,
)

_FORMS = 'names as in pkgs="numpy pandas>=2", @FILE for a requirements file, ./FOLDER, or a local sdist or wheel'
_SHA256 = re.compile(r"sha256[:=]([0-9a-f]{64})", re.IGNORECASE)
# Options of a requirements file that are ignored: they change how pip works, and not what it installs.
_PASSED_OVER = {"use_features", "features", "features_enabled", "require_hashes", "prefer_binary"}
_KNOWN = {"requirements", "constraints", "no_binary", "only_binary", "editables"} | _PASSED_OVER
_KNOWN |= {"index_url", "extra_index_urls", "find_links", "no_index", "trusted_hosts", "pre"}


@dataclass(frozen=True)
class Request:
    """requirements: requirements for the index (PEP 508); constraints: in the same form, but they only limit versions;
    projects: local ones.

    dependencies: by package, its stated run-time requirements, which are used instead of its own metadata
    found: by package, the requirements in its finished wheel, which are used before its own metadata (lock.py)
    hashes: by package, the allowed SHA-256 of its files; if some packages have hashes, all requested ones need them
    options: pip's options about indexes from requirements files, by the names of pip's configuration
    binary: the choice between ready and built wheels in requirements files
    remarks: remarks for the user about the request
    """

    requirements: tuple[Requirement, ...] = ()
    constraints: tuple[Requirement, ...] = ()
    projects: tuple[Project, ...] = ()
    dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    found: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    hashes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    binary: Binary = field(default_factory=Binary)
    remarks: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The normalized names of all requested packages."""
        names = [canonicalize_name(requirement.name) for requirement in self.requirements]
        return (*names, *(project.name for project in self.projects))

    def without(self, names: Collection[str]) -> Request | None:
        """The request without the packages of these names; None if nothing would remain, or if nothing would change."""
        kept = tuple(each for each in self.requirements if canonicalize_name(each.name) not in names)
        projects = tuple(project for project in self.projects if project.name not in names)
        if not (kept or projects) or (kept, projects) == (self.requirements, self.projects):
            return None
        return replace(self, requirements=kept, projects=projects)

    def details(self) -> dict[str, Any]:
        """The parts of the request besides names and versions, as plain data for a lock: without empty parts, and
        without passwords."""
        options = {name: [hide_logins(value) for value in values] for name, values in self.options.items()}
        written = {project.name: project.details for project in self.projects if project.details}
        found = {
            "written": written,
            "hashes": {name: sorted(values) for name, values in self.hashes.items()},
            "options": options,
            "binary": self.binary.as_data(),
        }
        return {key: value for key, value in found.items() if value}


class _Reader:
    """Collects the parts of a request, and all mistakes in it."""

    def __init__(self) -> None:
        self.requirements: list[Requirement] = []
        self.constraints: list[Requirement] = []
        self.projects: list[Project] = []
        self.hashes: dict[str, set[str]] = defaultdict(set)
        self.options: dict[str, tuple[str, ...]] = {}
        self.binary = Binary()
        self.problems: list[str] = []
        self.remarks: list[str] = []
        self.open_files: list[Path] = []
        self.needs_hashes = ""

    def read_words(self, text: str, start: Path) -> None:
        """Read a list from a command line, separated by spaces or commas; a marker ends at a comma."""
        whole = text.strip()
        is_one = bool(whole) and is_path(whole, start) and find_path(whole, start) is not None
        for word in [whole] if is_one else split_words(text):
            if word.startswith("@"):
                self.read_file(locate(strip_quotes(word[1:]), start))
            else:
                self.read_word(strip_quotes(word), start)

    def read_word(self, text: str, start: Path) -> None:
        if text.startswith("-"):
            self.problems.append(
                f"{text}: options belong in a requirements file; for -r FILE write @FILE, for -e FOLDER write FOLDER"
            )
            return
        if mistaken := explain_file(text, start):
            self.problems.append(f"{text}: {mistaken}")
            return
        try:
            if is_path(text, start):
                path, bracket, extras = text.partition("[")
                names = tuple(re.findall(r"[\w.-]+", extras)) if bracket and text.endswith("]") else ()
                self.add_project(locate(path if names else text, start), extras=names)
                return
            located = _name_address(Line("", text, location=text)) if re.match(r"[\w+]+://", text) else None
            requirement = located or Requirement(text)
            self.add(requirement, start, "")
            if text == requirement.name and is_project(start / text):
                self.remarks.append(f"{text} means the package of the index; for the folder here, write ./{text}")
        except InvalidRequirement:
            self.problems.append(f"{text}: not a requirement{suggest_equals(text)}")
        except ConfigurationError as error:
            self.problems.append(error.what)

    def add(self, requirement: Requirement, start: Path, place: str, *, narrows: bool = False) -> None:
        """Add a requirement by name: from an index, or with an address or path after `@`. Raises ConfigurationError."""
        if requirement.url is not None:
            if is_version_control(requirement.url):
                if narrows:
                    raise ConfigurationError(
                        f"{place}{requirement}: a constraint limits versions, and cannot be a repository"
                    )
                requirement.url = format_address(parse_commit(requirement.url, str(requirement)))
                self.requirements.append(requirement)
                return
            _require_address(requirement.url, str(requirement))
            if (path := _local(requirement.url)) is not None:
                if narrows:
                    raise ConfigurationError(
                        f"{place}{requirement}: a constraint limits versions, and cannot be a local project"
                    )
                name = canonicalize_name(requirement.name)
                self.add_project(start / path, name, tuple(requirement.extras), str(requirement.marker or ""))
                return
            if digest := _hash_in(requirement.url):
                self.hashes[canonicalize_name(requirement.name)].add(digest)
        (self.constraints if narrows else self.requirements).append(requirement)

    def add_project(self, path: Path, name: str | None = None, extras: Sequence[str] = (), marker: str = "") -> Project:
        project = replace(read_project(path, name), extras=tuple(sorted(extras)), marker=marker)
        self.projects.append(project)
        return project

    def read_groups(self, groups: Sequence[str], start: Path) -> None:
        """Add the requirements of dependency groups. At least one of the requested projects must have each group."""
        folders = list(dict.fromkeys(each.path for each in self.projects if each.is_folder)) or [start]
        tables = {folder: read_groups(folder) for folder in folders}
        known = sorted({name for table in tables.values() for name in table})
        for group in map(canonicalize_name, groups):
            found = {folder: table for folder, table in tables.items() if group in table}
            if not found:
                has = f"there are the groups {', '.join(known)}" if known else "there are no groups"
                self.problems.append(f"group={group}: no such group in {', '.join(map(str, folders))}; {has}")
            for folder, table in found.items():
                try:
                    for text in resolve_dependency_groups(table, group):
                        self.add(Requirement(text), folder, f"group={group}: ")
                except (ExceptionGroup, ValueError, LookupError, TypeError, ConfigurationError) as error:
                    self.problems.append(f"{folder / 'pyproject.toml'}: group {group}: {_tell(error)}")

    def read_file(self, path: Path, where: str = "", *, narrows: bool = False) -> None:
        """Read a requirements file, or a constraints file (narrows), which only limits versions."""
        if path in self.open_files:
            self.problems.append(f"{where}{path} names itself")
            return
        if mistaken := explain_other(str(path)):
            self.problems.append(f"{where}{path}: this is not a requirements file; {mistaken}")
            return
        self.open_files.append(path)
        try:
            lines = read_lines(path)
        except ConfigurationError as error:
            self.problems.append(f"{where}{error.what}")
            lines = []
        for line in lines:
            try:
                self.read_line(line, path.parent, narrows=narrows)
            except ConfigurationError as error:
                self.problems.append(error.what if error.what.startswith(line.place) else f"{line.place}{error.what}")
        self.open_files.pop()

    def read_line(self, line: Line, folder: Path, *, narrows: bool) -> None:
        """Read one line of a file. Raises ConfigurationError."""
        if line.problem is not None:
            raise ConfigurationError(f"{hide_logins(line.text)}: {line.problem}{suggest_equals(line.text)}")
        if line.options:
            self.read_options(line, folder, narrows=narrows)
            return
        requirement = line.requirement
        if requirement is None and (located := _name_address(line)) is not None:
            requirement = located
        if requirement is not None:
            is_name = str(requirement) == requirement.name
            if is_name and (mistaken := explain_file(requirement.name, folder, "-r {}")):
                raise ConfigurationError(f"{line.text}: {mistaken}")
            self.add(requirement, folder, line.place, narrows=narrows)
            name = str(canonicalize_name(requirement.name))
        else:
            assert line.location is not None
            if narrows:
                raise ConfigurationError(f"{line.text}: a constraint limits versions, and cannot be a local project")
            path = _local(line.location) or Path(line.location)
            if mistaken := explain_file(line.location, folder, "-r {}"):
                raise ConfigurationError(f"{line.text}: {mistaken}")
            project = self.add_project(locate(str(path), folder), None, line.extras, line.marker)
            _require_hash(project.path, line)
            name = project.name
        self.hashes_of(name, line)

    def hashes_of(self, name: str, line: Line) -> None:
        found = [match[1].lower() for text in line.hashes if (match := _SHA256.fullmatch(text))]
        if line.hashes and not found:
            raise ConfigurationError(f"{name}: has no hash that can be verified: give one that begins with sha256:")
        if found:
            self.hashes[name].update(found)

    def read_options(self, line: Line, folder: Path, *, narrows: bool) -> None:
        if unknown := sorted(set(line.options) - _KNOWN):
            raise ConfigurationError(
                f"{line.text}: pip's option --{unknown[0].replace('_', '-')} is not supported here"
            )
        for key, narrow in (("requirements", narrows), ("constraints", True)):
            for name in line.options.get(key) or ():
                if "://" in name:
                    raise ConfigurationError(f"{hide_logins(line.text)}: download that file, and name the copy")
                self.read_file(locate(name, folder), line.place, narrows=narrow)
        for key, way in (("no_binary", NEVER), ("only_binary", ONLY)):
            self.binary = apply_option(self.binary, way, line.options.get(key) or ())
        if line.options.get("require_hashes"):
            self.needs_hashes = line.place
        if line.options.get("prefer_binary"):
            self.remarks.append(f"{line.place}--prefer-binary is ignored: binary=only uses no version without a wheel")
        for name, values in find_options(line.options, folder):
            repeated = name in ("extra-index-url", "find-links", "trusted-host")
            self.options[name] = (*self.options.get(name, ()), *values) if repeated else values


def read_request(packages: Sequence[str], constraints: str | None, start: Path, groups: Sequence[str] = ()) -> Request:
    """Read a request. Relative paths start at `start`; those in a file start at the file's folder.

    packages:    texts as in `pkgs=`
    constraints: a file with requirements that only limit versions
    groups:      dependency groups of the local projects, or of the pyproject.toml at `start` (as pip's --group)
    Raises ConfigurationError that lists all mistakes.
    """
    reader = _Reader()
    for text in packages:
        reader.read_words(text, start)
    if groups:
        reader.read_groups(groups, start)
    if constraints:
        reader.read_file(locate(constraints, start), "constraints: ", narrows=True)
    places = {project.name: project.path for project in reader.projects}
    for project in reader.projects:
        if places[project.name] != project.path:
            reader.problems.append(f"{project.name}: it is in two places, {project.path} and {places[project.name]}")
    if reader.needs_hashes and not reader.hashes:  # if one has a hash, all need one: lock.py checks that
        names = ", ".join(dict.fromkeys(requirement.name for requirement in reader.requirements))
        reader.problems += [f"{reader.needs_hashes}--require-hashes: there is no hash for {names}"] if names else []
    if reader.problems:
        raise ConfigurationError("pkgs= has mistakes", evidence=reader.problems, expected=_FORMS)
    if not reader.requirements and not reader.projects:
        raise ConfigurationError(
            "pkgs= names no package", expected=_FORMS, next="for example `scons wheels pkgs=numpy`"
        )
    return Request(
        requirements=unique(reader.requirements),
        constraints=unique(reader.constraints),
        projects=tuple(dict.fromkeys(reader.projects)),
        hashes={name: tuple(sorted(found)) for name, found in reader.hashes.items()},
        options=reader.options,
        binary=reader.binary,
        remarks=tuple(dict.fromkeys(reader.remarks)),
    )


def _tell(error: Exception) -> str:
    """The mistakes in a group, as text; packaging collects all of them in one exception."""
    parts = error.exceptions if isinstance(error, ExceptionGroup) else (error,)
    return "; ".join(str(part) for part in parts)


def _require_address(url: str, shown: str) -> None:
    """Raise ConfigurationError for an address that cannot be locked, or that contains a password."""
    if hide_logins(url) != url:
        raise ConfigurationError(
            f"{hide_logins(shown)}: a password belongs in ~/.netrc or pip's configuration, because locks show addresses"
        )
    if "subdirectory" in parse_qs(urldefrag(url).fragment):
        raise ConfigurationError(
            f"{shown}: unpack it, and name the folder in it: only a project at the top of its archive can be used"
        )


def _local(url: str) -> Path | None:
    """The local path of a file address, or of a text after an @; None if it is not local."""
    if url.startswith("file:"):
        return Path(url2pathname(urlsplit(url).path))
    return None if "://" in url else Path(url)


def _hash_in(url: str) -> str | None:
    """The SHA-256 in an address's fragment (PEP 503). Raises ConfigurationError for a hash of another kind."""
    fragment = urldefrag(url).fragment
    if match := next((found for part in fragment.split("&") if (found := _SHA256.fullmatch(part))), None):
        return match[1].lower()
    if re.search(r"(?:^|&)(?:md5|sha\d+|blake2\w*)=", fragment):
        raise ConfigurationError(f"{url}: has no hash that can be verified: give one that begins with sha256=")
    return None


def _name_address(line: Line) -> Requirement | None:
    """A line with only an address, as a requirement with the name from that address; None if it is a local path.
    Raises ConfigurationError."""
    if line.location is None:
        return None
    if is_version_control(line.location):
        parse_commit(line.location, line.text)
    elif _local(line.location) is not None:
        return None
    else:
        _require_address(line.location, line.text)
    url, fragment = urldefrag(line.location)
    name = (parse_qs(fragment).get("egg") or [""])[0].partition("[")[0] or name_in_file(Path(urlsplit(url).path).name)
    if not name:
        shown, url = hide_logins(line.text), hide_logins(url)
        raise ConfigurationError(f"{shown}: its files do not state its name; write it as NAME @ {url}")
    extras = f"[{','.join(line.extras)}]" if line.extras else ""
    return Requirement(f"{name}{extras} @ {line.location}" + (f" ; {line.marker}" if line.marker else ""))


def _require_hash(path: Path, line: Line) -> None:
    """Check that a local file has one of the line's hashes. Raises ConfigurationError."""
    allowed = {match[1].lower() for text in line.hashes if (match := _SHA256.fullmatch(text))}
    if allowed and path.is_file() and (found := hashlib.sha256(path.read_bytes()).hexdigest()) not in allowed:
        raise ConfigurationError(f"{path}: its hash is not the one in the line: sha256:{found}")
