"""The code that decides about a product: found by imports in every scope, so that no key of the cache lacks any."""

from __future__ import annotations

from pathlib import Path

import pytest
from crosspython.builders import build_python, code, wheel_kit
from crosspython.wheels.building import front_end

from tests.conftest import TOOLS, Project
from tests.unit.imported import imports_of
from tests.unit.made_packages import add_sdist

SCONSTRUCT = """\
import os
DefaultEnvironment(tools=[])
env = Environment(tools=[], ENV={{"PATH": os.environ["PATH"]}})
env.Tool("crosspython", toolpath=[{tools!r}], settings=ARGUMENTS)
env.Components()
from crosspython.builders.action import step_of
from crosspython.builders.code import PACKAGE, files_behind, modules_named_by
for title, node in dict(component=env.Components()["zlib"], bundle=env.Bundle(), wheel=env.Wheels()[1]).items():
    step = step_of(node.get_executor().get_action_list()[0])
    for file in files_behind(modules_named_by(step.function)):
        print(title, file.relative_to(PACKAGE))
env.Alias("nothing", [])
"""
MODULES = {
    "wheels/entry.py": "def run():\n    if True:\n        from pack.wheels import helper\n",
    "wheels/helper.py": "import pack.recipes.meson\nTABLE = 'table.toml'\nPROGRAM = 'program.py'\nINNER = 'inner.py'\n",
    "wheels/table.toml": "",
    "wheels/program.py": "from pack import names\n",
    "wheels/data/inner.py": "",
    "wheels/data/other.toml": "",
    "wheels/other.py": "",
    "wheels/other.toml": "",
    "recipes/meson.py": "from typing import TYPE_CHECKING\n",
    "names.py": "",
}


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of a few modules, in the place of ours."""
    folder = tmp_path / "pack"
    for name, text in MODULES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    monkeypatch.setattr(code, "PACKAGE", folder)
    monkeypatch.setattr(code, "_NAME", "pack")
    return folder


def identity() -> str:
    return code.hash_modules.__wrapped__(frozenset({"pack.wheels.entry"}))


@pytest.mark.parametrize("name", MODULES)
def test_a_change_of_what_is_imported_changes_the_identity_and_of_nothing_else(package: Path, name: str) -> None:
    before = identity()
    with (package / name).open("a") as file:
        file.write("\n")
    assert (identity() != before) is ("other" not in name)


def test_a_module_that_is_imported_only_now_counts(package: Path) -> None:
    before = [path.name for path in code.files_behind({"pack.wheels.entry"})]
    (package / "names.py").write_text("def later():\n    import pack.wheels.other\n")
    assert sorted([*before, "other.py"]) == sorted(path.name for path in code.files_behind({"pack.wheels.entry"}))


def test_every_file_that_a_module_names_counts() -> None:
    """All files below a module's own folder."""
    for path in code.PACKAGE.rglob("*.py"):
        if "__file__" not in path.read_text() or code._is_scons_layer(code._name_of(path)):
            continue
        names = code._FILE_NAME.findall(path.read_text())
        named = {file for name in names for file in path.parent.rglob(Path(name).name) if file.is_file()}
        assert named <= set(code.files_behind({code._name_of(path)})), path


def test_programs_that_run_in_a_wheels_build_count() -> None:
    found = {path.relative_to(code.PACKAGE).as_posix() for path in code.files_behind({front_end.__name__})}
    for program in ("run/data/supervise", "building/data/crosspython_find_library", "resolving/data/uv/sitecustomize"):
        assert any(name.endswith(f"{program}.py") for name in found), program


def test_imports_of_ours_are_found_as_pythons_own_parser_finds_them() -> None:
    for path in code.PACKAGE.rglob("*.py"):
        ours = {name for name in imports_of(path) if name.startswith("crosspython.")}
        assert ours <= set(code.own_imports(path.read_text())), path


def read(project: Project) -> dict[str, set[str]]:
    """The files behind the actions of a component, of the bundle and of a wheel, as a real run finds them."""
    (project.folder / "SConstruct").write_text(SCONSTRUCT.format(tools=str(TOOLS)))
    add_sdist(project.folder, "app", build_requires=[])
    found: dict[str, set[str]] = {"component": set(), "bundle": set(), "wheel": set()}
    for line in project.scons("nothing", "pkgs=./app-1.0.tar.gz", "binary=never").splitlines():
        title, _, file = line.partition(" ")
        if title in found and file.endswith((".py", ".toml")):
            found[title].add(file)
    return found


def test_actions_are_signed_by_all_that_they_run_and_by_nothing_that_others_do(project: Project) -> None:
    found = read(project)
    component = {
        "builders/component.py",
        "stages/carry_out.py",
        "finish/compile_modules.py",
        "toolchain/answers.toml",
        "recipes/plan.py",
        "run/process.py",
        "store/tree.py",
        "targets/machines.py",
        "elf/patchelf.py",
        "hosttools.py",
    }
    assert component <= found["component"]
    assert {"builders/products.py", "stages/bundle.py", "store/tree.py"} <= found["bundle"]
    wheel = {
        "builders/wheel_nodes.py",
        "builders/wheel_kit.py",
        "recipes/meson.py",
        "wheels/building/make_kit.py",
        "wheels/repairing/repair.py",
        "toolchain/rust.toml",
    }
    assert wheel <= found["wheel"]
    for title, files in found.items():
        assert not {file for file in files if file.startswith(("board/", "checks/", "report/", "doctor"))}, title
    assert not {file for file in found["component"] if file.startswith("wheels/")}


def test_what_comes_from_the_cache_outside_of_scons_is_signed_so_too() -> None:
    made = {path.name for path in code.files_behind(code.modules_named_by(build_python._make))}
    assert {"build_python.py", "carry_out.py", "process.py", "recipe.py"} <= made
    kit = {path.name for path in code.files_behind(code.modules_named_by(wheel_kit.kit_of))}
    assert {"wheel_kit.py", "kit.py", "rust.py", "machine_files.py"} <= kit
