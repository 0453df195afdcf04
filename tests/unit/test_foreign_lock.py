"""A pylock.toml that another tool wrote: what of it a board gets, and what cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest
from crosspython.errors import ConfigurationError
from crosspython.wheels.commits import Commit
from crosspython.wheels.resolving.foreign_lock import read_foreign_lock
from crosspython.wheels.resolving.platform import Platform
from crosspython.wheels.resolving.pylock import is_foreign

BOARD = Platform("armv7l", "glibc", "3.13.5", "hard")
HASH = "0" * 64
HEAD = 'lock-version = "1.0"\ncreated-by = "uv"\n'
WHEEL = '[[packages.wheels]]\nurl = "https://host.invalid/{}"\nhashes = {{ sha256 = "{}" }}\n'

VCS = """\
[[packages]]
name = "v"
vcs = {{ type = "{}", url = "https://host.invalid/v", commit-id = "{}", subdirectory = "lib" }}
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "pylock.toml"
    path.write_text(HEAD + text)
    return path


def package(name: str, more: str = "", *wheels: str) -> str:
    files = "".join(WHEEL.format(wheel, HASH) for wheel in wheels or (f"{name}-1.0-py3-none-any.whl",))
    return f'[[packages]]\nname = "{name}"\nversion = "1.0"\n{more}{files}'


def test_packages_come_with_all_their_wheels_and_edges(tmp_path: Path) -> None:
    text = package(
        "top", 'dependencies = [{ name = "below" }]\n', "top-1.0-py3-none-any.whl", "top-1.0-cp313-cp313-win32.whl"
    )
    found = read_foreign_lock(write(tmp_path, text + package("below")), BOARD)
    assert [(each.name, each.version, each.depends) for each in found] == [
        ("top", "1.0", ("below",)),
        ("below", "1.0", ()),
    ]
    assert [file.name for file in found[0].wheels] == ["top-1.0-py3-none-any.whl", "top-1.0-cp313-cp313-win32.whl"]
    assert found[0].wheels[0].url == "https://host.invalid/top-1.0-py3-none-any.whl"


@pytest.mark.parametrize(
    ("marker", "is_there"),
    [
        ("platform_machine == 'armv7l'", True),
        ("platform_machine == 'x86_64'", False),
        ("python_full_version < '3.13'", False),
        ("'dev' in dependency_groups", False),
    ],
)
def test_markers_are_the_boards(tmp_path: Path, marker: str, is_there: bool) -> None:
    lock = write(tmp_path, 'dependency-groups = ["dev"]\n' + package("top", f'marker = "{marker}"\n'))
    assert bool(read_foreign_lock(lock, BOARD)) is is_there


def test_local_projects_and_archives_lie_beside_the_lock(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app/pyproject.toml").write_text('[project]\nname = "app"\nversion = "3"\n')
    text = '[[packages]]\nname = "app"\ndirectory = { path = "app" }\n'
    text += '[[packages]]\nname = "a"\nversion = "1"\n'
    text += f'archive = {{ path = "in/a-1.tar.gz", hashes = {{ sha256 = "{HASH}" }} }}\n'
    app, archive = read_foreign_lock(write(tmp_path, text), BOARD)
    assert (app.folder, app.version) == (tmp_path / "app", "3")
    assert archive.sdist is not None
    assert (archive.sdist.name, archive.sdist.path) == ("a-1.tar.gz", tmp_path / "in/a-1.tar.gz")


def test_a_commit_of_a_repository_is_taken(tmp_path: Path) -> None:
    (found,) = read_foreign_lock(write(tmp_path, VCS.format("git", "0" * 40)), BOARD)
    assert found.commit == Commit("https://host.invalid/v", "0" * 40, "lib")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("packages = 1\n", "packages"),
        ('requires-python = ">=3.14"\n' + package("top"), "3.13.5"),
        ("environments = [\"sys_platform == 'win32'\"]\n" + package("top"), "environment"),
        (package("top", "", "top-1.0-cp313-cp313-win32.whl"), "top"),
        (package("top").replace("sha256", "sha512"), "without a SHA-256"),
        (VCS.format("git", "1"), "'1' may be another commit tomorrow"),
        (VCS.format("hg", "0" * 40), "only git is read, and this is hg"),
    ],
)
def test_what_cannot_be_used_is_told(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_foreign_lock(write(tmp_path, text), BOARD)
    assert says in str(caught.value)


def test_a_lock_of_ours_is_not_foreign(tmp_path: Path) -> None:
    assert is_foreign(write(tmp_path, "packages = []\n"))
    assert not is_foreign(write(tmp_path, "packages = []\n[tool.crosspython]\n"))
    assert not is_foreign(tmp_path / "absent.toml")
