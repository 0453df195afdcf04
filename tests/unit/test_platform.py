"""The facts about a board's Python, without running it."""

from __future__ import annotations

from pathlib import Path

import pytest
from crosspython.builders.settings import COMPONENTS
from crosspython.recipes.release import read_release
from crosspython.targets import load_target, target_names
from crosspython.targets.libc import Libc
from crosspython.wheels.resolving.platform import Platform
from packaging.markers import Marker


@pytest.mark.parametrize("name", target_names())
def test_every_target_has_one(name: str) -> None:
    platform = Platform.of(load_target(name, Path("/")), read_release(COMPONENTS / "cpython", "3.13"))
    assert platform.machine == platform.markers()["platform_machine"]
    assert any(tag.platform == f"linux_{platform.machine}" for tag in platform.tags(Libc("glibc", "2.31")))


def test_it_is_a_marker_that_only_this_board_fulfils() -> None:
    platform = Platform("armv7l", "glibc", "3.13.5", "hard")
    marker = Marker(platform.as_marker())
    assert marker.evaluate(platform.markers())
    for other in (Platform("aarch64", "glibc", "3.13.5"), Platform("armv7l", "glibc", "3.13.6", "hard")):
        assert not marker.evaluate(other.markers())


def test_better_tags_have_lower_ranks() -> None:
    ranks = Platform("armv7l", "glibc", "3.13.5", "hard").tags(Libc("glibc", "2.31"))
    names = [str(tag) for tag, _ in sorted(ranks.items(), key=lambda item: item[1])]
    assert names[0] == "cp313-cp313-linux_armv7l"
    assert names.index("cp39-abi3-linux_armv7l") < names.index("py3-none-any")


def test_a_python_without_the_gil_answers_markers_as_any_of_its_number() -> None:
    release = read_release(COMPONENTS / "cpython", "3.13t")
    platform = Platform.of(load_target("rv1126", Path("/")), release)
    assert platform.markers()["python_full_version"] == "3.13.5"
    ranks = platform.tags()
    assert str(min(ranks, key=lambda tag: ranks[tag])) == "cp313-cp313t-linux_armv7l"
