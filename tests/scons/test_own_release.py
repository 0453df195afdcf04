"""A release file of the user's own, as a build sees it."""

from __future__ import annotations

import hashlib

import pytest

from tests.conftest import CONFIGURE, REPOSITORY, Project, pack


def write_release(project: Project, libraries: str) -> str:
    (project.folder / "our.toml").write_text(f'version = "3.13.5"\n[libraries]\n{libraries}\n')
    return "python=./our.toml"


def add_older(project: Project) -> str:
    """hello 0.9 is beside the project, and the recipe knows the differences. Returns its SHA-256."""
    data = pack("hello-0.9", {"configure": CONFIGURE, "code.c": "int older(void){return 9;}\n"})
    (project.folder / "hello-0.9.tar.gz").write_bytes(data)
    project.add("hello", options="others={'0.8': dict(environment={'NAME': 'hello', 'OLD': '1'})}")
    return hashlib.sha256(data).hexdigest()


def test_a_library_is_built_in_the_version_and_from_the_file_that_the_release_names(project: Project) -> None:
    sha256 = add_older(project)
    source = f'{{ file = "hello-0.9.tar.gz", sha256 = "{sha256}" }}'
    output = project.scons(write_release(project, f'hello = {{ version = "0.9", sources = [{source}] }}'))
    assert "hello 0.9" in output
    assert (project.folder / "build/rv1126/stages/hello-0.9.tar.zst").is_file()
    assert not project.stage("hello").exists()


def test_a_file_with_another_hash_is_told_with_both(project: Project) -> None:
    sha256 = add_older(project)
    source = f'{{ file = "hello-0.9.tar.gz", sha256 = "{"0" * 64}" }}'
    release = write_release(project, f'hello = {{ version = "0.9", sources = [{source}] }}')
    output = project.scons(release, code=2)
    assert f"SHA-256 {'0' * 64}" in output and sha256 in output and "hello-0.9.tar.gz" in output


def test_a_version_that_the_recipe_does_not_know_is_told_with_those_it_knows(project: Project) -> None:
    add_older(project)
    output = project.scons(write_release(project, 'hello = "0.7"'), code=2)
    assert "hello 0.7: no source is known for this version" in output
    assert "one of 1.0, 0.8" in output


@pytest.mark.parametrize(
    ("libraries", "told"),
    [
        ('opensll = "3.5.7"', "did you mean openssl?"),
        ('openssl = "1.0.2u"', "openssl 1.0.2u does not work with Python 3.13.5, which needs 1.1.1 or 3"),
    ],
)
def test_a_library_that_there_is_none_of_or_that_does_not_fit_is_told(
    project: Project, libraries: str, told: str
) -> None:
    release = write_release(project, libraries).replace("./", f"{project.folder}/")
    (project.folder / "SConstruct").write_text((REPOSITORY / "SConstruct").read_text())
    (project.folder / "components").symlink_to(REPOSITORY / "components")
    (project.folder / "site_scons").symlink_to(REPOSITORY / "site_scons")
    assert told in project.scons("-n", release, code=2)
