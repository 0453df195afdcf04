"""Reads requirements files as pip does, and as pip-compile, uv export and poetry export write them.

pip_requirements_parser, which is pip's own code, parses the format (docs/decisions/0024 explains why). request.py
interprets the lines. Paths belong to the build machine.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from crosspython.errors import ConfigurationError
from crosspython.wheels.resolving.words import locate, strip_quotes

# pip only replaces variables with capital letters (Requirements File Format, Using environment variables).
_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")
_SETTINGS = re.compile(r"--(config-settings?|global-option|install-option|build-option)\b")


@dataclass(frozen=True)
class Line:
    """One logical line.

    place:       file and line, for messages: "req.txt, line 3: "
    text:        the line's text
    requirement: the requirement, if it has a name
    location:    the path or address, if it has no name; extras and marker belong to it
    hashes:      "sha256:..."; the file must have one of them
    options:     pip's options, by the names in pip's code
    problem:     why the line cannot be read
    """

    place: str
    text: str
    requirement: Requirement | None = None
    location: str | None = None
    extras: tuple[str, ...] = ()
    marker: str = ""
    hashes: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    problem: str | None = None


def read_lines(path: Path) -> list[Line]:
    """The lines of a requirements file, without empty ones and comments, in their order.
    Raises ConfigurationError if the file cannot be read."""
    from pip_requirements_parser import RequirementsFile  # slow to import; not needed without such files

    try:
        path.read_bytes()
        found = RequirementsFile.from_file(str(path))
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from error
    except (UnicodeError, LookupError) as error:
        raise ConfigurationError(f"{path}: cannot be read: it is not UTF-8 text") from error
    lines = [*found.requirements, *found.options, *found.invalid_lines]
    return [_read(path, line) for line in sorted(lines, key=lambda line: int(line.line_number))]


def expand(text: str) -> str:
    """A text with its environment variables replaced by their values. Raises ConfigurationError for one that is not
    set."""

    def value(match: re.Match[str]) -> str:
        if match[1] not in os.environ:
            raise ConfigurationError(f"the environment has no variable {match[1]}")
        return os.environ[match[1]]

    return _VARIABLE.sub(value, text)


def _read(path: Path, line: Any) -> Line:
    place, text = f"{path.name}, line {line.line_number}: ", str(line.requirement_line.line)
    try:
        if getattr(line, "error_message", None) and _VARIABLE.search(text):
            line = _read_alone(expand(text)) or line  # pip replaces variables before it parses a line
        if problem := getattr(line, "error_message", None):
            return Line(place, text, problem=_explain(text, problem))
        if hasattr(line, "options"):
            options = {name: _expand_all(value) for name, value in line.options.items()}
            return Line(
                place, text, options=options, problem=None if options else "is not an option that pip accepts here"
            )
        return _read_requirement(place, text, line)
    except ConfigurationError as error:
        return Line(place, text, problem=error.what)


def _read_alone(text: str) -> Any:
    """Parse one line with the library; None if the library makes several lines of it."""
    from tempfile import TemporaryDirectory

    from pip_requirements_parser import RequirementsFile

    with TemporaryDirectory(prefix="crosspython-") as folder:  # the library's own from_string does not run
        file = Path(folder, "line.txt")
        file.write_text(text, encoding="utf-8")
        found = RequirementsFile.from_file(str(file))
    lines = [*found.requirements, *found.options, *found.invalid_lines]
    return lines[0] if len(lines) == 1 else None


def _read_requirement(place: str, text: str, line: Any) -> Line:
    hashes, marker = tuple(line.hash_options), str(line.marker or "")
    if line.global_options or line.install_options:
        return Line(place, text, problem=_explain(text, ""))
    if line.req is not None and (line.link is None or line.is_name_at_url):
        requirement = Requirement(expand(str(line.req)))
        requirement.marker = line.marker or requirement.marker  # the library stores it in the line
        return Line(place, text, requirement, hashes=hashes)
    location = strip_quotes(expand(str(line.link.url)))
    return Line(place, text, None, location, tuple(sorted(line.extras)), marker, hashes)


def _expand_all(value: Any) -> Any:
    return (
        [expand(item) for item in value]
        if isinstance(value, list)
        else expand(value)
        if isinstance(value, str)
        else value
    )


def _explain(text: str, problem: str) -> str:
    if _SETTINGS.search(text):
        return "settings of a build backend belong in an override of the package: docs/overrides.md"
    first = next(iter(problem.splitlines()), "")
    return first.removeprefix("pip_requirements_parser: error: ").removeprefix("Invalid requirement: ").strip(": ")


def find_options(options: Mapping[str, Any], folder: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    """A line's options about the sources of packages, by the names in pip's configuration.

    folder: the file's folder: a path of --find-links is searched there first, as in pip
    """
    for name, pip in (
        ("index_url", "index-url"),
        ("extra_index_urls", "extra-index-url"),
        ("trusted_hosts", "trusted-host"),
    ):
        if value := options.get(name):
            yield pip, (value,) if isinstance(value, str) else tuple(value)
    for name in ("no_index", "pre"):
        if options.get(name):
            yield name.replace("_", "-"), ("1",)
    if links := options.get("find_links"):
        yield "find-links", tuple(_place_links(link, folder) for link in links)


def _place_links(link: str, folder: Path) -> str:
    if "://" in link:
        return link
    beside = locate(link, folder)
    return str(beside.resolve() if beside.exists() else locate(link, Path.cwd()).resolve())
