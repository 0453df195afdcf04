"""The wheelhouse contains the wheels of this request, and those that the reports of other Pythons name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from crosspython.errors import ArchiveError
from crosspython.wheels.house.report import (
    files_of_house,
    find_strays,
    is_whole,
    read_report,
    report_file,
    reports_of_house,
    wheels_in_house,
    wheels_named,
    write_wheel_report,
)
from crosspython.wheels.house.wheelhouse import fill_wheelhouse
from crosspython.wheels.model import WheelReport

from tests.unit.made_packages import add_wheel


class House:
    """A wheelhouse, and wheels in the making under names without tags."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.place = folder, folder / "wheels"

    def fill(self, series: str, *names: str, missing: tuple[str, ...] = ()) -> set[str]:
        made = {}
        for name in names:
            wheel = add_wheel(self.folder, name)
            product = wheel.rename(self.folder / f"{name}-1.0-cp{series.replace('.', '')}.whl")
            made[product] = WheelReport(name, "1.0", wheel.name, ("py3-none-any",), "ready")
        fill_wheelhouse(self.place, series, made, {"python": series}, 64, missing)
        return {path.name.partition("-")[0] for path in self.place.glob("*.whl")}


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_what_is_no_longer_asked_for_goes(house: House) -> None:
    house.fill("3.13", "a", "b")
    assert house.fill("3.13", "b") == {"b"}
    assert not (house.place / "simple" / "a").exists()


def test_what_another_python_has_stays(house: House) -> None:
    house.fill("3.11", "a", "b")
    assert house.fill("3.13", "b", "c") == {"a", "b", "c"}
    assert house.fill("3.13") == {"a", "b"}


def test_a_wheel_of_somebody_elses_is_left_alone_and_not_indexed(house: House) -> None:
    house.place.mkdir()
    theirs = [add_wheel(house.place, "theirs"), house.place / "damaged.whl"]
    theirs[1].touch()
    assert house.fill("3.13", "a") == {"a", "theirs", "damaged.whl"}
    assert find_strays(house.place) == sorted(theirs)
    assert [path.name for path in (house.place / "simple").iterdir() if path.is_dir()] == ["a"]
    assert [path.name for path in house.place.glob("*.metadata")] == ["a-1.0-py3-none-any.whl.metadata"]


def test_an_unchanged_wheel_is_not_written_again(house: House) -> None:
    house.fill("3.13", "a")
    before = (house.place / "a-1.0-py3-none-any.whl").stat().st_ino
    house.fill("3.13", "a")
    assert (house.place / "a-1.0-py3-none-any.whl").stat().st_ino == before


def test_what_could_not_be_made_stands_in_the_report(house: House) -> None:
    house.fill("3.13", "a", missing=("b 2.0",))
    report = json.loads(report_file(house.place, "3.13").read_text())
    assert report["missing"] == ["b 2.0"]
    assert [wheel["filename"] for wheel in report["wheels"]] == ["a-1.0-py3-none-any.whl"]


def test_a_damaged_report_names_nothing(house: House) -> None:
    house.fill("3.13", "a")
    report_file(house.place, "3.13").write_text("{")
    assert house.fill("3.13", "b") == {"a", "b"}


def test_a_report_is_read_as_it_was_written(tmp_path: Path) -> None:
    report = WheelReport("a", "1", "a.whl", ("t",), "cross", ("a._b",), ("libz.so.1",), "GLIBC_2.4", 1.5, 2.5, ("r",))
    write_wheel_report(report, tmp_path / "a.json")
    assert read_report(tmp_path / "a.json") == report


@pytest.mark.parametrize("text", ["", "[]", '{"name": "a"}'])
def test_a_file_that_is_no_report_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(ArchiveError, match="not the report"):
        read_report(tmp_path / "a.json")


@pytest.mark.parametrize("text", [None, "{", "[]", '{"wheels": [{}], "missing": []}', '{"wheels": 1, "missing": []}'])
def test_a_damaged_report_of_a_wheelhouse_names_nothing_and_is_told(house: House, text: str | None) -> None:
    house.fill("3.13", "a")
    report = report_file(house.place, "3.13")
    if text is None:
        report.unlink()
    else:
        report.write_text(text)
    assert wheels_named(report) == set() and reports_of_house(house.place, "3.13") == ()
    assert not is_whole(house.place, "3.13") and files_of_house(house.place, "3.13") == []
    with pytest.raises(ArchiveError, match="not the report of a wheelhouse"):
        wheels_in_house(report)


def test_a_wheelhouse_is_whole_while_all_that_was_made_lies_there(house: House) -> None:
    house.fill("3.13", "a", "b")
    assert is_whole(house.place, "3.13")
    assert {path.name for path in wheels_in_house(report_file(house.place, "3.13"))} == {
        "a-1.0-py3-none-any.whl",
        "b-1.0-py3-none-any.whl",
    }
    (house.place / "a-1.0-py3-none-any.whl").unlink()
    assert not is_whole(house.place, "3.13")
    house.fill("3.13", "a", missing=("b 1.0",))
    assert not is_whole(house.place, "3.13")
