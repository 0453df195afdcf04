"""Wheels that are named by their files: what their METADATA says is told before anything is resolved."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from crosspython.errors import ConfigurationError, DamagedPackagesError
from crosspython.wheels.resolving.given_wheels import find_problems, require_usable
from crosspython.wheels.resolving.platform import Platform
from crosspython.wheels.resolving.projects import Project

from tests.unit.made_wheel import make_wheel

BOARD = Platform("armv7l", "glibc", "3.13.5", "hard")


def given(folder: Path, filename: str = "toy-1.0-py3-none-any.whl", *metadata: str, **said: str) -> list[Project]:
    return [Project("toy", make_wheel(folder, filename, {}, metadata=metadata, **said))]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("filename", "said"),
    [
        ("toy-1.0-py3-none-any.whl", {}),
        ("toy-1.0.0-py3-none-any.whl", {"version": "1.0"}),
        ("toy-1.0-1-py3-none-any.whl", {"name": "Toy"}),
        ("toy_x-1.0-py3-none-any.whl", {"name": "toy.x"}),
    ],
)
def test_a_wheel_that_is_what_its_name_says_is_taken(tmp_path: Path, filename: str, said: dict[str, str]) -> None:
    require_usable(given(tmp_path, filename, **said), BOARD)


@pytest.mark.parametrize("said", [{"name": "other"}, {"version": "2.0"}, {"version": "1.0+local"}])
def test_a_wheel_of_another_name_or_version_is_damaged(tmp_path: Path, said: dict[str, str]) -> None:
    with pytest.raises(DamagedPackagesError, match=r"toy-1\.0-py3-none-any\.whl is damaged") as caught:
        require_usable(given(tmp_path, **said), BOARD)
    assert " ".join(["METADATA: is of", said.get("name", "toy"), said.get("version", "1.0")]) in str(caught.value)
    assert caught.value.packages == ("toy",)


@pytest.mark.parametrize(("python", "fits"), [(">=3.9", True), ("<3", False), (">=2.7,<3.12", False), ("any", True)])
def test_a_wheel_for_other_pythons_is_told_before_anything_is_resolved(tmp_path: Path, python: str, fits: bool) -> None:
    projects = given(tmp_path, "toy-1.0-py3-none-any.whl", f"Requires-Python: {python}")
    if fits:
        require_usable(projects, BOARD)
        return
    with pytest.raises(ConfigurationError, match="does not support this Python") as caught:
        require_usable(projects, BOARD)
    assert caught.value.evidence == (f"toy-1.0-py3-none-any.whl needs Python {python}",)


@pytest.mark.parametrize("content", ["", "no zip archive"])
def test_what_is_no_archive_is_told_by_others(tmp_path: Path, content: str) -> None:
    (tmp_path / "toy-1.0-py3-none-any.whl").write_text(content)
    require_usable([Project("toy", tmp_path / "toy-1.0-py3-none-any.whl")], BOARD)
    assert find_problems(tmp_path / "toy-1.0-py3-none-any.whl") == []


@pytest.mark.parametrize(
    ("metadata", "said", "says"),
    [
        (("Requires-Dist: six >>= 1",), {}, "METADATA: Requires-Dist: six >>= 1: "),
        (("Requires-Python: three",), {}, "METADATA: Requires-Python: three: "),
        ((), {"version": "one"}, "METADATA: Version: one: "),
    ],
)
def test_what_no_installer_reads_is_named(
    tmp_path: Path, metadata: Sequence[str], said: dict[str, str], says: str
) -> None:
    [project] = given(tmp_path, "toy-1.0-py3-none-any.whl", *metadata, **said)
    [problem] = find_problems(project.path)
    assert problem.startswith(says)


@pytest.mark.parametrize("line", ["Requires-Dist: six", "Requires-Python: >=3.6.*"])
def test_what_uv_reads_is_no_problem(tmp_path: Path, line: str) -> None:
    [project] = given(tmp_path, "toy-1.0-py3-none-any.whl", line)
    assert find_problems(project.path) == []
