"""The project's file: crosspython.toml, or [tool.crosspython] in pyproject.toml. It sets variables of the command line.

This module knows which values the file may contain, the lines of these values, and their texts as on a command line.
settings.py knows what they mean. Relative paths in the file start at its own folder, which is that of the SConstruct.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, defstruct

from crosspython.builders.settings import VARIABLES, Variable, find_variable, read_settings
from crosspython.errors import ConfigurationError
from crosspython.reading import Keys, Locate, read_data, read_toml

OWN_FILE, SHARED_FILE = "crosspython.toml", "pyproject.toml"
_TABLE: Keys = ("tool", "crosspython")
_DOCUMENTATION = "docs/project.md says what it may contain"


class Place(msgspec.Struct, frozen=True):
    """Where a variable is set. The line is searched only when it is asked for, because the search parses the file
    several times."""

    file: Path
    name: str
    locate: Locate

    def __str__(self) -> str:
        return f"{self.file}, line {self.locate((self.name,))}"


class ProjectFile(msgspec.Struct, frozen=True):
    """The values of a folder's file; empty if there is no file.

    texts:  values by the names of their variables, written as on a command line
    places: where these values are set
    overruled: names of the file's variables for which the command line gives another value
    """

    texts: Mapping[str, str] = {}
    places: Mapping[str, Place] = {}
    overruled: frozenset[str] = frozenset()

    def under(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The given values, and the file's values for all variables that were not given."""
        return {**self.texts, **{name: value for name, value in given.items() if value is not None}}

    def without(self, given: Mapping[str, Any]) -> ProjectFile:
        """The same without the file's values of variables that were given."""
        kept = [name for name in self.texts if given.get(name) is None]
        return ProjectFile(
            {name: self.texts[name] for name in kept},
            {name: self.places[name] for name in kept},
            frozenset(self.texts).difference(kept),
        )

    @contextmanager
    def naming_lines(self, folder: Path | None = None) -> Iterator[None]:
        """Errors about a value of the file name its line.

        folder: where the settings are read. An error is then blamed on a value that is also refused on its own.
        """
        try:
            yield
        except ConfigurationError as error:
            guilty = [name for name in self.texts if f"{name}=" in error.what]
            if folder is not None:
                guilty = guilty or [name for name in self.texts if self._is_refused(name, folder)]
            error.evidence += tuple(f"{name}= is set in {self.places[name]}" for name in guilty)
            raise

    def _is_refused(self, name: str, folder: Path) -> bool:
        try:
            read_settings({name: self.texts[name]}, folder, {})
        except ConfigurationError:
            return True
        return False


def read_project_file(folder: Path) -> ProjectFile:
    """The values of a folder's files. Raises ConfigurationError that lists all mistakes, or the variables to which two
    files give different values."""
    found = [each for each in (_read_own(folder / OWN_FILE), _read_shared(folder / SHARED_FILE)) if each is not None]
    if len(found) == 2:
        _require_agreement(*found)
    return ProjectFile(
        {name: text for each in found for name, text in each.texts.items()},
        {name: place for each in found for name, place in each.places.items()},
    )


def project_class() -> type[Struct]:
    """The class that describes the file's content, made from the table of variables."""
    keys = [(variable.name, _type_of(variable), UNSET) for variable in VARIABLES]
    return defstruct("Project", keys, frozen=True, kw_only=True, forbid_unknown_fields=True)


def _type_of(variable: Variable) -> Any:
    words = tuple(word for word in dict.fromkeys((*variable.allowed, variable.default)) if word)
    if variable.is_switch:
        shown = " or ".join(["true", "false", *(f'"{word}"' for word in words if word not in ("0", "1"))])
        return Annotated[bool | Literal[words], _describe(variable, shown)]
    if variable.allowed:
        return Annotated[Literal[words], _describe(variable, " or ".join(f'"{word}"' for word in words))]
    if variable.separator:
        text = Annotated[str, Meta(min_length=1)]
        return Annotated[text | tuple[text, ...], _describe(variable, "text in quotes, or a list of such texts")]
    return Annotated[str, _describe(variable, "text in quotes", min_length=1)]


def _describe(variable: Variable, expected: str, **limits: Any) -> Meta:
    default = {"default": variable.default} if variable.default else {}
    return Meta(description=expected, extra_json_schema={"description": variable.help, **default}, **limits)


def _read_own(file: Path) -> ProjectFile | None:
    if not file.is_file():
        return None
    data, locate = read_toml(file, str(file))
    return _read_table(file, data, locate)


def _read_shared(file: Path) -> ProjectFile | None:
    if not file.is_file() or b"crosspython" not in file.read_bytes():
        return None
    data, locate = read_toml(file, str(file))
    tools = data.get("tool", {})
    table = tools.get("crosspython") if isinstance(tools, dict) else None
    return None if table is None else _read_table(file, table, lambda keys: locate((*_TABLE, *keys)))


def _read_table(file: Path, data: Any, locate: Locate) -> ProjectFile:
    read_data(data, project_class(), str(file), next=_DOCUMENTATION, locate=locate)
    texts = {name: _text_of(find_variable(name), value) for name, value in data.items()}
    return ProjectFile(texts, {name: Place(file, name, locate) for name in texts})


def _text_of(variable: Variable, value: Any) -> str:
    """A value as a command line has it."""
    if isinstance(value, bool):
        return "01"[value]
    if isinstance(value, list):
        return variable.separator.join(_quote(item) if variable.name == "pkgs" else item for item in value)
    return str(value)


def _quote(item: str) -> str:
    """One item of a list of packages: a path with blanks is one word in quotes."""
    mark = "@" if item.startswith("@") else ""
    path = item.removeprefix("@")
    is_path = mark or path.startswith((".", "/", "~"))
    return f'{mark}"{path}"' if is_path and any(each in path for each in " ,") and path[0] not in "\"'" else item


def _require_agreement(one: ProjectFile, other: ProjectFile) -> None:
    differing = [name for name in one.texts if other.texts.get(name, one.texts[name]) != one.texts[name]]
    if differing:
        raise ConfigurationError(
            f"two files disagree about {', '.join(differing)}",
            evidence=[
                f"{project.places[name]}: {name} = {project.texts[name]}"
                for name in differing
                for project in (one, other)
            ],
            expected=f"each variable in {OWN_FILE} or in {SHARED_FILE}, or in both with the same value",
        )
