"""The requirements of finished wheels are compared with the wheelhouse, as the board's pip does."""

from __future__ import annotations

from pathlib import Path

import pytest
from crosspython.wheels.repairing.archive import lay_out_wheel
from crosspython.wheels.repairing.metadata import name_packages_only
from crosspython.wheels.requirements import read_requirements
from crosspython.wheels.resolving.needs import Needs, find_differences, read_needs
from crosspython.wheels.resolving.platform import Platform
from packaging.requirements import Requirement

from tests.unit.made_packages import add_wheel

BOARD = Platform("armv7l", "glibc", "3.13.5", "hard").markers()


def told(asked: list[str], **wheels: Needs) -> list[str]:
    return [each.text for each in find_differences(map(Requirement, asked), wheels, BOARD)]


def needs(version: str, *texts: str, python: str = "") -> Needs:
    requires, unreadable = read_requirements(texts)
    return Needs(version, requires, python=python, unreadable=unreadable)


def test_a_wheel_says_what_it_needs(tmp_path: Path) -> None:
    wheel = add_wheel(tmp_path, "top", "1.2", needs=["six>=1", "idna; extra == 'x'"], python=">=3.9")
    found = read_needs(wheel)
    assert found == needs("1.2", "six>=1", "idna; extra == 'x'", python=">=3.9")


@pytest.mark.parametrize(
    ("need", "says"),
    [
        ("six", []),
        ("six<2", []),
        ("Six>=2", ["top needs Six>=2, and the wheel is of 1.16"]),
        ("absent>1", ["top needs absent>1, and there is no wheel of it"]),
        ("absent; platform_machine == 'x86_64'", []),
        ("absent; platform_machine == 'armv7l'", ["top needs absent, and there is no wheel of it"]),
        ("absent; extra == 'more'", []),
        ("absent @ file:///home/me/absent", ["top needs absent from file:///home/me/absent, which no board has"]),
        (
            "six @ https://me:secret@host.invalid/six-1.16-py3-none-any.whl",
            ["top needs six from https://***@host.invalid/six-1.16-py3-none-any.whl, and not from the wheelhouse"],
        ),
        ("six[more]", ["six needs deep, and there is no wheel of it"]),
        ("old", ["top needs old, and its wheel is for Python <3.13"]),
        ("not a requirement!", ["not a requirement!: no requirement"]),
    ],
)
def test_a_wheel_that_needs_what_is_not_there_is_told(need: str, says: list[str]) -> None:
    six = needs("1.16", "deep; extra == 'more'")
    assert told(["top"], top=needs("1", need), six=six, old=needs("1", python="<3.13")) == says


def test_a_wheel_for_other_pythons_is_told_apart_from_one_that_is_not_there() -> None:
    """To resolve again would not help."""
    wheels = {"top": needs("1", "old", "absent"), "old": needs("1", python="<3.13")}
    assert [each.unfit for each in find_differences([Requirement("top")], wheels, BOARD)] == ["old", ""]


def test_extras_that_were_asked_for_count(tmp_path: Path) -> None:
    top = needs("1", "absent; extra == 'more'", "idna")
    assert told(["top[more]"], top=top, idna=needs("3")) == ["top needs absent, and there is no wheel of it"]


def test_what_was_asked_for_itself_is_told(tmp_path: Path) -> None:
    assert told(["top>2", "gone; python_version < '3'"], top=needs("1")) == [
        "pkgs= asks for top>2, and the wheel is of 1"
    ]


def test_packages_that_need_each_other_come_to_an_end() -> None:
    assert told(["a"], a=needs("1", "b"), b=needs("1", "a")) == []


def test_what_was_asked_for_by_its_address_is_in_the_wheelhouse() -> None:
    assert told(["top @ https://host.invalid/top-1.tar.gz"], top=needs("1")) == []


def test_prereleases_that_were_locked_are_taken() -> None:
    assert told(["top"], top=needs("1", "below>=1"), below=needs("2.0rc1")) == []


def test_places_of_this_machine_become_names(tmp_path: Path) -> None:
    needs = ["lib @ file:///home/me/lib", "far[x] @ https://host.invalid/far-1.zip ; extra == 'y'", "six>=1"]
    tree = lay_out_wheel(add_wheel(tmp_path, "top", needs=needs), tmp_path / "tree", "3.13")
    remarks = name_packages_only(tree)
    assert tree.metadata.get_all("Requires-Dist") == ["lib", 'far[x]; extra == "y"', "six>=1"]
    assert len(remarks) == 2
    assert "file:///home/me/lib" in remarks[0]
    assert name_packages_only(tree) == []


def test_a_package_whose_wheel_was_not_made_yet_is_no_difference() -> None:
    top = needs("1", "late>=2", "absent", "late @ file:///home/me/late")
    found = find_differences(map(Requirement, ["top", "late"]), {"top": top}, BOARD, ["late"])
    assert [each.text for each in found] == [
        "top needs absent, and there is no wheel of it",
        "top needs late from file:///home/me/late, which no board has",
    ]
