"""Files beside a local project that its build reads are copied, too;
git answers the questions of a build as in the original."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from crosspython.wheels.project_files import ProjectFiles
from crosspython.wheels.resolving import neighbours
from crosspython.wheels.resolving.neighbours import find_project_files

PATH = os.environ["PATH"]
SCM = '[build-system]\nrequires = ["setuptools-scm"]\n'


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def find(folder: Path, *named: str, leave_out: Path | None = None) -> ProjectFiles:
    return find_project_files("app", folder, leave_out, PATH, named)


def beside(folder: Path, *named: str) -> list[str]:
    return [os.path.relpath(path, folder) for path in find(folder, *named).beside]


@pytest.mark.parametrize(
    ("file", "text", "reads"),
    [
        ("pyproject.toml", '[tool.uv.sources]\nlib = { path = "../lib" }', ["../lib"]),
        ("pyproject.toml", '[tool.poetry.dependencies]\nlib = { path = "../lib", develop = true }', ["../lib"]),
        ("pyproject.toml", 'dependencies = ["lib @ {root:uri}/../lib"]', ["../lib"]),
        ("pyproject.toml", 'readme = "../README.md"', ["../README.md"]),
        ("pyproject.toml", 'ext-modules = [{ name = "x", sources = ["../src/dev.c"] }]', ["../src"]),
        ("setup.py", 'Extension("x", [os.path.join(HERE, "..", "src", "dev.c")])', ["../src"]),
        ("setup.py", 'Extension("x", [str(Path(__file__).parent.parent / "src" / "dev.c")])', ["../src"]),
        ("setup.py", 'ROOT = Path(__file__).resolve().parents[1]\nopen(ROOT / "VERSION")', ["../VERSION"]),
        ("setup.py", "ROOT = dirname(dirname(abspath(__file__)))\nopen(join(ROOT, 'VERSION'))", ["../VERSION"]),
        ("setup.py", 'HERE = Path(__file__).parent\nopen(HERE / "VERSION")', []),
        ("CMakeLists.txt", "add_subdirectory(${CMAKE_SOURCE_DIR}/../src build)", ["../src"]),
        ("app/x.c", '#include "../../src/dev.h"', ["../src"]),
        ("app/x.c", '#include "../app/y.h"', []),
        ("app/x.py", "path = '../../absent/x'", []),
        ("README.md", "[licence](../VERSION)", []),
    ],
)
def test_what_a_projects_files_name_outside_of_it_comes_along(
    tmp_path: Path, file: str, text: str, reads: list[str]
) -> None:
    write(tmp_path, {"VERSION": "1", "README.md": "x", "src/dev.c": "x", "src/dev.h": "x", "lib/setup.py": "x"})
    assert beside(write(tmp_path / "app", {file: text})) == reads


def test_what_a_neighbour_names_comes_along_too(tmp_path: Path) -> None:
    write(tmp_path, {"src/dev.c": '#include "../common/inc/a.h"', "common/inc/a.h": "x", "common/other.h": "x"})
    assert beside(write(tmp_path / "app", {"setup.cfg": "sources = ../src/dev.c"})) == ["../common/inc", "../src"]


def test_a_crate_brings_its_workspace(tmp_path: Path) -> None:
    write(tmp_path / "all", {"Cargo.toml": "[workspace]\nmembers = ['app', 'core']", "core/Cargo.toml": "[package]"})
    assert beside(write(tmp_path / "all/app", {"Cargo.toml": "[package]"})) == [".."]


def test_a_file_of_the_system_brings_none_beside_it(tmp_path: Path) -> None:
    """A test or a manual may name /etc/passwd."""
    up = "../" * len(tmp_path.parts)
    folder = write(tmp_path / "app", {"test.c": f'open("{up}etc/passwd")'})
    assert [str(path) for path in find(folder).beside] == ["/etc/passwd"]


def test_what_an_override_names_comes_along(tmp_path: Path) -> None:
    write(tmp_path, {"assets/a.bin": "x"})
    assert beside(write(tmp_path / "app", {"setup.py": ""}), "../assets", "../absent") == ["../assets"]


def test_what_is_too_large_is_told_and_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "_MOST", 2)
    write(tmp_path, {"sdk/a": "", "sdk/b": "", "sdk/c": "", "src/a": ""})
    files = find(write(tmp_path / "app", {"setup.py": "'../sdk' '../src'"}))
    assert [path.name for path in files.beside] == ["src"]
    files.hash()
    assert [remark for remark in files.remarks if str(tmp_path / "sdk") in remark]


def test_the_folder_that_everything_is_built_in_is_no_neighbour(tmp_path: Path) -> None:
    write(tmp_path, {"build/rv1126/x": "", "app/setup.py": "'../build/rv1126'"})
    assert find(tmp_path / "app", leave_out=tmp_path / "build").beside == ()


def git(folder: Path, *arguments: str) -> str:
    name = ["-c", "user.name=x", "-c", "user.email=x@example.invalid", "-c", "protocol.file.allow=always"]
    done = subprocess.run(["git", *name, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def commit(folder: Path, files: dict[str, str], tag: str) -> None:
    write(folder, files)
    if not (folder / ".git").exists():
        git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "x")
    git(folder, "tag", tag)


def described(folder: Path) -> str:
    return git(folder, "describe", "--tags", "--dirty")


def copy(files: ProjectFiles, place: Path) -> Path:
    shutil.rmtree(place, ignore_errors=True)
    folder, found = files.copy(place)
    assert found == files.hash()
    return folder


@pytest.fixture
def mono(tmp_path: Path) -> Path:
    """A repository with a project in one of its folders; the project asks for its version."""
    top = tmp_path / "mono"
    commit(top, {"app/pyproject.toml": SCM, "app/build/x.py": "", "other/big.c": "x"}, "v1")
    return top


def test_a_copy_answers_gits_questions_as_the_original_does(mono: Path, tmp_path: Path) -> None:
    folder = copy(find(mono / "app"), tmp_path / "copy")
    assert described(folder) == "v1"
    assert git(folder, "ls-files") == git(mono / "app", "ls-files")
    assert not (tmp_path / "copy/other").exists()
    write(mono, {"other/big.c": "changed"})
    assert described(copy(find(mono / "app"), tmp_path / "copy")) == "v1-dirty"


def test_a_build_that_commits_and_tags_does_not_change_the_original(mono: Path, tmp_path: Path) -> None:
    before = git(mono, "rev-parse", "HEAD")
    commit(copy(find(mono / "app"), tmp_path / "copy"), {"new.py": ""}, "v9")
    assert (git(mono, "rev-parse", "HEAD"), git(mono, "tag")) == (before, "v1")


@pytest.mark.parametrize("what", ["tag", "commit", "dirty", "add"])
def test_a_project_that_asks_git_changes_with_what_git_says(mono: Path, what: str) -> None:
    write(mono, {"app/untracked.py": ""})
    before = find(mono / "app").hash()
    if what == "tag":
        git(mono, "tag", "v2")
    elif what == "commit":
        git(mono, "commit", "-q", "--allow-empty", "-m", "y")
    elif what == "dirty":
        write(mono, {"other/big.c": "changed"})
    else:
        git(mono, "add", "app/untracked.py")
    assert find(mono / "app").hash() != before


def test_a_project_that_does_not_ask_git_changes_with_its_files_alone(mono: Path, tmp_path: Path) -> None:
    write(mono, {"app/pyproject.toml": '[project.urls]\nsource = "https://github.com/x/y.git"\n'})
    before = find(mono / "app").hash()
    git(mono, "tag", "v2")
    assert find(mono / "app").hash() == before
    assert not (copy(find(mono / "app"), tmp_path / "copy") / ".git").exists()


@pytest.mark.slow
def test_a_submodule_and_another_working_tree_answer_too(mono: Path, tmp_path: Path) -> None:
    commit(tmp_path / "lib", {"setup.py": "use_scm_version"}, "v7")
    git(mono, "submodule", "add", "-q", str(tmp_path / "lib"), "sub")
    git(mono / "sub", "fetch", "-q", "--tags")
    assert (mono / "sub/.git").is_file()
    assert described(copy(find(mono / "sub"), tmp_path / "copy")) == "v7"
    git(mono, "worktree", "add", "-q", str(tmp_path / "tree"), "v1")
    assert described(copy(find(tmp_path / "tree/app"), tmp_path / "copy")) == "v1"


def test_a_link_to_a_folder_of_the_repository_makes_nothing_dirty(mono: Path, tmp_path: Path) -> None:
    (mono / "app/data").symlink_to("../other")
    git(mono, "add", ".")
    git(mono, "commit", "-qm", "y")
    git(mono, "tag", "v3")
    folder = copy(find(mono / "app"), tmp_path / "copy")
    assert (folder / "data/big.c").read_text() == "x"
    assert described(folder) == "v3"
