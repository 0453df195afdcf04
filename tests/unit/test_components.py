"""The recipes under components/, each read for every machine and every Python: a linter, as Buildroot has one."""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
from crosspython.doctor import OPTIONAL_TOOLS, TOOLS
from crosspython.hosttools import PINNED
from crosspython.recipes.cpython import plan_build_python, plan_cpython
from crosspython.recipes.recipe import Recipe
from crosspython.recipes.release import Library, Own, read_release
from crosspython.recipes.series import series_names
from crosspython.recipes.versions import choose_version
from crosspython.wheels.known.overrides import SHIPPED, read_override

from tests.conftest import REPOSITORY
from tests.unit.declared import board, declare

COMPONENTS = REPOSITORY / "components"
MACHINES = ("aarch64", "armv7l", "riscv64")
# Their files say 3460100, v190600, and the version of the server that the connector comes with.
OTHERWISE = ("sqlite", "portaudio", "mariadb-connector")
NOUNS = {"cpython", "cpython/build-python"}  # their data are in <series>.toml and have tests of their own


class Reader:
    """Stands for SCons's environment while a recipe is read: it makes the recipe, and no node."""

    def __init__(self, folder: Path, machine: str, version: str | None = None) -> None:
        self.folder, self.target, self.version = folder, board(machine), version
        self.recipes: list[Recipe] = []
        self.versions: tuple[str, ...] = ()

    def __getattr__(self, kind: str) -> Callable[..., str]:
        def read_recipe(name: str, version: str, **said: Any) -> str:
            self.versions = (version, *said.get("others", ()))
            library = {name: Library(self.version)} if self.version else {}
            said = choose_version({**said, "name": name, "version": version}, library)
            self.recipes.append(declare(kind, self.target, self.folder, **said))
            return name

        return read_recipe


def names_in_order() -> tuple[str, ...]:
    tree = ast.parse((COMPONENTS / "SConscript").read_text())
    (value,) = [
        node.value for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "NAMES"
    ]
    return tuple(ast.literal_eval(value))


NAMES = tuple(name for name in names_in_order() if name not in NOUNS)


@functools.cache
def read(name: str, machine: str = "armv7l", version: str | None = None) -> Recipe:
    """The one recipe in components/<name>/SConscript; in another version than its own where one is named."""
    (recipe,) = open_recipe(name, machine, version).recipes
    return recipe


def open_recipe(name: str, machine: str, version: str | None) -> Reader:
    file = COMPONENTS / name / "SConscript"
    reader = Reader(file.parent, machine, version)
    returned: list[str] = []
    names = {"Import": lambda *_: None, "Return": lambda *names: returned.extend(names), "env": reader}
    exec(compile(file.read_text(), str(file), "exec"), names)
    assert [names[each] for each in returned] == [recipe.name for recipe in reader.recipes]
    return reader


# All versions of all components: several fit several Pythons.
VERSIONS = [(name, version) for name in NAMES for version in open_recipe(name, "armv7l", None).versions]
of_every_version = pytest.mark.parametrize(("name", "version"), VERSIONS)


def test_every_folder_is_in_the_list_and_every_name_has_a_folder() -> None:
    folders = {path.parent.relative_to(COMPONENTS).as_posix() for path in COMPONENTS.rglob("SConscript")} - {"."}
    assert folders == set(names_in_order())


@pytest.mark.parametrize("machine", MACHINES)
@of_every_version
def test_a_recipe_can_be_planned_for_every_machine(name: str, version: str, machine: str) -> None:
    recipe = read(name, machine, version)
    assert recipe.version == version
    assert recipe.facts()["plan"]


@pytest.mark.parametrize("name", NAMES)
def test_the_doctor_looks_for_every_tool_of_a_recipe(name: str) -> None:
    assert {*read(name).plan.tools} <= {*TOOLS, *OPTIONAL_TOOLS, *PINNED}


@pytest.mark.parametrize("name", NAMES)
def test_a_component_is_called_as_its_folder(name: str) -> None:
    assert read(name).name == name


@of_every_version
def test_the_version_stands_in_the_source_that_upstream_has(name: str, version: str) -> None:
    recipe = read(name, version=version)
    address = next(source.url for source in recipe.sources if source.url)
    squeezed = [text.replace("_", ".").replace("-", ".") for text in (address, recipe.version)]
    assert squeezed[1] in squeezed[0] or name in OTHERWISE


@pytest.mark.parametrize("name", NAMES)
def test_a_source_is_to_be_had_from_upstream_and_from_a_distributions_pool(name: str) -> None:
    sources = read(name).sources
    assert any(source.url for source in sources)
    assert any(source.pool for source in sources)


@pytest.mark.parametrize("name", NAMES)
def test_the_docstring_says_what_it_is_and_who_needs_it(name: str) -> None:
    docstring = ast.get_docstring(ast.parse((COMPONENTS / name / "SConscript").read_text())) or ""
    what, _, who = docstring.partition(": ")[2].partition("for ")
    assert what, docstring
    assert who, docstring


@pytest.mark.parametrize("name", NAMES)
def test_what_it_depends_on_is_read_before_it(name: str) -> None:
    order = names_in_order()
    assert all(order.index(needed) < order.index(name) for needed in read(name).depends)


@pytest.mark.parametrize("name", NAMES)
def test_what_it_depends_on_holds_each_name_once(name: str) -> None:
    depends = read(name).depends
    assert len(set(depends)) == len(depends)


@of_every_version
def test_nothing_of_the_build_machine_stands_in_a_plan(name: str, version: str) -> None:
    text = read(name, version=version).plan.as_text()
    assert "/usr/lib" not in text
    assert "/usr/local" not in text
    assert "/usr/include" not in text


@pytest.mark.parametrize("series", series_names(COMPONENTS / "cpython"))
def test_what_a_python_depends_on_is_read_before_it(series: str) -> None:
    order = names_in_order()
    release = read_release(COMPONENTS / "cpython", series)
    assert all(order.index(needed) < order.index("cpython") for needed in release.depends)
    assert plan_cpython(release, shared=False).steps
    assert plan_build_python(release).steps


@pytest.mark.parametrize("series", series_names(COMPONENTS / "cpython"))
def test_the_libraries_of_a_python_are_versions_that_there_are_and_that_fit(series: str) -> None:
    release = read_release(COMPONENTS / "cpython", series)
    chosen = {name: release.libraries.get(name) for name in release.depends}
    versions = {name: read(name, version=library and library.version).version for name, library in chosen.items()}
    libraries = {name: Library(number) for name, number in versions.items()}
    own = Own("all that it takes", release.version, libraries=libraries)
    assert read_release(COMPONENTS / "cpython", own).libraries.keys() == set(release.depends)  # it fits, or raises


def test_h5py_is_told_the_version_of_hdf5_that_there_is() -> None:
    assert read_override(SHIPPED / "h5py.toml").environment["HDF5_VERSION"] == read("hdf5").version


def test_pg_config_tells_the_version_of_libpq() -> None:
    recipe = read("libpq")
    assert f"PostgreSQL {recipe.version}" in recipe.plan.as_text()


@of_every_version
def test_a_recipe_says_what_its_component_is_licensed_under(name: str, version: str) -> None:
    recipe = read(name, version=version)
    assert recipe.license and recipe.license_files
    assert not any(fnmatch(text, glob) for text in recipe.license_files for glob in recipe.leave_out)


@pytest.mark.parametrize("series", series_names(COMPONENTS / "cpython"))
def test_nothing_that_every_bundle_holds_is_under_the_gpl(series: str) -> None:
    waiting, seen = [*read_release(COMPONENTS / "cpython", series).depends], set[str]()
    while waiting:
        seen.add(name := waiting.pop())
        waiting += read(name).depends
    licenses = {name: read(name).license for name in seen}
    assert [name for name, text in licenses.items() if "GPL" in text.replace("LGPL", "") and " OR " not in text] == []
    assert "libedit" in seen and "readline" not in seen


def test_openssl_1_0_2_keeps_the_text_that_its_installation_shows() -> None:
    leave_out = read("openssl", version="1.0.2u").leave_out
    assert not any(fnmatch("doc/openssl-shared.txt", each) for each in leave_out)
    assert any(fnmatch("doc/ssl/SSL_new.pod", each) for each in leave_out)
