"""Splits a request into words: finds the end of a requirement, recognizes paths, and suggests what was probably meant.

Pure text, except for checks whether a file exists. Paths belong to the build machine.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from crosspython.names import PACKAGE_NAME
from crosspython.wheels.resolving.projects import is_archive_name

# The parts of PEP 508's grammar that are needed to find the end of a requirement.
_VERSION = r"(?:===|==|~=|!=|<=|>=|<|>)\s*[A-Za-z0-9.*+!_-]+"
_MARKER = r"""(?:'[^']*'|"[^"]*"|[^'",;\n])+"""
_VERSIONS = rf"{_VERSION}(?:\s*,\s*{_VERSION})*"
# `a @b.txt` is a package and a requirements file. An address after a name has blanks on both sides of its @, or no
# blank before it.
_PLACE = r"(?:@\s*|\s+@\s+)[^\s,;]+"
_REQUIREMENT = re.compile(
    rf"{PACKAGE_NAME}(?:\s*\[[^\]]*\])?(?:{_PLACE}|\s*\(\s*{_VERSIONS}\s*\)|\s*{_VERSIONS})?(?:\s*;{_MARKER})?"
)
_BETWEEN = re.compile(r"[\s,]+")
_WORD = re.compile(r"""@?"[^"]+"|@?'[^']+'|[^\s,\[]+(?:\[[^\]]*\])?[^\s,]*|[^\s,]+""")
# Endings of words that are files, even if the file does not exist. ".py" and ".yaml" are not here: names of many
# packages end with them.
_FILES = (".txt", ".in", ".toml", ".lock", ".cfg", ".ini")
_PROJECTS_FILES = ("Pipfile", "setup.py")


def split_words(text: str) -> Iterator[str]:
    """The words of a list. Commas and spaces may also occur inside of requirements, extras and quotes."""
    position = 0
    while True:
        if gap := _BETWEEN.match(text, position):
            position = gap.end()
        if position >= len(text):
            return
        word = _WORD.match(text, position)
        assert word is not None  # there is a character other than space and comma
        requirement = _REQUIREMENT.match(text, position)
        # If a requirement ends inside a word, it is none: the word is a path, or a mistake that is shown completely.
        if requirement is None or (requirement.end() < word.end() and text[requirement.end()] not in ", \t\n"):
            found = word
        else:
            found = requirement
        yield found.group().strip()
        position = found.end()


def strip_quotes(text: str) -> str:
    """A word without the quotes around it."""
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text


def locate(text: str, start: Path) -> Path:
    """The path that a text names, relative to a folder. `~name` is not changed if there is no such user."""
    return start / os.path.expanduser(text)


def find_path(text: str, start: Path) -> Path | None:
    """The existing file or folder that a text names; None if there is none, or if the text cannot be a path."""
    path = locate(text, start)
    try:
        return path if path.exists() else None
    except OSError:  # a whole list is too long for a name
        return None


def is_path(text: str, start: Path) -> bool:
    """Whether a word names something on this machine rather than on an index."""
    if "://" in text or "@" in text.split("/")[0]:
        return False
    if text.startswith((".", "/", "~")) or is_archive_name(text):
        return True
    return "/" in text or (not re.fullmatch(PACKAGE_NAME, text) and find_path(text, start) is not None)


def explain_file(text: str, start: Path, form: str = "@{}") -> str | None:
    """A hint what to write instead of the name of a file that was given as a package or a project; None if it is not
    such a name.

    form: how a requirements file is named here

    Such a name must not be searched on the index: anybody may have registered it there, and their code would be run. A
    package with such a name can still be requested in its normalized form, requirements-txt (PEP 503).
    """
    path, suffix = find_path(text, start), Path(text).suffix.lower()
    is_file = path is not None and path.is_file()
    is_named = re.fullmatch(PACKAGE_NAME, text) is not None
    is_file |= is_named and (suffix in _FILES or text in _PROJECTS_FILES)
    if is_archive_name(text) or not is_file:
        return None
    if suffix in (".txt", ".in"):
        return f"write a requirements file as {form.format(text)}"
    return explain_other(text) or f"is a file; write a requirements file as {form.format(text)}"


def explain_other(text: str) -> str | None:
    """A hint what to write for a file that is no requirements file, judged by its name; None if the name is unknown."""
    name = Path(text).name
    if re.fullmatch(r"pylock(\..+)?\.toml", name) or name in ("uv.lock", "poetry.lock", "pdm.lock"):
        return f"name a lock with lock={text}"
    if name in ("pyproject.toml", "setup.py", "setup.cfg"):
        folder = os.path.dirname(text) or "./"
        return f"name a project by its folder: {folder if '/' in folder or folder == '..' else f'./{folder}'}"
    if name in ("Pipfile", "Pipfile.lock"):
        return "let its tool export a requirements file, or a pylock.toml"
    return "this is a project: name it without @" if is_archive_name(name) else None


def suggest_equals(text: str) -> str:
    """A suggestion for `numpy=2`, `numpy=>2`, or `numpy = "*"` of a Pipfile."""
    found = re.fullmatch(rf"({PACKAGE_NAME}\s*)(=[<>]?)(\s*)([\"']?)([\w.*+!-]+)\4", text)
    if not found:
        return ""
    name, operator, blank, _, version = found.groups()
    operator = {"=": "==", "=>": ">=", "=<": "<="}[operator]
    return f"; did you mean {name.strip() if version == '*' else f'{name}{operator}{blank}{version}'}?"
