"""Overrides: those of crosspython are correct, and mistakes in one are reported all at once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from crosspython.errors import ConfigurationError
from crosspython.wheels.known.overrides import (
    SHIPPED,
    find_override,
    read_override,
    stated_dependencies,
    with_library,
    write_override,
)
from crosspython.wheels.model import Override


def test_every_shipped_override_can_be_read() -> None:
    for file in SHIPPED.glob("*.toml"):
        assert read_override(file).reason


def test_a_package_without_one_needs_nothing() -> None:
    assert find_override("Some.Package").name == "some-package"
    assert find_override("Some.Package").libraries == ()


def test_a_users_own_comes_before_ours(tmp_path: Path) -> None:
    (tmp_path / "some-package.toml").write_text('reason = "mine"\nlibraries = ["libfoo"]\n')
    assert find_override("Some_Package", [tmp_path]).libraries == ("libfoo",)


def test_what_a_package_loads_when_it_runs_does_not_build_its_wheel_anew(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text('reason = "r"\nloads = ["libusb"]\n')
    override = read_override(tmp_path / "x.toml")
    assert override.loads == ("libusb",)
    assert override.facts() == Override("x").facts() | {"name": "x"}


def test_a_single_config_setting_may_be_a_string(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text('reason = "r"\n[config_settings]\na = "1"\nb = ["2", "3"]\n')
    assert read_override(tmp_path / "x.toml").config_settings == {"a": ("1",), "b": ("2", "3")}


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(
        'librarys = ["a"]\nimports = "a"\nengine = "magic"\nminutes = 0\ndependencies = ["a b"]\n'
        "[environment]\nA = 1\n[config_settings]\nb = 2\n"
    )
    with pytest.raises(ConfigurationError) as caught:
        read_override(tmp_path / "x.toml")
    told = "\n".join(caught.value.evidence)
    for word in (
        "line 1: librarys: no such key; did you mean libraries?",
        "reason: missing, expected a sentence that says why",
        "line 2: imports: expected a list of strings; found 'a'; write ['a']",
        "line 3: engine: expected cross or emulated; found 'magic'",
        "line 4: minutes: expected a number above 0; found 0",
        "line 5: dependencies[0]: expected a requirement such as \"numpy>=1.24\"; found 'a b'",
        "line 7: environment.A: expected a string; found 1",
        "line 9: config_settings.b: expected a string or a list of strings; found 2",
    ):
        assert word in told
    assert len(caught.value.evidence) == 8


def test_a_reason_that_says_nothing_and_a_switch_for_a_number_are_told(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text('reason = " "\nminutes = true\ndependencies = [3]\n')
    with pytest.raises(ConfigurationError) as caught:
        read_override(tmp_path / "x.toml")
    assert [line.partition(":")[0] for line in caught.value.evidence] == ["line 1", "line 2", "line 3"]


def test_dependencies_that_are_no_list_are_told(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text('reason = "r"\ndependencies = 3\n')
    with pytest.raises(ConfigurationError, match="line 2: dependencies: expected a list of strings"):
        read_override(tmp_path / "x.toml")


def test_broken_toml_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text("reason = \n")
    with pytest.raises(ConfigurationError, match=r"x\.toml"):
        read_override(tmp_path / "x.toml")


def test_what_a_package_needs_is_stated_by_the_first_override_of_it(tmp_path: Path) -> None:
    for folder, needs in ("mine", '["below>=1"]'), ("theirs", "[]"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "some-package.toml").write_text(f'reason = "r"\ndependencies = {needs}\n')
    (tmp_path / "theirs/other.toml").write_text('reason = "r"\ndependencies = []\n')
    (tmp_path / "mine/silent.toml").write_text('reason = "r"\n')
    stated = stated_dependencies([tmp_path / "mine", tmp_path / "theirs"])
    assert {name: stated[name] for name in stated if name not in stated_dependencies()} == {
        "some-package": ("below>=1",),
        "other": (),
    }


def test_an_override_that_nobody_would_look_for_is_told(tmp_path: Path) -> None:
    (tmp_path / "Some_Package.toml").write_text('reason = "r"\n')
    with pytest.raises(ConfigurationError, match=r"some-package\.toml"):
        stated_dependencies([tmp_path])


def test_what_only_the_check_reads_does_not_make_a_wheel_anew() -> None:
    facts = Override("toy", reason="r", imports=("toy",), not_importable={"toy.a": "b"}).facts()
    assert facts == Override("toy").facts()
    assert facts != Override("toy", libraries=("libfoo",)).facts()


def test_an_override_with_one_more_library_is_otherwise_the_same(tmp_path: Path) -> None:
    file = tmp_path / "python-prctl.toml"
    file.write_text(write_override(with_library(find_override("python-prctl"), "libfoo")))
    found, shipped = read_override(file), find_override("python-prctl")
    assert found.libraries == (*shipped.libraries, "libfoo")
    assert replace(found, libraries=()) == replace(shipped, libraries=())
