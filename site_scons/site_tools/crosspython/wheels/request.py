"""What a user asks for with `pkgs=`: names with versions, extras and markers, requirements files, local projects.

Knows how people write such lists on a command line and in requirements files, and reads the files they name. It knows
no index and resolves nothing. Paths belong to the build machine.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from crosspython.errors import ConfigurationError
from crosspython.wheels.projects import Project, is_archive_name, is_project, read_project

# PEP 508's words, as far as one has to know them to see where a requirement ends.
_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_VERSION = r"(?:===|==|~=|!=|<=|>=|<|>)\s*[A-Za-z0-9.*+!_-]+"
_MARKER = r"""(?:'[^']*'|"[^"]*"|[^'",;\n])+"""
_REQUIREMENT = re.compile(
    rf"(?P<name>{_NAME})\s*(?:\[[^\]]*\])?\s*"
    rf"(?:@\s*(?P<place>[^\s,;]+)|\(\s*{_VERSION}(?:\s*,\s*{_VERSION})*\s*\)|{_VERSION}(?:\s*,\s*{_VERSION})*)?"
    rf"(?:\s*;{_MARKER})?"
)
_BETWEEN = re.compile(r"[\s,]+")
_WORD = re.compile(r"[^\s,]+")
_COMMENT = re.compile(r"(?:^|\s)#.*$")
# What is a file where it stands alone, whether it is there or not; ".py" and ".yaml" end many packages' names.
_FILES = (".txt", ".in", ".toml", ".lock", ".cfg", ".ini")
_ARCHIVES = "an sdist or a wheel"
_FORMS = 'names as in pkgs="numpy pandas>=2", @FILE for a requirements file, ./FOLDER, or a local sdist or wheel'


@dataclass(frozen=True)
class Request:
    """requirements: PEP 508, for the index; constraints: likewise, but they ask for nothing; projects: local ones.

    dependencies: by package, what it needs at run time, where it is not to be asked itself
    found: by package, what its wheel was seen to need, which is believed before what the package says (lock.py)
    remarks: what its writer should know of how it was understood
    """

    requirements: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    projects: tuple[Project, ...] = ()
    dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    found: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Normalized names of all that was asked for."""
        names = [canonicalize_name(Requirement(text).name) for text in self.requirements]
        return (*names, *(project.name for project in self.projects))


class _Reader:
    """Collects what was asked for, and all that is wrong with it."""

    def __init__(self) -> None:
        self.requirements: list[str] = []
        self.projects: list[Project] = []
        self.problems: list[str] = []
        self.remarks: list[str] = []
        self.open_files: list[Path] = []

    def read_words(self, text: str, start: Path, where: str = "") -> None:
        """A list as it stands on a command line, separated by spaces or commas; a marker ends at a comma."""
        for word in _split(text):
            if word.startswith("@"):
                self.read_file(start / Path(word[1:]).expanduser(), where)
            else:
                self.read_one(word, start, where)

    def read_one(self, text: str, start: Path, where: str = "") -> None:
        if mistaken := explain_file(text, start):
            self.problems.append(f"{where}{text}: {mistaken}")
            return
        try:
            if _is_path(text, start):
                self.projects.append(read_project(start / Path(text).expanduser()))
                return
            requirement = Requirement(text)
            if requirement.url is not None and re.match(r"\w+\+", requirement.url):
                self.problems.append(f"{where}{text}: clone it, and name its folder: what is locked has a hash")
                return
            if requirement.url is not None and "://" not in requirement.url:
                self.projects.append(read_project(start / requirement.url, canonicalize_name(requirement.name)))
                return
            self.requirements.append(str(requirement))
            if text == requirement.name and is_project(start / text):
                self.remarks.append(f"{text} is taken from the index; for the folder here write ./{text}")
        except InvalidRequirement:
            self.problems.append(f"{where}{text}: no requirement{_suggestion(text)}")
        except ConfigurationError as error:
            self.problems.append(f"{where}{error.what}")

    def read_file(self, path: Path, where: str = "") -> None:
        """A requirements file as pip's users write it; of options only -r."""
        if path in self.open_files:
            self.problems.append(f"{where}{path} names itself")
            return
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            self.problems.append(f"{where}{path}: cannot be read: {reason}")
            return
        self.open_files.append(path)
        for number, line in _lines(text):
            place = f"{path.name}, line {number}: "
            if match := re.fullmatch(r"(?:-r|--requirement)[\s=]*(\S+)", line):
                self.read_file(path.parent / match[1], place)
            elif line.startswith("-") or " --" in line:
                self.problems.append(f"{place}{line}: {_refuse_option(line)}")
            else:
                self.read_one(line, path.parent, place)
        self.open_files.pop()


def read_request(packages: Sequence[str], constraints: str | None, start: Path) -> Request:
    """Read what was asked for; relative paths start at `start`, in a file at its folder.

    packages:    texts such as `pkgs=` takes
    constraints: a file of further requirements that ask for nothing and only narrow versions
    Raises ConfigurationError that lists all that is wrong.
    """
    reader, narrowing = _Reader(), _Reader()
    for text in packages:
        reader.read_words(text, start)
    if constraints:
        narrowing.read_file(start / Path(constraints).expanduser(), "constraints: ")
    if narrowing.projects:
        narrowing.problems.append(f"{constraints}: a constraint narrows versions, and is no local project")
    if problems := [*reader.problems, *narrowing.problems]:
        raise ConfigurationError("pkgs=: cannot be read", evidence=problems, expected=_FORMS)
    if not reader.requirements and not reader.projects:
        raise ConfigurationError(
            "pkgs=: no package is asked for", expected=_FORMS, next="for example `scons wheels pkgs=numpy`"
        )
    return Request(
        tuple(dict.fromkeys(reader.requirements)),
        tuple(dict.fromkeys(narrowing.requirements)),
        tuple(dict.fromkeys(reader.projects)),
        remarks=tuple(dict.fromkeys(reader.remarks)),
    )


def _split(text: str) -> Iterator[str]:
    """The words of a list: commas and spaces stand inside of requirements too."""
    position = 0
    while True:
        if gap := _BETWEEN.match(text, position):
            position = gap.end()
        if position >= len(text):
            return
        word = _WORD.match(text, position)
        assert word is not None  # there is something that is neither a space nor a comma
        requirement = _REQUIREMENT.match(text, position)
        # A requirement that ends within a word is none: a path, or a mistake that is shown whole.
        if requirement is None or (requirement.end() < word.end() and text[requirement.end()] not in ", \t\n"):
            found = word
        else:
            found = requirement
        yield found.group().strip()
        position = found.end()


def explain_file(text: str, start: Path) -> str | None:
    """What to write for a file that is asked for as if it were a package or a project; None where it is none.

    Such a name must not go to the index: whoever registered it there would have his code run. A name that ends like a
    file's can still be asked for in its normalized form, requirements-txt (PEP 503).
    """
    path = start / Path(text).expanduser()
    is_named = re.fullmatch(_NAME, text) is not None
    if is_archive_name(text) or not (path.is_file() or (is_named and path.suffix.lower() in _FILES)):
        return None
    if re.fullmatch(r"pylock(\..+)?\.toml", path.name):
        return f"a lock is named with lock={text}"
    if path.name in ("pyproject.toml", "setup.py", "setup.cfg"):
        folder = Path(text).parent.as_posix()
        return f"a project is named by its folder: {folder if '/' in folder or folder == '..' else f'./{folder}'}"
    if path.suffix.lower() in (".txt", ".in"):
        return f"a requirements file is named with an @ before it: @{text}"
    return f"is a file; a requirements file has an @ before it, and a project is a folder, {_ARCHIVES}"


def _is_path(text: str, start: Path) -> bool:
    """Whether a word names something on this machine rather than on an index."""
    if "://" in text or "@" in text.split("/")[0]:
        return False
    if text.startswith((".", "/", "~")) or is_archive_name(text):
        return True
    return "/" in text or (not re.fullmatch(_NAME, text) and (start / text).exists())


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Logical lines with the number of their first one, without comments (pip: requirements file format)."""
    first, parts = 0, ""
    for number, line in enumerate([*text.splitlines(), ""], 1):
        first = first or number
        line = _COMMENT.sub("", line)
        if line.endswith("\\"):
            parts += line[:-1]
            continue
        if whole := (parts + line).strip():
            yield first, whole
        first, parts = 0, ""


def _suggestion(text: str) -> str:
    if re.match(rf"{_NAME}\s*=[^=]", text):
        return f"; did you mean {re.sub(r'=', '==', text, count=1)}?"
    return ""


def _refuse_option(line: str) -> str:
    if "--hash" in line:
        return "hashes stand in the lock; leave them out here"
    if line.startswith(("-c", "--constraint")):
        return "name it with constraints=FILE"
    if line.startswith(("-e", "--editable")):
        return "a wheel is never editable; name the folder alone"
    if line.startswith(("-i", "--index-url", "--extra-index-url", "-f", "--find-links", "--no-index", "--trusted")):
        return "where packages come from is pip's configuration"
    return "this option of pip's is not taken here"
