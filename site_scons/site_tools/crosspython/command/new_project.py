"""A new project: the files that `crosspython init` writes into a folder.

Existing files are not changed. If the folder contains an application (a Python project, or a requirements.txt), it is
used instead of the example.
"""

from __future__ import annotations

import keyword
import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from string import Template

import tomli_w

from crosspython.builders.project_file import OWN_FILE, SHARED_FILE, ProjectFile, read_project_file
from crosspython.builders.settings import DEFAULT_PYTHON, Settings, find_variable, read_settings
from crosspython.doctor import TOOLS
from crosspython.errors import ConfigurationError
from crosspython.hosttools import MANAGERS, package_of
from crosspython.reading import read_toml
from crosspython.targets import load_target
from crosspython.version import VERSION
from crosspython.wheels.resolving.words import split_words

_TEMPLATE = Path(__file__).resolve().parent / "data"
_HEAD = """\
# The board and the products of this project. Every variable of `scons -h` can be set here; the command line wins.
"""
_DEPENDENCY = "msgpack"
_CI_FILES = {"github": ".github/workflows/board.yml", "gitlab": ".gitlab-ci.yml"}


def make_project(
    folder: Path, variables: Mapping[str, str], *, name: str | None, ci: str, example: bool = True
) -> list[str]:
    """Write a project's files; what was done, in lines.

    variables: what crosspython.toml is to say beside the defaults
    name: the example's; None: the folder's
    ci: "github", "gitlab" or "none"
    example: write one, unless there is an application
    Raises ConfigurationError, before anything is written.
    """
    _require_free(folder)
    called = _check_name(name) if name else _name_after(folder)
    chosen = {"target": find_variable("target").default, "python": DEFAULT_PYTHON, **variables}
    settings = read_settings(chosen, folder.absolute(), os.environ)
    own = _find_own(folder)
    packages = [*(own or (["./app"] if example else [])), *split_words(variables.get("pkgs", ""))]
    texts = {OWN_FILE: _project_file({**chosen, "pkgs": ""}, packages)}
    texts |= {"SConstruct": (_TEMPLATE / "SConstruct").read_text(), ".gitignore": (_TEMPLATE / "gitignore").read_text()}
    texts |= _example(folder, called) if example and not own else {}
    texts |= {_CI_FILES[ci]: _ci_file(ci, settings)} if ci != "none" else {}
    return list(_write(folder, texts))


def _find_own(folder: Path) -> list[str]:
    """The value of `pkgs` for the existing application; empty if there is none."""
    projects = {".": folder, "./app": folder / "app"}
    found = [text for text, place in projects.items() if _is_project(place)][:1]
    return found or (["@requirements.txt"] if (folder / "requirements.txt").is_file() else [])


def _require_free(folder: Path) -> None:
    taken = [name for name in ("SConstruct", OWN_FILE) if (folder / name).exists()]
    if read_project_file(folder) != ProjectFile() and not taken:
        taken = [f"[tool.crosspython] in {SHARED_FILE}"]
    if taken:
        raise ConfigurationError(
            f"{folder}: there already is a project",
            found=", ".join(taken),
            next="crosspython init another-folder; docs/project.md says what crosspython.toml may contain",
        )


def _is_project(folder: Path) -> bool:
    """Whether pip can build a folder. A pyproject.toml alone is no evidence: many contain only settings of tools
    (PEP 518, PEP 621)."""
    if (folder / "setup.py").is_file():
        return True
    file = folder / SHARED_FILE
    return file.is_file() and not {"project", "build-system"}.isdisjoint(read_toml(file, str(file))[0])


def _name_after(folder: Path) -> str:
    """A name for the example that is valid for a package, a module and a program (PEP 508)."""
    name = re.sub(r"[^a-z0-9]+", "-", folder.absolute().resolve().name.lower()).strip("-")
    return name if _is_fit(name) else "app"


def _check_name(name: str) -> str:
    if not _is_fit(name):
        raise ConfigurationError(
            f"--name {name}: not a name for the example",
            expected="lower-case letters, digits and -, first a letter; no module of Python or of the example",
        )
    return name


def _is_fit(name: str) -> bool:
    module = name.replace("-", "_")
    taken = {*sys.stdlib_module_names, *keyword.kwlist, _DEPENDENCY, "setuptools", "pip"}
    return re.fullmatch(r"[a-z]([a-z0-9-]*[a-z0-9])?", name) is not None and module not in taken


def _project_file(texts: Mapping[str, str], packages: list[str]) -> str:
    values = {name: _as_toml(name, text) for name, text in texts.items() if text} | {"pkgs": packages}
    return _HEAD + tomli_w.dumps(values)


def _as_toml(name: str, text: str) -> str | bool:
    variable = find_variable(name)
    text = variable.read({name: text})
    return text == "1" if variable.is_switch and text in ("0", "1") else text


def _example(folder: Path, name: str) -> dict[str, str]:
    if (folder / "app").exists():
        raise ConfigurationError(
            f"{folder / 'app'} exists, but is not a Python project",
            expected="a folder with a pyproject.toml, or none",
            next="give it a pyproject.toml; or crosspython init --no-example",
        )
    module = name.replace("-", "_")
    project = Template((_TEMPLATE / "application.toml").read_text()).substitute(name=name, module=module)
    return {
        "app/pyproject.toml": project,
        f"app/src/{module}/__init__.py": (_TEMPLATE / "application.py").read_text(),
    }


def _ci_file(ci: str, settings: Settings) -> str:
    apt = next(manager for manager in MANAGERS if manager.name == "apt")
    targets = [settings.target, *(load_target(each, settings.start) for each in settings.others)]
    known = ((package_of(f"{prefix}-g++", apt) for prefix in target.prefixes) for target in targets)
    compilers = [next(filter(None, packages), None) for packages in known]
    found = [*(package_of(tool, apt) for tool in TOOLS), *compilers, "ca-certificates"]
    packages = [name for each in dict.fromkeys(found) if each for name in each.split()]
    packages += ["python3-venv"] if ci == "gitlab" else []
    return Template((_TEMPLATE / f"{ci}.yml").read_text()).substitute(packages=" ".join(packages), version=VERSION)


def _write(folder: Path, texts: Mapping[str, str]) -> Iterator[str]:
    yield f"made in {folder.absolute().resolve()}:"
    for name, text in texts.items():
        path = folder / name
        if path.exists():
            yield f"  {name} exists, and is not changed" + ("; add /build/ to it" if name == ".gitignore" else "")
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        yield f"  {name}"
